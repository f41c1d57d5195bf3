"""What stands against erasing, and what comparing two journals can come to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from common.errors import Fault, Refusal, TemporaryFault


@dataclass(frozen=True, slots=True)
class Difference:
    """How two nodes' journals of one link relate. `parts_at`: the first seal where they differ (0: nowhere); `ours` and
    `theirs`: how far each goes. `lost`: the end that has less than it once said to have ("here", "there"), if any."""

    link: str
    ours: int
    theirs: int
    parts_at: int
    lost: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


class RequestStillOpen(Refusal):
    """Personal data is still needed: the request has not ended."""

    en = "Request {request_id} has not ended at this node; its personal data is erased when it has."
    zh = "请求 {request_id} 在本节点尚未结束，结束后方可删除其个人信息。"


class BatchNotDelivered(Refusal):
    """The peer has not acknowledged the batch yet: it must get it as it was signed."""

    en = "Batch {seal_number} of link {link} is not acknowledged by the peer yet. Try again when the link is open."
    zh = "链路 {link} 的第 {seal_number} 号批次尚未被对端确认，请在链路恢复后重试。"


class MalformedComparison(Refusal):
    """Nothing can be compared by such a question."""

    en = "A question about a journal names a link such as 31>00 and at most {seals} seals in {groups} groups."
    zh = "日志比对须指明链路（如 31>00），每次至多 {seals} 个签封、{groups} 组。"


class LinkNotOfBoth(Refusal):
    """A node is told only about the links that it is an end of."""

    en = "Link {link} is not one between node {asking} and this node."
    zh = "链路 {link} 不是节点 {asking} 与本节点之间的链路。"


class ComparisonBusy(TemporaryFault):
    """Enough questions wait already."""

    en = "This node is comparing its journals already. Try again in a minute."
    zh = "本节点正在比对日志，请稍后重试。"


class PeerAway(TemporaryFault):
    """The other end cannot be asked now."""

    en = (
        "Node {node} does not answer at the moment ({detail}). Try again when the link is open, or have its operator "
        "write a digest file (`journal digest`) and compare with that."
    )
    zh = (
        "节点 {node} 暂无应答（{detail}）。请在链路恢复后重试，或请对方运维人员生成摘要文件（`journal digest`）后比对。"
    )


class PeerRefused(Refusal):
    """The other end says no; `reason_code` is its own."""

    en = "Node {node} refuses to compare ({reason_code}): {detail}"
    zh = "节点 {node} 拒绝比对（{reason_code}）：{detail}"


class PeerAnswerUnfit(Fault):
    """What the other end says cannot be an answer."""

    en = (
        "What node {node} answered is no answer to what was asked ({detail}); it proves nothing. Compare with a digest "
        "file of it (`journal digest`), and have its operators look."
    )
    zh = (
        "节点 {node} 的应答与所问不符（{detail}），不能作为依据。"
        "请使用其摘要文件（`journal digest`）比对，并请其运维人员检查。"
    )


class ComparisonNotPermitted(Refusal):
    """Somebody asks who is no node of the federation, or not any more."""

    en = "The certificate does not say that node {node} may ask this."
    zh = "该证书不能证明节点 {node} 有权进行此查询。"

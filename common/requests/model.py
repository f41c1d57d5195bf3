"""Service requests and their legs, as the asking node sees them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from common.errors import Fault, Refusal
from common.ids import leg_id, parse_id
from common.requests.leg_states import (
    ASKED_LEG,
    CANCELLED,
    COMPLETED,
    EXPIRED,
    HUB,
    NONE,
    OPERATOR,
    OVERDUE,
    REJECTED,
    SUBMITTED,
)


class NoDestination(Refusal):
    """A request must go somewhere."""

    en = "Name at least one destination, or a region."
    zh = "请至少指定一个目的省，或指定一个区域。"


class DestinationsAndRegion(Refusal):
    """A region is expanded by the directory, and the header says so: other nodes cannot be put beside it."""

    en = "Name nodes or a region, not both: ask the nodes beyond the region in a request of their own."
    zh = "请指定节点或区域，不能同时指定；区域以外的节点请另行提交请求。"


class TooManyDestinations(Refusal):
    """More legs than one request may have."""

    en = "A request may have at most {most} destinations; this one has {count}."
    zh = "一个请求最多 {most} 个目的省，本请求有 {count} 个。"


class UnknownDestination(Refusal):
    """The directory does not name this node, or it may not be asked."""

    en = "The directory (version {version}) has no active province {destination}."
    zh = "目录（版本 {version}）中没有启用的省节点 {destination}。"
    mend_en = "Ask a province; HQ (00) relays and serves no requests. Active provinces: {known}."
    mend_zh = "请向省节点提交；总部（00）只转发请求，不受理请求。启用的省节点：{known}。"


class UnknownRegion(Refusal):
    """The directory does not name this region."""

    en = "The directory (version {version}) has no region named {region}. Its regions: {known}."
    zh = "目录（版本 {version}）中没有名为 {region} 的区域。现有区域：{known}。"


class RegionEmpty(Refusal):
    """No province of the region takes part at present."""

    en = "The region {region} has no active province in the directory (version {version}). Of the region: {members}."
    zh = "目录（版本 {version}）中区域 {region} 目前没有在网的省。该区域包括：{members}。"


class NotAskedThere(Refusal):
    """A leg is named that the request does not have."""

    en = "The request {request_id} did not go to {destination}; it went to: {asked}."
    zh = "请求 {request_id} 未发往 {destination}，其目的节点为：{asked}。"


class InteractionUnfit(Refusal):
    """What should name an interaction does not."""

    code = "MALFORMED_INTERACTION"
    en = "{given} names no interaction: use a UUID, a new one for each interaction with a customer."
    zh = "{given} 不是有效的交互编号：请使用 UUID，每次与客户的交互使用新的编号。"


def require_interaction(written: str) -> None:
    """Raises InteractionUnfit unless it is a UUID, or empty."""
    try:
        if written:
            parse_id(written)
    except ValueError:
        raise InteractionUnfit(given=repr(written[:40])) from None


class UnknownAuthentication(Refusal):
    """The protocol has no such way to authenticate a customer."""

    en = "There is no way to authenticate a customer named {given}. Known: {known}."
    zh = "没有名为 {given} 的客户验证方式。可用：{known}。"


class TimeToLiveTooLong(Refusal):
    """Longer than the limit, or not a positive time."""

    en = "The time to live must be between 1 and {most} ms; {given} was given."
    zh = "时限必须在 1 至 {most} 毫秒之间，给定值为 {given}。"


class IdempotencyKeyReused(Refusal):
    """The key was used for another request."""

    en = "The idempotency key {key} was already used for another request ({request_id})."
    zh = "幂等键 {key} 已用于另一个请求（{request_id}）。"


class RequestNotFound(Refusal):
    """No such request at this node."""

    en = "There is no request {request_id} at this node."
    zh = "本节点没有请求 {request_id}。"


class UnknownState(Refusal):
    """A list was asked for what no state is called."""

    en = "There is no state {given}. States: {known}."
    zh = "不存在状态 {given}。可用状态：{known}。"


class RequestAlreadyEnded(Refusal):
    """Nothing is left to cancel."""

    en = "Request {request_id} has already ended: there is nothing to cancel."
    zh = "请求 {request_id} 已结束，无可取消的内容。"


class QueueFull(Refusal):
    """Too much waits already to be sent."""

    en = "{count} requests already wait to be sent to HQ; no more are taken until it is reachable again."
    zh = "已有 {count} 个请求等待发送至总部，恢复连接前不再受理新请求。"


class AnswerNotBound(Fault):
    """An answer does not fit the request that it claims to answer."""

    en = "The answer does not fit its request: {detail}."
    zh = "应答与其请求不符：{detail}。"


@dataclass(slots=True)
class AskedLeg:
    """One request at one destination. Times are microseconds, 0 where it has not happened.

    Times beginning with `hub_` and `home_` were read off those nodes' clocks.
    """

    leg_id: bytes
    request_id: bytes
    destination: str
    state: str = NONE
    message_id: bytes = b""
    request_digest: bytes = b""
    submitted_at_us: int = 0
    stamped_at_us: int = 0
    hub_position: int = 0
    business_date: str = ""
    hub_admitted_at_us: int = 0
    hub_forwarded_at_us: int = 0
    hub_answered_at_us: int = 0
    home_received_at_us: int = 0
    home_answered_at_us: int = 0
    working_at_us: int = 0
    overdue_at_us: int = 0
    cancel_asked_at_us: int = 0
    ended_at_us: int = 0
    reason_code: str = ""
    answer: bytes = b""
    sealed_at_us: int = 0

    @classmethod
    def new(cls, request_id: bytes, origin: str, destination: str) -> AskedLeg:
        return cls(leg_id(request_id, origin, destination), request_id, destination)

    def submit(self, message_id: bytes, digest: bytes, now_us: int) -> None:
        """The request for this leg is on its way."""
        row = ASKED_LEG.row_for(self.state, "submit", OPERATOR, self)
        self.state = row.next_state(self.state, None)
        self.message_id, self.request_digest, self.submitted_at_us = message_id, digest, now_us

    def ask_cancel(self, now_us: int) -> bool:
        """Whether a Cancel is to be sent: not for the second time."""
        row = ASKED_LEG.row_for(self.state, "cancel", OPERATOR, self)
        if "Cancel" not in row.emits:
            return False
        self.cancel_asked_at_us = now_us
        return True

    def note_interim(self, now_us: int) -> None:
        """Home has begun and will answer later."""
        ASKED_LEG.row_for(self.state, "Interim", HUB, self)
        self.working_at_us = self.working_at_us or now_us

    def note_overdue(self, now_us: int) -> None:
        """The time limit has passed at the hub; the leg is not ended by that."""
        row = ASKED_LEG.row_for(self.state, "Overdue", HUB, self)
        self.state = row.next_state(self.state, None)
        self.overdue_at_us = self.overdue_at_us or now_us

    def end(self, outcome: str, reason_code: str, now_us: int) -> bool:
        """Takes the one end of the leg. Whether it is news; raises UnnamedTransition when another end is claimed."""
        row = ASKED_LEG.row_for(self.state, "Final", HUB, self, outcome)
        if not row.emits:
            return False
        self.state = row.next_state(self.state, outcome)
        self.reason_code, self.ended_at_us = reason_code, now_us
        return True


@dataclass(frozen=True, slots=True)
class ServiceRequest:
    """What one node asks of one or more others."""

    request_id: bytes
    kind: str
    created_at_us: int
    region: str
    legs: int
    time_to_live_ms: int
    operator: str
    organisation: str
    channel: str
    customer_authentication: str
    idempotency_key: str | None
    content_digest: bytes


def request_state(leg_states: Iterable[str]) -> str:
    """The state of a request, derived from its legs: the first that applies of overdue, submitted, and, when all have
    ended, the one end they share or `partly completed`, or else the gravest of rejected, expired, cancelled."""
    states = set(leg_states)
    for state in (OVERDUE, SUBMITTED):
        if state in states:
            return state
    if len(states) == 1:
        return states.pop()
    if COMPLETED in states:
        return "partly completed"
    return next((state for state in (REJECTED, EXPIRED, CANCELLED) if state in states), NONE)

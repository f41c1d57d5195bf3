"""What a verifier can find: stable codes, each with how grave it is and its words in English and Chinese."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

WRONG, MISSING, NOTE = "wrong", "missing", "note"
"""It contradicts what it claims; something is not there that a proof needs; worth knowing."""

FINDINGS: dict[str, tuple[str, str, str]] = {
    # The file
    "FILE_TOO_LARGE": (
        WRONG,
        "The file has {bytes} bytes; the limit is {bytes_max}.",
        "文件为 {bytes} 字节，超过上限 {bytes_max}。",
    ),
    "NOT_EVIDENCE": (WRONG, "This is not an evidence file.", "这不是证据文件。"),
    "FORMAT_UNKNOWN": (
        WRONG,
        "The file has a format that this release does not know.",
        "文件格式版本未知，请升级软件。",
    ),
    "FILE_TRUNCATED": (
        WRONG,
        "The file was cut short: {bytes} of {expected} bytes.",
        "文件不完整：应为 {expected} 字节，实际 {bytes} 字节。",
    ),
    "FILE_TOO_LONG": (
        WRONG,
        "Something was put behind the evidence: {bytes} instead of {expected} bytes.",
        "文件末尾有多余内容：应为 {expected} 字节，实际 {bytes} 字节。",
    ),
    "TOO_MANY_PARTS": (WRONG, "The file has more than {parts_max} parts.", "文件的组成部分超过 {parts_max} 个。"),
    "MALFORMED_BUNDLE": (WRONG, "The evidence is malformed: {detail}.", "证据格式错误：{detail}。"),
    # Trust
    "ROOT_WRONG": (
        WRONG,
        "Directory version {version} is signed by {key_id}, which is not the root key that was given.",
        "目录版本 {version} 由 {key_id} 签名，并非所给的根密钥。",
    ),
    "KEY_NOT_CONTINUED": (
        WRONG,
        "The key {key_id} of node {node} is signed by none of its former keys, and the directory does not say why.",
        "节点 {node} 的密钥 {key_id} 未经其原有密钥签名，目录亦无说明。",
    ),
    "DIRECTORY_SIGNATURE_BAD": (
        WRONG,
        "The signature of directory version {version} is not by the root key.",
        "目录版本 {version} 的签名与根密钥不符。",
    ),
    "DIRECTORY_FORKED": (
        WRONG,
        "There are two directories of version {version}: somebody was told different things.",
        "目录版本 {version} 存在两个不同内容：各方所见目录不一致。",
    ),
    "DIRECTORY_ENTRY_UNPROVED": (
        WRONG,
        "An entry of directory version {version} does not belong to it.",
        "目录版本 {version} 中的一个条目不属于该目录。",
    ),
    "DIRECTORY_MISSING": (
        MISSING,
        "There is no directory in the evidence, so no key can be believed.",
        "证据中没有目录，无法信任任何密钥。",
    ),
    "DIRECTORY_VERSION_ABSENT": (
        NOTE,
        "Seals name directory version {version}, which is not in the evidence.",
        "签封引用的目录版本 {version} 不在证据中。",
    ),
    "KEY_NOT_IN_DIRECTORY": (
        WRONG,
        "The directory names no signing key {key_id} of node {node}.",
        "目录中没有节点 {node} 的签名密钥 {key_id}。",
    ),
    "NODE_NOT_IN_DIRECTORY": (
        MISSING,
        "The directory's entry of node {node} is not in the evidence.",
        "证据中没有节点 {node} 的目录条目。",
    ),
    "SUITE_MISMATCH": (
        WRONG,
        "The seal names the suite {suite}; the directory binds another to its key.",
        "签封声明的算法 {suite} 与目录中该密钥绑定的算法不同。",
    ),
    "KEY_OUT_OF_VALIDITY": (
        WRONG,
        "The key {key_id} of node {node} was not valid at {at}.",
        "节点 {node} 的密钥 {key_id} 在 {at} 时无效。",
    ),
    "KEY_VALIDITY_UNPROVED": (
        MISSING,
        "Nothing proves that the key {key_id} of node {node} was valid when the hub had what it sealed: it was not at "
        "{at}, which is when the node says that it sealed, or by when the hub had it.",
        "无法证明枢纽收到时节点 {node} 的密钥 {key_id} 有效：该密钥在 {at} 无效，而这只是节点自称的签封时间，"
        "或枢纽最迟收到的时间。",
    ),
    "RE_ENROLLED": (
        NOTE,
        "Node {node} was let in anew with keys that none of its former keys signed ({key_id}): keys alone do not prove "
        "that nobody spoke in its name.",
        "节点 {node} 曾重新入网，其密钥（{key_id}）未经原密钥签名：仅凭密钥无法排除他人代其签名。",
    ),
    # Seals and statements
    "SEAL_MALFORMED": (WRONG, "The seal is malformed: {detail}.", "签封格式错误：{detail}。"),
    "SEAL_SIGNATURE_BAD": (
        WRONG,
        "The signature of seal {seal_number} of link {link} is not good.",
        "链路 {link} 第 {seal_number} 号签封的签名无效。",
    ),
    "SEAL_OF_ANOTHER_LINK": (
        WRONG,
        "The seal is of link {link}, where node {source} does not say this to node {destination}.",
        "签封属于链路 {link}，与节点 {source} 发往节点 {destination} 的报文不符。",
    ),
    "PATH_LENGTH_WRONG": (
        WRONG,
        "The path to the seal's root has {got} hashes where {expected} are needed.",
        "到签封根的路径有 {got} 个散列，应为 {expected} 个。",
    ),
    "SEQUENCE_OUTSIDE_SEAL": (
        WRONG,
        "Sequence {sequence} is not among those of the seal.",
        "序号 {sequence} 不在该签封范围内。",
    ),
    "HEADER_ALTERED": (
        WRONG,
        "The header (or its place) is not what node {node} sealed.",
        "报文头（或其位置）与节点 {node} 所签封的内容不符。",
    ),
    "STAMP_ALTERED": (
        WRONG,
        "The stamp (or its place) is not what the hub sealed.",
        "枢纽印记（或其位置）与枢纽所签封的内容不符。",
    ),
    "NOT_UNDER_SEAL": (
        WRONG,
        "Header and stamp are not what node {node} sealed at this place.",
        "报文头与印记均非节点 {node} 在此处所签封的内容。",
    ),
    "MALFORMED_ENVELOPE": (WRONG, "The message is malformed: {detail}.", "报文格式错误：{detail}。"),
    "BODY_ALTERED": (WRONG, "The body is not the one that was signed.", "报文内容与签名不符。"),
    "PRIVATE_BODY_ALTERED": (WRONG, "The private body is not the one that was signed.", "加密内容与签名不符。"),
    "PRIVATE_BODY_ABSENT": (
        NOTE,
        "Personal data belongs to this message; its ciphertext was left out or erased, its digest is signed.",
        "该报文含个人信息，其密文未包含或已删除；其摘要已签名。",
    ),
    "ORIGIN_PROOF_MISSING": (
        WRONG,
        "The message names node {node} as its source, but no seal of that node bears it.",
        "报文声称来自节点 {node}，但没有该节点的签封为证。",
    ),
    "OF_ANOTHER_REQUEST": (WRONG, "The message is about request {other}.", "该报文属于另一请求 {other}。"),
    # The hub's word
    "STAMP_MALFORMED": (WRONG, "The stamp is malformed.", "枢纽印记格式错误。"),
    "STAMP_NOT_BY_HUB": (
        WRONG,
        "Node {node} put a stamp on a message; only the hub does.",
        "节点 {node} 加盖了印记；只有枢纽可以加盖。",
    ),
    "STAMP_OF_ANOTHER_LEG": (WRONG, "The stamp is about leg {other}.", "该印记属于另一分支 {other}。"),
    "STAMP_OF_ANOTHER_MESSAGE": (WRONG, "The stamp is about another message.", "该印记针对的是另一报文。"),
    "STAMP_VERDICT_WRONG": (
        WRONG,
        "The stamp's verdict ({verdict}) does not fit the message.",
        "印记的结论（{verdict}）与报文不符。",
    ),
    "STAMPS_CONTRADICT": (
        WRONG,
        "The hub's stamps of one leg say different things ({detail}).",
        "枢纽对同一分支的印记相互矛盾（{detail}）。",
    ),
    "ADMISSION_STAMP_MISSING": (
        MISSING,
        "The hub's word that it admitted the request is not in the evidence.",
        "证据中没有枢纽受理该请求的印记。",
    ),
    "ANSWER_NOT_WITNESSED": (
        MISSING,
        "Nothing of the hub says when the answer came: only node {node} itself dates it. Export it again once HQ has "
        "sealed something more for node {node}: that seal dates it.",
        "没有枢纽的印记或签封证明应答时间，仅有节点 {node} 自己的时间。"
        "请在总部再次向节点 {node} 签封任何内容之后重新导出，该签封即可证明应答时间。",
    ),
    # Requests, answers, decisions
    "REQUEST_MISSING": (MISSING, "The request itself is not in the evidence.", "证据中没有请求报文。"),
    "REQUESTS_CONTRADICT": (WRONG, "There are two different requests for one leg.", "同一分支存在两个不同的请求。"),
    "LEG_MISNAMED": (
        WRONG,
        "The request is addressed to node {destination}, but names another leg.",
        "请求发往节点 {destination}，但所列分支不同。",
    ),
    "ANSWER_MISSING": (
        MISSING,
        "No end of the leg is in the evidence: it may still be open.",
        "证据中没有该分支的最终应答，可能尚未结束。",
    ),
    "ANSWER_OF_ANOTHER_REQUEST": (WRONG, "The answer is bound to another request.", "应答所绑定的是另一请求。"),
    "ANSWER_TO_ANOTHER_NODE": (
        WRONG,
        "The answer is addressed to node {destination}, which did not ask.",
        "应答发往未提出请求的节点 {destination}。",
    ),
    "WRONG_PARTY": (WRONG, "Node {node} may not say this ({what}).", "节点 {node} 无权作出此陈述（{what}）。"),
    "HUB_CANNOT_COMPLETE": (
        WRONG,
        "The hub says that the request was completed; only the home province can.",
        "枢纽声称请求已完成；只有归属省可以作此陈述。",
    ),
    "HUB_ENDED_WHAT_IT_FORWARDED": (
        WRONG,
        "The hub ended in its own words what it had forwarded to the home province.",
        "枢纽自行终止了已转发给归属省的分支。",
    ),
    "HOME_LOST": (
        NOTE,
        "The hub ended what it had forwarded to node {node}, which was revoked and would answer no more; what the node "
        "did is not known from this.",
        "节点 {node} 已被吊销、不再应答，枢纽终止了已转发给它的分支；该节点实际如何处理，本证据无法说明。",
    ),
    "REVOCATION_MISSING": (
        MISSING,
        "The hub ended what it had forwarded to node {node}, saying that it was revoked; no directory in the evidence "
        "says so.",
        "枢纽以节点 {node} 已被吊销为由终止了已转发的分支，但证据中没有目录可以证明。",
    ),
    "ENDS_CONTRADICT": (WRONG, "The leg has two different ends.", "该分支有两个不同的结局。"),
    "OUTCOME_UNKNOWN": (WRONG, "The final names no outcome.", "最终应答没有结果。"),
    "SEARCHED_IN_PART": (
        NOTE,
        "The exporting node searched its journals in part only; there may be further statements.",
        "导出节点仅检索了部分日志，可能还有其他陈述。",
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a verifier found. `where`: the part of the evidence, such as "statement 3" or "leg 44"."""

    code: str
    where: str
    facts: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def severity(self) -> str:
        return FINDINGS[self.code][0]

    def text(self, language: str) -> str:
        """In `language` ("zh..." is Chinese, all else English)."""
        return FINDINGS[self.code][2 if language.startswith("zh") else 1].format(**self.facts)

    def to_dict(self, language: str) -> dict[str, str]:
        return {"code": self.code, "severity": self.severity, "where": self.where, "text": self.text(language)}


class Refuted(Exception):
    """Nothing more can be read: the one finding says why."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.text("en"))


def found(code: str, where: str, **facts: Any) -> Finding:
    """A finding. Its words must have what they speak of: a fact that is missing is a mistake of ours."""
    finding = Finding(code, where, facts)
    finding.text("en")
    return finding

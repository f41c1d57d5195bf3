"""What a link's state machine wants done, and the names of all reasons for which a stream ends.

The machine itself does nothing: whoever runs it (the gRPC adapter, the simulator) carries the effects out, in order.
"""

from __future__ import annotations

from dataclasses import dataclass

from common.gen.quanwang.federation.v1 import directory_pb2
from common.messaging.incoming import ReceivedBatch

MALFORMED_FRAME = "MALFORMED_FRAME"
UNEXPECTED_FRAME = "UNEXPECTED_FRAME"
LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
HELLO_TIMEOUT = "HELLO_TIMEOUT"
ACK_TIMEOUT = "ACK_TIMEOUT"
PROTOCOL_VERSION_UNSUPPORTED = "PROTOCOL_VERSION_UNSUPPORTED"
NODE_MISMATCH = "NODE_MISMATCH"
INCARNATION_CHANGED = "INCARNATION_CHANGED"
PEER_FORGOT = "PEER_FORGOT"
WE_FORGOT = "WE_FORGOT"
CHAIN_FORK = "CHAIN_FORK"
MALFORMED_BATCH = "MALFORMED_BATCH"
LINK_MISMATCH = "LINK_MISMATCH"
EPOCH_WENT_BACK = "EPOCH_WENT_BACK"
SEAL_GAP = "SEAL_GAP"
KEY_UNKNOWN = "KEY_UNKNOWN"
BAD_SIGNATURE = "BAD_SIGNATURE"
ROOT_MISMATCH = "ROOT_MISMATCH"
ACK_BEYOND_SEALED = "ACK_BEYOND_SEALED"
ACK_MISMATCH = "ACK_MISMATCH"
JOURNAL_INCOMPLETE = "JOURNAL_INCOMPLETE"
DRAINED = "DRAINED"
DRAIN_TIMEOUT = "DRAIN_TIMEOUT"
CERTIFICATE_UNKNOWN = "CERTIFICATE_UNKNOWN"
DIRECTORY_REFUSED = "DIRECTORY_REFUSED"
NODE_NOT_ACTIVE = "NODE_NOT_ACTIVE"
REPLACED = "REPLACED"
STREAM_ENDED = "STREAM_ENDED"
INTERNAL_FAULT = "INTERNAL_FAULT"
STORAGE_UNAVAILABLE = "STORAGE_UNAVAILABLE"

STOP_SEALING = frozenset({INCARNATION_CHANGED, PEER_FORGOT, WE_FORGOT, CHAIN_FORK})
"""The two chains disagree: whatever were sealed now could contradict what was sealed before. Both sides stop."""

OPPOSITE = {PEER_FORGOT: WE_FORGOT, WE_FORGOT: PEER_FORGOT}
"""What one side calls PEER_FORGOT is WE_FORGOT to the other."""

ALARMING = STOP_SEALING | {
    NODE_MISMATCH,
    MALFORMED_BATCH,
    LINK_MISMATCH,
    EPOCH_WENT_BACK,
    BAD_SIGNATURE,
    ROOT_MISMATCH,
    ACK_BEYOND_SEALED,
    ACK_MISMATCH,
    JOURNAL_INCOMPLETE,
    DIRECTORY_REFUSED,
}
"""Reasons that an honest peer on a good network never gives."""

_TEXTS = {
    MALFORMED_FRAME: ("The peer sent bytes that are no frame.", "对端发来的数据不是有效帧。"),
    UNEXPECTED_FRAME: ("The peer sent a frame out of turn.", "对端发来的帧不合时序。"),
    LIMIT_EXCEEDED: ("The peer sent more than the limits allow.", "对端发送的内容超过限制。"),
    HELLO_TIMEOUT: ("The peer did not introduce itself in time.", "对端未按时握手。"),
    ACK_TIMEOUT: ("The peer acknowledged nothing for too long.", "对端过久未确认。"),
    PROTOCOL_VERSION_UNSUPPORTED: (
        "The two nodes share no version of the link protocol.",
        "双方没有共同的链路协议版本。",
    ),
    NODE_MISMATCH: ("The peer is not the node it should be.", "对端不是应连接的节点。"),
    INCARNATION_CHANGED: (
        "The peer's journal has started anew; HQ must approve that first.",
        "对端流水已重新开始，须先经总部批准。",
    ),
    PEER_FORGOT: ("The peer has forgotten part of what it said or received.", "对端丢失了部分已发或已收的流水。"),
    WE_FORGOT: ("This node has forgotten part of what it said or received.", "本节点丢失了部分已发或已收的流水。"),
    CHAIN_FORK: ("The two nodes hold different seals under one number.", "双方同号签封内容不一致。"),
    MALFORMED_BATCH: ("The peer sent a batch that cannot be read.", "对端发来的批次无法解析。"),
    LINK_MISMATCH: ("The seal is of another node, link or incarnation.", "签封属于其他节点、链路或流水。"),
    EPOCH_WENT_BACK: ("The seal is by a former owner of the link.", "签封出自链路的前任持有者。"),
    SEAL_GAP: ("A seal is missing before this one.", "此签封之前缺少签封。"),
    KEY_UNKNOWN: ("The directory names no such valid key for the peer.", "目录中没有对端的这把有效密钥。"),
    BAD_SIGNATURE: ("The seal's signature is not good.", "签封的签名无效。"),
    ROOT_MISMATCH: ("The entries are not those that were sealed.", "批次内容与签封不符。"),
    ACK_BEYOND_SEALED: ("The peer acknowledged what was never sealed.", "对端确认了从未签封的内容。"),
    ACK_MISMATCH: ("The peer's acknowledgement contradicts the journal.", "对端的确认与本方流水不符。"),
    JOURNAL_INCOMPLETE: ("This node's own journal lacks a batch that must be sent.", "本节点流水缺少待发批次。"),
    DRAINED: ("The stream was closed in good order.", "链路已有序关闭。"),
    DRAIN_TIMEOUT: ("The stream was closed before all was acknowledged.", "链路在全部确认之前关闭。"),
    CERTIFICATE_UNKNOWN: ("The certificate belongs to no active node.", "证书不属于任何有效节点。"),
    NODE_NOT_ACTIVE: ("The node was shut out of the federation.", "该节点已被停用。"),
    DIRECTORY_REFUSED: ("The directory that HQ sent is not acceptable.", "总部下发的目录不可接受。"),
    REPLACED: ("The same node opened a newer stream.", "同一节点建立了更新的链路。"),
    INTERNAL_FAULT: ("Something failed inside this node; its log says more.", "本节点内部出错，详情见日志。"),
    STORAGE_UNAVAILABLE: ("The node's database is away for now.", "节点数据库暂时不可用。"),
    STREAM_ENDED: ("The connection ended.", "连接已断开。"),
}


def reason_text(reason_code: str, language: str) -> str:
    """A reason in words ("zh..." is Chinese, all else English); an unknown one as its code."""
    en, zh = _TEXTS.get(reason_code, (reason_code, reason_code))
    return zh if language.startswith("zh") else en


@dataclass(frozen=True, slots=True)
class SendFrame:
    """Send these bytes (a serialised LinkFrame) to the peer. An ack that still waits may be replaced by a later one."""

    frame: bytes
    is_ack: bool = False


@dataclass(frozen=True, slots=True)
class Receive:
    """A proved batch: give it to the dispatcher."""

    batch: ReceivedBatch


@dataclass(frozen=True, slots=True)
class LoadJournal:
    """Read batches of the own journal, in order, after a seal number; at least one, up to about `bytes_max`. The answer
    goes to `LinkSession.journal_loaded`. At most one is under way."""

    link: str
    after_seal: int
    bytes_max: int


@dataclass(frozen=True, slots=True)
class Acked:
    """The peer has durably received the own journal up to here."""

    seal_number: int
    sequence: int


@dataclass(frozen=True, slots=True)
class Opened:
    """The two sides agree on where they are; requests may be sealed for the peer."""

    window_bytes: int
    peer_received_seal_number: int
    protocol_version: int
    peer_directory_version: int
    peer_software_version: str


@dataclass(frozen=True, slots=True)
class StopSealing:
    """Nothing may be sealed for this peer until the chains agree again."""

    reason_code: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """An operator must see this."""

    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class AcceptDirectory:
    """HQ published a directory: check and keep it before the next frame is given to the session."""

    signed: directory_pb2.SignedDirectory


@dataclass(frozen=True, slots=True)
class Cut:
    """The stream ends, after what is still to be sent was sent. Nothing comes after this effect."""

    reason_code: str
    detail: str = ""


Effect = SendFrame | Receive | LoadJournal | Acked | Opened | StopSealing | Alarm | AcceptDirectory | Cut

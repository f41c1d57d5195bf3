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
HQ_RECOVERING = "HQ_RECOVERING"
"""HQ was restored and takes back what it forgot: it takes no streams, and asks for journals instead."""
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

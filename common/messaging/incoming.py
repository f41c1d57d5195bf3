"""What a link hands to the dispatcher, and what the dispatcher hands back to the link."""

from __future__ import annotations

from dataclasses import dataclass, field

from common.gen.quanwang.federation.v1 import seal_pb2 as pb
from common.messaging.envelope import Envelope
from common.messaging.seal import MerkleTree


@dataclass(slots=True)
class Incoming:
    """One entry of a received batch, on its way to being processed.

    `fault` is empty where everything about the entry is proved; otherwise the code of what is wrong with it
    (MALFORMED_ENVELOPE, SOURCE_MISMATCH, ORIGIN_PROOF_MISSING, ORIGIN_PROOF_INVALID, ORIGIN_UNKNOWN, ...).
    """

    peer: str
    link: str
    seal_number: int
    index: int
    sequence: int
    envelope: Envelope | None
    stamp: pb.Stamp | None = None
    stamp_bytes: bytes = b""
    origin: pb.OriginProof | None = None
    origin_seal: pb.SignedSeal | None = None
    fault: str = ""
    received_at_us: int = 0
    attempts: int = 0
    key_id: str = ""
    """Of the key under which the peer sealed it; empty for what this node says to itself."""
    batch: ReceivedBatch | None = None
    """The batch that the entry came in, while it is in memory; the hub takes proofs of origin from it."""


@dataclass(slots=True)
class ReceivedBatch:
    """A batch whose link seal, chain and Merkle root are good: what the peer said, and can never deny."""

    peer: str
    link: str
    seal: pb.Seal
    seal_hash: bytes
    batch_bytes: bytes
    signed_seal: pb.SignedSeal
    tree: MerkleTree | None
    """None for a seal without entries."""
    entries: list[Incoming] = field(default_factory=list)
    waits_since_us: int = 0
    """Since when it waits for the writer, on the monotonic clock."""
    epoch: int = 0
    """The epoch under which the stream that it came on owned the link; 0: a node that has no replicas."""

    @property
    def last_sequence(self) -> int:
        return self.seal.first_sequence + self.seal.count - 1


@dataclass(frozen=True, slots=True)
class SealedBatch:
    """A batch that this node has sealed and committed, ready to be sent."""

    peer: str
    seal_number: int
    last_sequence: int
    witnessed_seal_number: int
    batch_bytes: bytes
    entries: int = 0
    """How many; not told where the batch was read back from the journal."""


@dataclass(slots=True)
class LinkPort:
    """What the sealer must know of a live link, and what it is told. Written by the link, read by the dispatcher.

    Requests are sealed for a peer only while its link is open and fewer than `window_bytes` of batches are sealed but
    not acknowledged; all else is sealed at once, open or not, once the peer was heard to remember the same past.
    """

    peer: str
    open: bool = False
    window_bytes: int = 0
    acked_seal_number: int = 0
    epoch: int = 0
    """Where a node has replicas: the epoch under which this one owns the link; 0: it does not."""
    agreed: bool = False
    """Whether since this process began a Hello has shown that both remember the same past. Before that nothing is
    sealed: a database that was put back might not know of the seals that were made since, and would contradict them."""
    sealing_stopped: str = ""
    """Why nothing may be sealed for this peer at all (the chains disagree); empty when all is well."""

    @property
    def may_seal(self) -> bool:
        """Whether anything may be sealed for the peer."""
        return self.agreed and not self.sealing_stopped

    def hellos_agree(self, window_bytes: int) -> None:
        """Both ends remember the same past: the link is open."""
        self.window_bytes, self.open, self.agreed, self.sealing_stopped = window_bytes, True, True, ""

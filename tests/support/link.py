"""Both ends of a link on paper: nodes with keys, journals in memory; messages, proofs and stamps as HQ makes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from common.directory.model import Directory, KeyUse, NodeEntry, NodeKey, NodeStatus
from common.gen.quanwang.federation.v1 import envelope_pb2, link_pb2, seal_pb2
from common.ids import HQ, link_name
from common.link.entries import EntryJudge
from common.link.origin import CurrentDirectory, OriginProofs
from common.link.session import LinkSession, SignedDirectorySource
from common.link.settings import LinkSettings
from common.link.watermark import LinkCursors, Position, position_of
from common.messaging.envelope import Envelope, build, header_digest
from common.messaging.incoming import ReceivedBatch, SealedBatch
from common.messaging.seal import NO_HASH, MerkleTree, leaf, leaf_prefix, seal_hash, sign_seal, stamp_digest
from common.security.signing import ED25519, Ed25519Signer

NOW_US = 1_800_000_000_000_000
DAY_US = 86_400_000_000
SHANGHAI = "31"
GUANGDONG = "44"


@dataclass
class PaperNode:
    """A node's identity and keys; everything about it follows from its code."""

    node: str
    incarnation: bytes = b""
    fingerprint: bytes = b""
    status: NodeStatus = NodeStatus.ACTIVE
    valid_from_us: int = 0
    valid_until_us: int = 0

    def __post_init__(self) -> None:
        self.signer = Ed25519Signer(self.node.encode() * 16)
        self.incarnation = self.incarnation or self.node.encode() * 8
        self.fingerprint = self.fingerprint or self.node.encode() * 16

    def entry(self) -> NodeEntry:
        signing = NodeKey(
            self.signer.key_id,
            KeyUse.SIGNING,
            ED25519,
            self.signer.public_key,
            self.valid_from_us,
            self.valid_until_us,
        )
        return NodeEntry(self.node, self.node, self.node, self.status, (signing,), self.fingerprint)


def directory_of(*nodes: PaperNode, version: int = 1) -> Directory:
    """A directory that names these nodes."""
    entries = [node.entry() for node in nodes]
    return Directory(version, bytes([version]) * 32, NO_HASH, NOW_US, NOW_US + DAY_US, entries, {})


class DirectoryHolder:
    """The directory that a node has at the moment."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory

    def __call__(self) -> Directory:
        return self.directory


# Messages


def message(
    source: str,
    destination: str,
    number: int = 1,
    phase: envelope_pb2.Phase = envelope_pb2.PHASE_REQUEST,
    body: bytes = b"body",
) -> Envelope:
    """An envelope; its identities follow from `number`."""
    routing = envelope_pb2.Routing(
        message_id=number.to_bytes(16, "big"),
        source=source,
        destination=destination,
        request_id=(number + 2**64).to_bytes(16, "big"),
        phase=phase,
        message_class=envelope_pb2.MESSAGE_CLASS_WORK_ORDER,
        message_type="quanwang.subscriptions.v1.SuspendSubscription",
        protocol_version=1,
        leg_destination=destination,
    )
    return build(routing, body)


def entry_of(envelope: Envelope) -> seal_pb2.Entry:
    """What a node seals of its own."""
    return seal_pb2.Entry(header=envelope.header, body=envelope.body, private_body=envelope.private_body)


def stamp_of(envelope: Envelope, admitted_at_us: int = NOW_US) -> seal_pb2.Stamp:
    """The hub's word on a message."""
    routing = envelope.routing
    return seal_pb2.Stamp(
        request_id=routing.request_id,
        destination=routing.leg_destination,
        message_digest=envelope.digest,
        hub_position=1,
        business_date="2027-01-15",
        admitted_at_us=admitted_at_us,
        verdict=seal_pb2.VERDICT_ADMITTED,
    )


@dataclass
class Relayed:
    """A message of one province as the hub passes it on to another."""

    envelope: Envelope
    stamp: seal_pb2.Stamp
    proof: seal_pb2.OriginProof
    origin_seal: seal_pb2.SignedSeal

    def entry(self) -> seal_pb2.Entry:
        entry = entry_of(self.envelope)
        entry.stamp = self.stamp.SerializeToString()
        entry.origin.CopyFrom(self.proof)
        return entry


def relayed(origin: PaperNode, envelope: Envelope, others: Sequence[Envelope] = (), place: int = 0) -> Relayed:
    """Seals the envelope among others on the origin's link to HQ, at index `place`, and takes the proof from that."""
    envelopes = [*others[:place], envelope, *others[place:]]
    link = Ledger(origin, HQ)
    batch = link.seal([entry_of(each) for each in envelopes])
    parsed = seal_pb2.SealedBatch.FromString(batch.batch_bytes)
    seal = seal_pb2.Seal.FromString(parsed.seal.seal)
    leaves = [leaf(leaf_prefix(seal.link), 1 + index, each.digest) for index, each in enumerate(envelopes)]
    proof = seal_pb2.OriginProof(
        seal_hash=seal_hash(parsed.seal), sequence=1 + place, path=MerkleTree(leaves).path(place)
    )
    return Relayed(envelope, stamp_of(envelope), proof, parsed.seal)


# Journals


class Gap(Exception):
    """The durable watermark refuses a batch: it is not the next one."""


@dataclass
class Ledger:
    """What one node has stored durably of the link with one peer: cursors, and both journals. Its rules are those of
    section C, so it stands in for the dispatcher's transaction."""

    own: PaperNode
    peer: str
    epoch: int = 1
    now_us: int = NOW_US
    sealed: list[SealedBatch] = field(default_factory=list)
    sealed_hash: bytes = NO_HASH
    acked_seal_number: int = 0
    acked_sequence: int = 0
    received: Position = field(default_factory=Position)
    received_batches: list[bytes] = field(default_factory=list)

    @property
    def link(self) -> str:
        return link_name(self.own.node, self.peer)

    @property
    def sealed_position(self) -> Position:
        last = self.sealed[-1] if self.sealed else None
        if last is None:
            return Position(self.own.incarnation)
        return Position(self.own.incarnation, last.seal_number, last.last_sequence, self.sealed_hash)

    @property
    def cursors(self) -> LinkCursors:
        return LinkCursors(self.sealed_position, self.acked_seal_number, self.acked_sequence, self.received)

    def seal(
        self,
        entries: Sequence[seal_pb2.Entry],
        origin_seals: Sequence[seal_pb2.SignedSeal] = (),
        change: Callable[[seal_pb2.Seal], None] = lambda seal: None,
    ) -> SealedBatch:
        """Seals and stores a batch; `change` may spoil the seal before it is signed."""
        first = self.sealed_position.sequence + 1
        prefix = leaf_prefix(self.link)
        leaves = [
            leaf(prefix, first + index, header_digest(e.header) if e.header else NO_HASH, stamp_digest(e.stamp))
            for index, e in enumerate(entries)
        ]
        seal = seal_pb2.Seal(
            node=self.own.node,
            incarnation=self.own.incarnation,
            link=self.link,
            epoch=self.epoch,
            seal_number=len(self.sealed) + 1,
            previous_hash=self.sealed_hash,
            first_sequence=first,
            count=len(entries),
            merkle_root=MerkleTree(leaves).root if leaves else b"",
            sealed_at_us=self.now_us,
            witnessed_sequence=self.received.sequence,
            witnessed_seal_number=self.received.seal_number,
            witnessed_seal_hash=self.received.seal_hash,
        )
        change(seal)
        signed = sign_seal(seal, self.own.signer)
        batch = seal_pb2.SealedBatch(seal=signed, entries=entries, origin_seals=origin_seals)
        sealed = SealedBatch(
            self.peer,
            seal.seal_number,
            seal.first_sequence + seal.count - 1,
            seal.witnessed_seal_number,
            batch.SerializeToString(),
        )
        self.sealed.append(sealed)
        self.sealed_hash = seal_hash(signed)
        return sealed

    def seal_messages(self, count: int = 1, destination: str = "") -> SealedBatch:
        """Seals messages of this node, with identities that never repeat on this link."""
        first = self.sealed_position.sequence + 1
        phase = envelope_pb2.PHASE_NOTICE
        messages = [message(self.own.node, destination or self.peer, first + n, phase) for n in range(count)]
        return self.seal([entry_of(each) for each in messages])

    def receive(self, batch: ReceivedBatch) -> Position:
        """Stores a received batch if it is the next one. Returns how far the peer's journal is durable here."""
        if batch.seal.seal_number <= self.received.seal_number:
            return self.received
        if (
            batch.seal.seal_number != self.received.seal_number + 1
            or batch.seal.previous_hash != self.received.seal_hash
        ):
            raise Gap(f"{batch.seal.seal_number} after {self.received.seal_number}")
        self.received_batches.append(batch.batch_bytes)
        self.received = position_of(batch)
        self.note_ack(batch.seal.witnessed_seal_number, batch.seal.witnessed_sequence)
        return self.received

    def note_ack(self, seal_number: int, sequence: int) -> None:
        self.acked_seal_number = max(self.acked_seal_number, seal_number)
        self.acked_sequence = max(self.acked_sequence, sequence)

    def load(self, after_seal: int, bytes_max: int) -> list[tuple[int, bytes]]:
        """As the journal is read: at least one batch, up to about `bytes_max`."""
        batches: list[tuple[int, bytes]] = []
        size = 0
        for batch in self.sealed[after_seal:]:
            size += len(batch.batch_bytes)
            if batches and size > bytes_max:
                break
            batches.append((batch.seal_number, batch.batch_bytes))
        return batches


# Machines


def judge_of(node: str, directory: CurrentDirectory, settings: LinkSettings) -> EntryJudge:
    """A node's judge of entries, with a cache of its own."""
    return EntryJudge(node, OriginProofs(directory, settings), settings)


def session_of(
    ledger: Ledger,
    directory: CurrentDirectory,
    settings: LinkSettings,
    signed_directory: SignedDirectorySource | None = None,
) -> LinkSession:
    """A new session at the ledger's durable cursors."""
    node = ledger.own.node
    judge = judge_of(node, directory, settings)
    return LinkSession(node, ledger.peer, ledger.cursors, directory, judge, settings, signed_directory, "test")


def frame(kind: str, **fields: object) -> bytes:
    """A frame by its kind, e.g. frame("ack", seal_number=1)."""
    content = {"hello": link_pb2.Hello, "ack": link_pb2.Ack, "reject": link_pb2.Reject, "drain": link_pb2.Drain}
    return link_pb2.LinkFrame(**{kind: content[kind](**fields)}).SerializeToString()


def batch_frame(batch: SealedBatch | bytes) -> bytes:
    """The frame that carries a batch."""
    batch_bytes = batch if isinstance(batch, bytes) else batch.batch_bytes
    return link_pb2.LinkFrame(batch=batch_bytes).SerializeToString()

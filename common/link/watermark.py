"""How far a link has come, in both directions: the cursors that both sides resume from.

A position names one place in a directed journal: the seal, the last sequence it covers, the hash that the chain has
there, and the incarnation of the journal. Two positions are the same place only when all of it agrees; the same seal
number with another hash is a fork.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from common.gen.quanwang.federation.v1 import link_pb2, seal_pb2
from common.messaging.incoming import ReceivedBatch
from common.messaging.links import LinkRow
from common.messaging.seal import NO_HASH, seal_hash


@dataclass(frozen=True, slots=True)
class Position:
    """A place in one directed journal: after the seal `seal_number`. The default is its beginning."""

    incarnation: bytes = b""
    seal_number: int = 0
    sequence: int = 0
    seal_hash: bytes = NO_HASH

    def same_place(self, other: Position) -> bool:
        """Whether both name one place of one chain. At the beginning of a journal nothing has been said yet, so all
        beginnings are one place."""
        if self.seal_number == other.seal_number == 0:
            return self.sequence == other.sequence == 0
        return self == other

    def to_wire(self) -> link_pb2.Position:
        """The position as a Hello carries it."""
        return link_pb2.Position(
            sequence=self.sequence,
            seal_number=self.seal_number,
            seal_hash=self.seal_hash if self.seal_number else b"",
            incarnation=self.incarnation,
        )


def position_from_wire(wire: link_pb2.Position) -> Position:
    """The position that a Hello carries."""
    return Position(wire.incarnation, wire.seal_number, wire.sequence, wire.seal_hash or NO_HASH)


def position_of(batch: ReceivedBatch) -> Position:
    """The place that the peer's journal has reached with this batch."""
    return Position(batch.seal.incarnation, batch.seal.seal_number, batch.last_sequence, batch.seal_hash)


@dataclass(frozen=True, slots=True)
class LinkCursors:
    """The durable cursors of a link, as one side keeps them.

    `sealed` is in the own journal, `received` in the peer's. Of what the peer acknowledged only the numbers are kept:
    its hash is in the own journal.
    """

    sealed: Position
    acked_seal_number: int
    acked_sequence: int
    received: Position

    @property
    def incarnation(self) -> bytes:
        """The own journal's incarnation."""
        return self.sealed.incarnation

    @property
    def peer_incarnation(self) -> bytes:
        """The peer's incarnation as far as known; empty before anything was received from it."""
        return self.received.incarnation


def cursors_of(row: LinkRow) -> LinkCursors:
    """The cursors that a link's row holds."""
    return LinkCursors(
        sealed=Position(row.incarnation, row.sealed_seal_number, row.sealed_sequence, row.sealed_hash),
        acked_seal_number=row.acked_seal_number,
        acked_sequence=row.acked_sequence,
        received=Position(row.peer_incarnation, row.received_seal_number, row.received_sequence, row.received_hash),
    )


LoadCursors = Callable[[str], LinkCursors]
"""`load(peer)`: the durable cursors of the link with `peer`. May block."""


def signed_seal_of(batch_bytes: bytes) -> seal_pb2.SignedSeal:
    """The seal of a serialised batch. Raises DecodeError where there is none.

    It is the batch's first field, so usually nothing else need be parsed.
    """
    if batch_bytes[:1] == b"\x0a":
        length, start = _varint(batch_bytes, 1)
        end = start + length
        # A second seal field would be merged by a parser; only a batch that goes on with another field is read so.
        if length and end <= len(batch_bytes) and batch_bytes[end : end + 1] != b"\x0a":
            return seal_pb2.SignedSeal.FromString(batch_bytes[start:end])
    batch = seal_pb2.SealedBatch.FromString(batch_bytes)
    if not batch.HasField("seal"):
        raise DecodeError("a batch without a seal")
    return batch.seal


def batch_fields(batch_bytes: bytes, stop_after: int) -> int:
    """How many top-level fields a serialised batch has; counting ends beyond `stop_after`, and bytes that are no fields
    at all count as too many. Takes no memory, so it can be asked before parsing: a parser makes a hundred bytes out of
    an entry that takes two on the wire."""
    place, end, count = 0, len(batch_bytes), 0
    while place < end and count <= stop_after:
        tag, place = _varint(batch_bytes, place)
        kind = tag & 0x07
        if kind == 2:
            length, place = _varint(batch_bytes, place)
            place += length
        elif kind == 0:
            _, place = _varint(batch_bytes, place)
        elif kind in _FIXED_BYTES:
            place += _FIXED_BYTES[kind]
        else:
            return stop_after + 1
        count += 1
    return count


_FIXED_BYTES = {1: 8, 5: 4}
"""Wire types of protobuf whose values have one length."""


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """A varint and where it ends; a truncated one counts as larger than anything."""
    value = shift = 0
    for index in range(place, min(place + 10, len(data))):
        byte = data[index]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, index + 1
        shift += 7
    return 1 << 62, len(data)


def own_seal_hash(batch_bytes: bytes) -> bytes:
    """The hash of the seal of a batch that this node made itself."""
    return seal_hash(signed_seal_of(batch_bytes))

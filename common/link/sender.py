"""The sending half of a link: what of the own journal goes out next. Pure: no sockets, no clock, no database.

It keeps three places in the own journal: sealed up to, acknowledged up to, next to send (section C). Batches that were
just sealed are at hand in memory; what is older, or more than memory should hold, is read from the journal when its
turn comes. On the wire, sent and not acknowledged, there is never more than the limit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from google.protobuf.message import DecodeError

from common.gen.quanwang.federation.v1 import seal_pb2 as pb
from common.link import effects as reason
from common.link.effects import Acked, Cut, LoadJournal
from common.link.settings import LinkSettings
from common.link.watermark import LinkCursors, Position, own_seal_hash, signed_seal_of
from common.messaging.incoming import SealedBatch


class Sender:
    """What one stream sends of the journal of `link` (the own directed link)."""

    def __init__(self, peer: str, link: str, cursors: LinkCursors, settings: LinkSettings) -> None:
        self._peer = peer
        self._link = link
        self._settings = settings
        self.sealed_seal_number = cursors.sealed.seal_number
        self.sealed_sequence = cursors.sealed.sequence
        self.acked_seal_number = cursors.acked_seal_number
        self.acked_sequence = cursors.acked_sequence
        self._sealed_at_open = cursors.sealed
        self._next = 0
        self._anchor = Position()
        self._agreed = False
        self._loading_after: int | None = None
        self._loaded: deque[SealedBatch] = deque()
        self._recent: deque[SealedBatch] = deque()
        self._recent_bytes = 0
        self._in_flight: deque[SealedBatch] = deque()
        self._in_flight_bytes = 0
        self._last_acked: SealedBatch | None = None
        self._unanswered_since_us = 0

    @property
    def agreed(self) -> bool:
        """Whether the peer's place in the own journal was found to be on the own chain. Nothing is sent before."""
        return self._agreed

    @property
    def in_flight(self) -> int:
        """Batches sent on this stream and not acknowledged."""
        return len(self._in_flight)

    @property
    def next_seal_number(self) -> int:
        """The seal that is sent next; 0 before the peer's Hello."""
        return self._next

    def sealed_position(self) -> Position:
        """The last place of the own journal. Asked at the handshake, before anything was sent."""
        return self._position_of(self.sealed_seal_number) or self._sealed_at_open

    def resume(self, received: Position) -> Acked | Cut | None:
        """The peer's Hello says what it has received: go on after that. Where this cannot be checked against the
        cursors at hand, `pump` reads the journal first."""
        if received.seal_number and received.incarnation != self._sealed_at_open.incarnation:
            return Cut(reason.INCARNATION_CHANGED, "the peer knows another incarnation of this node's journal")
        if received.seal_number > self.sealed_seal_number:
            return Cut(
                reason.WE_FORGOT, f"the peer has seal {received.seal_number}, this node has {self.sealed_seal_number}"
            )
        if received.seal_number < self.acked_seal_number:
            return Cut(
                reason.PEER_FORGOT,
                f"the peer has seal {received.seal_number}, it had acknowledged {self.acked_seal_number}",
            )
        self._next = received.seal_number + 1
        self._anchor = received
        own = self._position_of(received.seal_number)
        if own is None:
            return None
        if not received.same_place(own):
            return Cut(reason.CHAIN_FORK, f"the peer holds another seal {received.seal_number} of this node")
        self._agreed = True
        return self._move_ack(received.seal_number, received.sequence)

    def sealed(self, batches: Iterable[SealedBatch]) -> None:
        """The node has sealed and committed these. They are sent when their turn comes, from memory or the journal."""
        for batch in batches:
            if batch.seal_number <= self.sealed_seal_number:
                continue
            if batch.seal_number != self.sealed_seal_number + 1:
                # Some were sealed between two readings of the cursors: the journal has them.
                self._recent.clear()
                self._recent_bytes = 0
            self.sealed_seal_number, self.sealed_sequence = batch.seal_number, batch.last_sequence
            self._recent.append(batch)
            self._recent_bytes += len(batch.batch_bytes)
        limits = self._settings
        # The last one always stays: before the first Hello it is what the peer's place is compared with.
        while len(self._recent) > 1 and (
            self._recent_bytes > limits.recent_bytes_max or len(self._recent) > limits.recent_batches_max
        ):
            self._recent_bytes -= len(self._recent.popleft().batch_bytes)

    def pump(self) -> list[SealedBatch | LoadJournal]:
        """What goes out now, in order; at the end perhaps the wish to read the journal."""
        out: list[SealedBatch | LoadJournal] = []
        if not self._next or self._loading_after is not None:
            return out
        while self._next <= self.sealed_seal_number and self._has_room():
            batch = self._take() if self._agreed else None
            if batch is None:
                self._loading_after = self._next - 1
                out.append(LoadJournal(self._link, self._loading_after, self._settings.journal_read_bytes_max))
                break
            self._in_flight.append(batch)
            self._in_flight_bytes += len(batch.batch_bytes)
            self._next += 1
            out.append(batch)
        return out

    def journal_loaded(self, batches: Sequence[tuple[int, bytes]]) -> Acked | Cut | None:
        """The answer to LoadJournal: seal number and bytes of each batch."""
        after, self._loading_after = self._loading_after, None
        if after is None:
            return None
        if not batches or any(number != after + 1 + index for index, (number, _) in enumerate(batches)):
            return Cut(reason.JOURNAL_INCOMPLETE, f"no seal {after + 1} of {self._link}")
        moved: Acked | Cut | None = None
        try:
            if not self._agreed:
                moved = self._check_anchor(batches[0][1])
            self._loaded = deque(_from_journal(self._peer, batch) for _, batch in batches)
        except DecodeError:
            return Cut(reason.JOURNAL_INCOMPLETE, f"unreadable after seal {after} of {self._link}")
        return moved

    def acked(self, seal_number: int, sequence: int) -> Acked | Cut | None:
        """The peer acknowledges durable receipt up to a seal; it may be of frames sent on an earlier stream."""
        if seal_number > self.sealed_seal_number or sequence > self.sealed_sequence:
            return Cut(reason.ACK_BEYOND_SEALED, f"seal {seal_number}, sealed is {self.sealed_seal_number}")
        known = self._sent(seal_number)
        if known is not None and known.last_sequence != sequence:
            return Cut(reason.ACK_MISMATCH, f"seal {seal_number} ends at {known.last_sequence}, not {sequence}")
        return self._move_ack(seal_number, sequence)

    def witnessed(self, seal: pb.Seal) -> Acked | Cut | None:
        """A seal of the peer's says what it has received: an acknowledgement that can be proved, or proof of a fork."""
        number = seal.witnessed_seal_number
        if number == 0:
            return None
        if number > self.sealed_seal_number:
            return Cut(reason.WE_FORGOT, f"the peer witnesses seal {number}, this node has {self.sealed_seal_number}")
        own = self._position_of(number)
        if own is not None and own.seal_hash != seal.witnessed_seal_hash:
            return Cut(reason.CHAIN_FORK, f"the peer witnesses another seal {number} of this node")
        return self.acked(number, seal.witnessed_sequence)

    def overdue(self, now_us: int) -> bool:
        """Whether the peer has acknowledged nothing for too long, though batches are on the wire. Asked by ticks."""
        if not self._in_flight:
            self._unanswered_since_us = 0
        elif not 0 < self._unanswered_since_us <= now_us:
            self._unanswered_since_us = now_us
        return bool(self._in_flight) and now_us - self._unanswered_since_us > self._settings.ack_timeout_us

    def _move_ack(self, seal_number: int, sequence: int) -> Acked | None:
        self._next = max(self._next, seal_number + 1)
        if seal_number <= self.acked_seal_number:
            return None
        self.acked_seal_number, self.acked_sequence = seal_number, sequence
        while self._in_flight and self._in_flight[0].seal_number <= seal_number:
            self._last_acked = self._in_flight.popleft()
            self._in_flight_bytes -= len(self._last_acked.batch_bytes)
        self._unanswered_since_us = 0
        return Acked(seal_number, sequence)

    def _check_anchor(self, following: bytes) -> Acked | Cut | None:
        """The batch after the peer's place names, in its own seal, the hash and sequence that the peer must have."""
        seal = pb.Seal.FromString(signed_seal_of(following).seal)
        anchor = self._anchor
        if seal.previous_hash != anchor.seal_hash or seal.first_sequence != anchor.sequence + 1:
            return Cut(reason.CHAIN_FORK, f"the peer holds another seal {anchor.seal_number} of this node")
        self._agreed = True
        return self._move_ack(anchor.seal_number, anchor.sequence)

    def _has_room(self) -> bool:
        limits = self._settings
        if len(self._in_flight) >= limits.in_flight_batches_max:
            return False
        return self._in_flight_bytes < limits.in_flight_bytes_max

    def _take(self) -> SealedBatch | None:
        """The next batch from what is at hand, if it is there; what was overtaken by acknowledgements is dropped."""
        while self._loaded and self._loaded[0].seal_number < self._next:
            self._loaded.popleft()
        if self._loaded:
            return self._loaded.popleft()
        recent = self._recent
        while recent and recent[0].seal_number < self._next:
            self._recent_bytes -= len(recent.popleft().batch_bytes)
        if recent and recent[0].seal_number == self._next:
            batch = recent.popleft()
            self._recent_bytes -= len(batch.batch_bytes)
            return batch
        return None

    def _sent(self, seal_number: int) -> SealedBatch | None:
        """A batch on the wire by its number; they are without gaps."""
        if not self._in_flight:
            return None
        index = seal_number - self._in_flight[0].seal_number
        return self._in_flight[index] if 0 <= index < len(self._in_flight) else None

    def _position_of(self, seal_number: int) -> Position | None:
        """The place of an own seal, where it is at hand."""
        if seal_number == self._sealed_at_open.seal_number:
            return self._sealed_at_open
        if seal_number == 0:
            return Position()
        if self._agreed and self._anchor.seal_number == seal_number:
            return self._anchor
        batch = self._sent(seal_number)
        if batch is None and self._recent and self._recent[-1].seal_number == seal_number:
            batch = self._recent[-1]
        if batch is None and self._last_acked is not None and self._last_acked.seal_number == seal_number:
            # What was acknowledged a moment ago is what the peer's next seal witnesses.
            batch = self._last_acked
        if batch is None:
            return None
        hash_of_seal = own_seal_hash(batch.batch_bytes)
        return Position(self._sealed_at_open.incarnation, seal_number, batch.last_sequence, hash_of_seal)


def _from_journal(peer: str, batch_bytes: bytes) -> SealedBatch:
    seal = pb.Seal.FromString(signed_seal_of(batch_bytes).seal)
    last_sequence = seal.first_sequence + seal.count - 1
    return SealedBatch(peer, seal.seal_number, last_sequence, seal.witnessed_seal_number, batch_bytes)

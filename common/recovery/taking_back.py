"""The order in which a node takes back what it forgot: that in which it happened.

A node's own seals say how far it had received when it made them. So, for each own seal that is missing: first what was
received up to there, then what the node said. What it received it takes in as ever, but it decides nothing: what was
asked waits until the node's own answer is found in one of its seals. What no answer is found for is processed at the
end.

HQ has many links, and its word on what one province said stands in the journals for others. So it first takes what it
had received on all of them, and then its own seals (hq_node/taking_back.py).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from google.protobuf.message import DecodeError

from common.core import NodeCore
from common.errors import StorageUnavailable
from common.gen.quanwang.federation.v1 import envelope_pb2
from common.gen.quanwang.federation.v1 import seal_pb2 as pb
from common.ids import link_name
from common.journal.audit import LinkAudit, Position
from common.link.effects import Cut
from common.link.receiver import AlreadyReceived, Receiver
from common.link.watermark import cursors_of
from common.messaging.envelope import parse
from common.messaging.intake import RetryPolicy
from common.messaging.link_reader import read_link
from common.messaging.links import LinkRow
from common.program.inline_writer import InlineWriter
from common.recovery.commands import EndRecovery, TakeBackBatch, TakeBackCancel, TakeBackRequest
from common.recovery.model import RecoveryAnswerUnfit

HOUR_US = 3_600_000_000
NOT_MEANWHILE = RetryPolicy(first_us=HOUR_US, most_us=HOUR_US)
"""For the core: what waits for the recovery is not tried again while it lasts; its end makes it due."""


class Given(NamedTuple):
    """Some of a link's batches behind a seal, as the peer has them, and how far its journal goes."""

    batches: list[bytes]
    last_seal: int


Fetch = Callable[[str, int], Awaitable[Given]]
"""`fetch(link, after)`: the next batches of a directed link behind a seal; none where there are no more."""

Answered = Callable[[pb.Entry], Any]
"""The command that takes back an answer of this node's, of which this is the entry."""

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class TakenBack:
    """What came back. `undecided`: requests that no outcome is recorded for."""

    own_batches: int = 0
    received_batches: int = 0
    requests: int = 0
    answers: int = 0
    undecided: int = 0

    def to_dict(self) -> dict[str, int]:
        return asdict(self)


class LinkTakingBack(ABC):
    """Takes back one link's two directions, on a core that does not serve and decides nothing."""

    def __init__(self, core: NodeCore, peer: str, progress: Progress) -> None:
        self.core, self.peer, self._progress = core, peer, progress
        self.writer = InlineWriter(core.dispatcher)
        self.own, self.theirs = link_name(core.node, peer), link_name(peer, core.node)
        self.taken = TakenBack()

    @abstractmethod
    def take_entry(self, entry: pb.Entry, batch: pb.SealedBatch, seal: pb.Seal) -> None:
        """Takes back what an entry of an own batch says; safe to repeat."""

    async def next_batches(self, fetch: Fetch, link: str, after: int) -> list[bytes]:
        """The next of a directed link that the peer has."""
        given = await fetch(link, after)
        self._progress(link, after, given.last_seal)
        return given.batches

    def row(self) -> LinkRow:
        """How far both directions are known by now."""
        return read_link(self.core.connection, self.peer, self.core.incarnation)

    def audited(self, batch: bytes) -> pb.Seal:
        """An own batch, proved to be this node's and to continue its journal. Raises RecoveryAnswerUnfit."""
        row = self.row()
        place = Position(row.sealed_seal_number, row.sealed_hash, row.sealed_sequence, row.epoch, row.incarnation)
        audit = LinkAudit(self.own, place, self._own_key, lambda _number: None)
        audit.take(row.sealed_seal_number + 1, batch)
        if audit.faults:
            raise self.unfit(self.own, row.sealed_seal_number + 1, audit.faults[0].code)
        return pb.Seal.FromString(pb.SealedBatch.FromString(batch).seal.seal)

    def _own_key(self, node: str, key_id: str, sealed_at_us: int) -> tuple[str, bytes] | None:
        """The key that the peer knew this node by, though its end was set by another clock than sealed with it."""
        return self.core.directory().past_signing_key(node, key_id, self._good_moment_us(node, key_id, sealed_at_us))

    def _good_moment_us(self, node: str, key_id: str, sealed_at_us: int) -> int:
        apart_us = self.core.link_settings.clock_skew_us_max
        return self.core.directory().good_moment_us(node, key_id, sealed_at_us, apart_us)

    def take_own(self, batch: bytes, seal: pb.Seal) -> None:
        """What was said comes before the seal: should this stop between the two, it is said to be known already."""
        parsed = pb.SealedBatch.FromString(batch)
        for entry in parsed.entries:
            self.take_entry(entry, parsed, seal)
        self.taken.own_batches += bool(self.writer.run(TakeBackBatch(self.peer, batch)))

    def take_request(self, entry: pb.Entry, seal: pb.Seal) -> None:
        """A request that this node itself had sent."""
        command = TakeBackRequest(entry.header, entry.body, entry.private_body, seal.sealed_at_us)
        self.taken.requests += bool(self.writer.run(command))

    def take_received(self, batch: bytes) -> None:
        """A batch of the peer's, judged and received as on a stream. Raises RecoveryAnswerUnfit, StorageUnavailable."""
        core, row = self.core, self.row()
        number = row.received_seal_number + 1
        try:
            seal = pb.Seal.FromString(pb.SealedBatch.FromString(batch).seal.seal)
        except DecodeError as error:
            raise self.unfit(self.theirs, number, "BATCH_MALFORMED") from error
        receiver = Receiver(
            core.node, self.peer, cursors_of(row).received, core.directory, core.judge, core.link_settings
        )
        receiver.begin(row.peer_incarnation or seal.incarnation)
        # By the key that was valid then: it may have been replaced since.
        result = receiver.check(batch, self._good_moment_us(self.peer, seal.key_id, seal.sealed_at_us))
        if isinstance(result, Cut):
            raise self.unfit(self.theirs, number, result.reason_code)
        if isinstance(result, AlreadyReceived):
            return
        outcome = core.dispatcher.run_group((), (result,))
        if outcome.storage_failed:
            raise StorageUnavailable(detail=self.theirs)
        if outcome.failed:
            raise self.unfit(self.theirs, number, next(iter(outcome.failed.values())))
        self.taken.received_batches += 1

    def received_seal_number(self) -> int:
        """How far the peer's journal is received by now."""
        return self.row().received_seal_number

    async def next_received(self, fetch: Fetch) -> list[bytes]:
        """The next of the peer's own batches."""
        return await self.next_batches(fetch, self.theirs, self.received_seal_number())

    def unfit(self, link: str, seal_number: int, detail: str) -> RecoveryAnswerUnfit:
        """What the peer gave is not what was said."""
        return RecoveryAnswerUnfit(peer=self.peer, link=link, seal_number=seal_number, detail=detail)


class TakingBack(LinkTakingBack):
    """A province takes back its one link."""

    def __init__(self, core: NodeCore, peer: str, answered: Answered, progress: Progress) -> None:
        super().__init__(core, peer, progress)
        self._answered = answered

    async def run(self, fetch: Fetch) -> TakenBack:
        """Everything that the peer has and this node has not. Raises RecoveryAnswerUnfit, and what `fetch` raises.
        Interrupted, it is repeated and goes on."""
        received = _Received(self, fetch)
        while batches := await self.next_batches(fetch, self.own, self.row().sealed_seal_number):
            for batch in batches:
                seal = self.audited(batch)
                await received.through(seal.witnessed_seal_number)
                self.take_own(batch, seal)
        await received.through(None)
        self.taken.undecided = self.writer.run(EndRecovery())
        return self.taken

    def take_entry(self, entry: pb.Entry, batch: pb.SealedBatch, seal: pb.Seal) -> None:
        if not entry.header:
            return
        routing = parse(entry.header, entry.body, entry.private_body).routing
        if routing.phase == envelope_pb2.PHASE_REQUEST:
            self.take_request(entry, seal)
        elif routing.phase == envelope_pb2.PHASE_CANCEL:
            self.writer.run(TakeBackCancel(entry.header))
        else:
            self.taken.answers += bool(self.writer.run(self._answered(entry)))


class _Received:
    """The peer's batches, fetched some at a time and taken as far as asked."""

    def __init__(self, taking: TakingBack, fetch: Fetch) -> None:
        self._taking, self._fetch = taking, fetch
        self._waiting: Iterator[bytes] = iter(())

    async def through(self, seal_number: int | None) -> None:
        """Takes what comes up to a seal; None: all there is."""
        while seal_number is None or self._taking.received_seal_number() < seal_number:
            batch = next(self._waiting, None)
            if batch is None:
                fetched = await self._taking.next_received(self._fetch)
                if not fetched:
                    return
                self._waiting = iter(fetched)
                continue
            self._taking.take_received(batch)

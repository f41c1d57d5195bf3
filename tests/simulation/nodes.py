"""A simulated node: the real core on simulated time, run the way its writer thread and its event loop run it.

What is in memory dies with a crash: queued commands and batches, streams, answers not yet told. The database stays.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from common.alarms.commands import RaiseAlarm
from common.core import NodeCore
from common.errors import QuanwangError, TemporaryFault
from common.ids import HQ, link_name
from common.leases.events import LeaseSeen
from common.leases.keeper import LeaseKeeper
from common.link import effects as reason
from common.link.watermark import LinkCursors, cursors_of
from common.messaging.dispatcher import CommandWork, GroupOutcome
from common.messaging.incoming import Incoming, ReceivedBatch, SealedBatch
from common.messaging.links import LinkRow, journal_batches, links, new_link
from common.messaging.replica import CLAIM_NOTICE, ClaimLink, Replica, read_claim_payload
from common.node_context import NodeContext
from hq_node.core import HANDLERS as HQ_HANDLERS
from hq_node.hub.commands import PassTimeLimits
from tests.simulation import databases
from tests.simulation.programs import HqProgram, Program
from tests.simulation.schedule import SkewedClock, Timer

if TYPE_CHECKING:
    from tests.simulation.links import LinkEnd
    from tests.simulation.world import World

Told = Callable[[Any, BaseException | None], None]
"""Hears of a command's result, or its fault. Never called where the node crashes first."""

LEASE_US = 3_000_000
STEP_US_MAX = 20_000
TICK_US = 500_000
COMMANDS_A_GROUP_MAX = 8
BATCHES_A_GROUP_MAX = 4


class SimulatedCrash(BaseException):
    """The process is gone at this point. Not an Exception: no handler may survive it."""


class NodeDown(Exception):
    """The node is not running."""


class ProcessingAway(TemporaryFault):
    """Something that processing needs is away, whatever the message."""

    en = "Away for now."
    zh = "暂不可用。"


class SimulatedNode:
    """One node's machine and process."""

    def __init__(self, world: World, node: str, path: Path, skew_us: int) -> None:
        self.world, self.node, self.path = world, node, path
        self.schedule, self.faults = world.schedule, world.faults
        self.clock = SkewedClock(world.schedule, skew_us)
        self.name = node
        self.replica: Replica | None = None
        self.lease: LeaseKeeper | None = None
        self.entropy = Random(f"{world.seed}/{node}/entropy")
        self.core: NodeCore | None = None
        self.data_dir = self._private_place(path.with_suffix(""))
        self.keys_place = self.data_dir
        """Where its keys and certificate are; replicas share them."""
        self.program: Program
        """Of the life that runs, or ran last."""
        self.context: NodeContext
        self.life = 0
        """Counts starts; what an earlier life arranged must not happen in a later one."""
        self.slow_until_us = 0
        self.disk_full = False
        self.processed = ProcessedOnce(world, node)
        self.ends: dict[str, LinkEnd] = {}
        self._commands: deque[CommandWork] = deque()
        self._batches: deque[ReceivedBatch] = deque()
        self._step: Timer | None = None
        self._out_of_service = False
        self._answers: list[tuple[Told, Any, BaseException | None]] = []

    @property
    def is_up(self) -> bool:
        return self.core is not None

    def become_replica(self, replica: Replica, first: SimulatedNode) -> None:
        """This process is one of several of its node. What they have processed is one memory."""
        self.name, self.replica = f"{self.node}{replica.name}", replica
        self.entropy = Random(f"{self.world.seed}/{self.name}/entropy")
        self.data_dir = self._private_place(self.path.with_name(self.name))
        self.keys_place = first.data_dir
        self.processed.share(first.processed)

    # Life

    def start(self) -> None:
        """Starts the process on what the database holds."""
        self.life += 1
        self.program = self.world.build_program(self)
        core = self.world.build_core(self)
        connection = core.connection
        connection.exec_driver_sql("PRAGMA synchronous=OFF")
        if self.disk_full:
            databases.limit_pages(connection)
        if not self._begin(core):
            return
        self.core, self.context = core, core.context
        intake: Any = core.dispatcher._intake
        intake._processor = FlakyProcessor(intake._processor, self)
        intake.rolled_back = self.processed.watching(intake.rolled_back)
        if self.replica is not None and self.replica.processes:
            self.lease = LeaseKeeper("timers", self.replica.name, self.clock, LEASE_US)
            core.dispatcher.subscribe(LeaseSeen, self.lease.seen)
        self.trace("starts")
        self.schedule.after(TICK_US, self._tick, self.life)
        self.schedule.after(self.world.tend_every_us, self._tend, self.life)
        self.world.started(self)

    def _begin(self, core: NodeCore) -> bool:
        """What the program does before it serves. Where that fails, whoever supervises it starts it again later."""
        try:
            self.program.started(core)
        except QuanwangError as error:
            self.trace(f"cannot start: {error.code}")
            core.close()
            self.schedule.after(1_000_000, self._restart)
            return False
        return True

    @staticmethod
    def _private_place(path: Path) -> Path:
        """A data directory, with room for keys and certificates."""
        for directory in (path, path / "keys", path / "tls"):
            directory.mkdir(mode=0o700, exist_ok=True)
        return path

    def crash(self, detail: str = "") -> None:
        """The process is gone; it comes back some time later."""
        if self.core is None:
            return
        self.trace(f"crashes {detail}".rstrip())
        core, self.core = self.core, None
        self._commands.clear()
        self._batches.clear()
        self._answers.clear()
        self.processed.undone()
        if self._step is not None:
            self._step.cancel()
            self._step = None
        for end in list(self.ends.values()):
            end.vanish()
        self.ends.clear()
        with suppress(sa.exc.SQLAlchemyError, sqlite3.Error):
            core.close()
        delay_us = self.world.random.randrange(100_000, 4_000_000)
        self.schedule.after(delay_us, self._restart)

    def take_out(self, detail: str) -> None:
        """Its operators stop it, or it is lost; it comes back only when it is put back."""
        self._out_of_service = True
        self.crash(detail)

    def put_back(self) -> None:
        """Its operators start it again."""
        self._out_of_service = False
        self._restart()

    def begin_anew(self) -> None:
        """The data directory and the database are empty."""
        self._private_place(self.data_dir)
        self.world.prepare_anew(self)
        self.processed.forget()

    def _restart(self) -> None:
        if self.core is None and not self._out_of_service:
            self.faults.counts["restart"] += 1
            self.start()

    def stop(self) -> None:
        """Ends the process for good, for the checkers."""
        if self.core is not None:
            self.core.close()
            self.core = None

    # What its edges do: commands in, links beside

    def execute(self, command: Any, told: Told) -> None:
        """Queues a command. Raises NodeDown."""
        if self.core is None:
            raise NodeDown()
        self._commands.append(CommandWork(command, lambda result, error: self._answers.append((told, result, error))))
        self.wake()

    def alarm(self, kind: str, peer: str, detail: str) -> None:
        """As a link raises it."""
        if self.core is not None:
            self.execute(RaiseAlarm(kind, peer, detail), lambda _result, _error: None)

    def submit_batch(self, batch: ReceivedBatch) -> None:
        """A batch that a link received."""
        self._batches.append(batch)
        self.wake()

    def wake(self) -> None:
        """There may be something to do: the writer takes its next group soon."""
        if self._step is None and self.core is not None:
            slow = self.schedule.now_us < self.slow_until_us
            delay_us = self.world.random.randrange(100, STEP_US_MAX) * (100 if slow else 1)
            self._step = self.schedule.after(delay_us, self._run_group)

    def noticed(self, channel: str, payload: str) -> None:
        """Another process of this node told something."""
        if self.core is None:
            return
        if channel == CLAIM_NOTICE:
            peer, epoch = read_claim_payload(payload)
            if (end := self.ends.get(peer)) is not None:
                end.link_lost(epoch - 1)
        if isinstance(self.program, HqProgram):
            self.program.noticed(channel)
        self.core.dispatcher.noticed(channel, payload)
        if self.core.dispatcher.has_work():
            self.wake()

    def claim(self, peer: str, told: Told) -> None:
        """Makes this process the owner of a link; tells its cursors."""
        self.execute(ClaimLink(peer), told)

    def cursors(self, peer: str) -> LinkCursors:
        """The durable cursors of a link."""
        assert self.core is not None
        row = self.core.connection.execute(sa.select(links).where(links.c.peer == peer)).one_or_none()
        return cursors_of(LinkRow._make(row) if row is not None else new_link(peer, self.core.incarnation))

    def journal(self, link: str, after_seal: int, bytes_max: int) -> list[tuple[int, bytes]]:
        """Batches of the own journal."""
        assert self.core is not None
        return journal_batches(self.core.connection, link, after_seal, bytes_max)

    # The writer

    def _tick(self, life: int) -> None:
        if life != self.life or self.core is None:
            return
        self.schedule.after(TICK_US, self._tick, life)
        if isinstance(self.program, HqProgram):
            self.program.look_after_other_replicas()
        if self.lease is not None:
            for command in self.lease.due() + (self.lease.under(self._timers()) if self.lease.epoch else []):
                self.execute(command, self._timed)
        elif self.node == HQ and self.replica is None:
            for command in self._timers():
                self.execute(command, self._timed)
        elif self.core.dispatcher.has_work():
            self.wake()

    def _timers(self) -> list[Any]:
        return [PassTimeLimits(), *self.program.timed_commands()]

    def _tend(self, life: int) -> None:
        """The keeper of the node's keys looks after them: of several replicas, the one that holds the lease."""
        if life == self.life and self.core is not None:
            self.schedule.after(self.world.tend_every_us, self._tend, life)
            if self.replica is None or (self.lease is not None and self.lease.epoch):
                self.program.tend()

    def _timed(self, result: Any, _error: BaseException | None) -> None:
        if isinstance(result, int) and result:
            self.trace(f"time limits passed {result}")

    def _run_group(self) -> None:
        self._step = None
        if self.core is None:
            return
        random = self.world.random
        commands = self._take(self._commands, random.randint(1, COMMANDS_A_GROUP_MAX))
        batches = self._take(self._batches, random.randint(1, BATCHES_A_GROUP_MAX))
        try:
            outcome = self.core.dispatcher.run_group(commands, batches)
        except SimulatedCrash as crash:
            self.crash(str(crash))
            return
        self.world.group_done(self, outcome, len(commands), len(batches))
        answers, self._answers = self._answers, []
        self.schedule.after(random.randrange(0, 5_000), self._tell, self.life, outcome, answers)
        if self._commands or self._batches or (not outcome.storage_failed and self.core.dispatcher.has_work()):
            self.wake()

    @staticmethod
    def _take(queue: deque[Any], most: int) -> list[Any]:
        return [queue.popleft() for _ in range(min(len(queue), most))]

    def _tell(self, life: int, outcome: GroupOutcome, answers: list[tuple[Told, Any, BaseException | None]]) -> None:
        """On the event loop: links and callers hear of the commit, some time after it."""
        if life != self.life or self.core is None:
            return
        sealed: dict[str, list[SealedBatch]] = {}
        for batch in outcome.sealed:
            sealed.setdefault(batch.peer, []).append(batch)
        for peer in {**outcome.received, **sealed}:
            end = self.ends.get(peer)
            if end is not None:
                end.group_committed(outcome.received.get(peer), sealed.get(peer, []))
        for peer, reason_code in outcome.failed.items():
            end = self.ends.get(peer)
            if end is not None:
                end.end(reason_code)
        for peer, epoch in outcome.lost.items():
            if (end := self.ends.get(peer)) is not None:
                end.link_lost(epoch)
        if outcome.storage_failed and self.replica is not None:
            for end in list(self.ends.values()):
                end.end(reason.STORAGE_UNAVAILABLE)
        for told, result, error in answers:
            told(result, error)

    def commit(self, connection: sa.Connection) -> None:
        """The dispatcher's commit, where crashes and full disks strike."""
        if self.core is None:
            # The program is only starting: where that fails, it is as if it had not been started.
            connection.exec_driver_sql("COMMIT")
            return
        if self.faults.strikes("crash_before_commit"):
            raise SimulatedCrash("before commit")
        if self.faults.strikes("commit_refused"):
            raise OperationalError("COMMIT", (), sqlite3.OperationalError("database or disk is full"))
        connection.exec_driver_sql("COMMIT")
        self.processed.committed()
        if self.faults.strikes("crash_after_commit"):
            self.world.commit_unseen(self)
            raise SimulatedCrash("after commit")

    # Faults that last

    def set_disk_full(self, full: bool) -> None:
        """The disk has no room, or has some again."""
        self.disk_full = full
        self.trace("disk full" if full else "disk has room")
        if self.core is not None:
            (databases.limit_pages if full else databases.free_pages)(self.core.connection)

    def trace(self, text: str) -> None:
        self.world.trace(self.name, text)

    def own_link(self, peer: str) -> str:
        return link_name(self.node, peer)


class ProcessedOnce:
    """What a node's committed groups have processed: each place of a journal once, each message's first coming once.

    The state tables would forgive most repetitions, so nothing else would show that the inbox had stopped working.
    """

    def __init__(self, world: World, node: str) -> None:
        self._world, self._node = world, node
        self._now: list[Any] = []
        self._durable: set[Any] = set()

    def share(self, other: ProcessedOnce) -> None:
        """What another process of the node has processed is processed for this one too."""
        self._durable = other._durable

    def forget(self) -> None:
        """The node's database is gone, and what was processed with it."""
        self._durable.clear()

    def remembered(self) -> set[Any]:
        """What a copy of the database, made now, would know to be processed."""
        return set(self._durable)

    def go_back(self, remembered: set[Any], answered: set[Any]) -> None:
        """The database is that of a backup. `answered`: messages whose answers somebody else holds: to process one of
        these again would be to decide anew."""
        self._durable = remembered | (self._durable & answered)

    def note(self, incoming: Incoming, *, repeated: bool) -> None:
        """A message was processed, if the group is committed."""
        if incoming.envelope is None or incoming.peer == self._node:
            return
        self._now.append((incoming.link, incoming.seal_number, incoming.index))
        if not repeated:
            routing = incoming.envelope.routing
            self._now.append((routing.source, routing.message_id))

    def watching(self, rolled_back: Callable[[], bool]) -> Callable[[], bool]:
        """`rolled_back`, which also takes back what was noted of the group."""

        def watched() -> bool:
            self.undone()
            return rolled_back()

        return watched

    def undone(self) -> None:
        """The group never was."""
        self._now = []

    def committed(self) -> None:
        """The group is durable."""
        for key in self._now:
            if key in self._durable:
                self._world.find("processed-once", f"{self._node} processed {key} again")
            self._durable.add(key)
        self._now = []


class FlakyProcessor:
    """The node's message processor, some of whose tries fail for now, before or after their work."""

    def __init__(self, processor: Any, node: SimulatedNode) -> None:
        self._processor, self._node = processor, node
        self.refuse = processor.refuse

    def process(self, incoming: Incoming, uow: Any) -> None:
        """Carries the message out, unless something is away."""
        faults = self._node.faults
        fails = incoming.peer != self._node.node and faults.strikes("processing_fails_for_now")
        if fails and faults.random.random() < 0.5:
            raise ProcessingAway()
        self._processor.process(incoming, uow)
        if fails:
            raise ProcessingAway()
        self._node.processed.note(incoming, repeated=False)

    def repeat(self, incoming: Incoming, uow: Any) -> None:
        """The message came again."""
        self._processor.repeat(incoming, uow)
        self._node.processed.note(incoming, repeated=True)


assert PassTimeLimits in HQ_HANDLERS

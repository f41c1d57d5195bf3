"""The writer thread: takes what waits, runs it as groups, and tells the event loop.

Interactive commands come before federation, federation before bulk; bulk work is taken one command at a time, so that
it never holds the others up for longer than one slice.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from common.access_control.actor import SYSTEM, Actor
from common.alarms.commands import RaiseAlarm
from common.clock import Clock
from common.errors import StorageUnavailable, TemporaryFault
from common.log import get_logger
from common.messaging.dispatcher import CommandWork, GroupOutcome
from common.messaging.incoming import LinkPort, ReceivedBatch, SealedBatch

log = get_logger()


STORAGE_AGAIN_US = 1_000_000
"""How often a database that takes nothing is asked again."""


class NodeBusy(TemporaryFault):
    """More commands wait than the node takes."""

    en = "The node is busy: {waiting} commands wait already. Try again shortly."
    zh = "节点繁忙：已有 {waiting} 个命令在等待，请稍后重试。"


class NodeStopping(TemporaryFault):
    """The node is being stopped."""

    en = "The node is stopping; nothing was changed."
    zh = "节点正在停止，未做任何更改。"


class GroupRunner(Protocol):
    """What the writer's thread runs groups with: the dispatcher."""

    @property
    def shared(self) -> bool:
        """Whether other processes write to the same database."""

    def run_group(self, commands: Sequence[CommandWork], batches: Sequence[ReceivedBatch]) -> GroupOutcome: ...

    def has_work(self) -> bool: ...

    def noticed(self, channel: str, payload: str) -> None: ...

    def port(self, peer: str) -> LinkPort: ...


class LinkListener(Protocol):
    """A live link, told on the event loop what became durable."""

    def group_committed(self, received: ReceivedBatch | None, sealed: list[SealedBatch]) -> None: ...

    def group_failed(self, reason: str) -> None: ...

    def link_lost(self, epoch: int) -> None: ...


@dataclass(frozen=True, slots=True)
class WriterLimits:
    """How much is taken into one group, how much may wait, and how often the clock is looked at (ms)."""

    commands_a_group_max: int = 256
    commands_a_half_min: int = 32
    """From twice as many on, up to four times, the commands that wait go in two groups."""
    batches_a_group_max: int = 16
    commands_waiting_max: int = 20_000
    tick_ms: int = 250


class Queue(NamedTuple):
    """What waits for the writer: how much of it, and for how long the oldest has (µs)."""

    name: str
    waiting: int
    oldest_us: int


class Writer:
    """Runs a dispatcher on a thread of its own."""

    def __init__(
        self,
        dispatcher: GroupRunner,
        clock: Clock,
        timer: Callable[[], list[Any]] | None = None,
        observe: Callable[[GroupOutcome], None] | None = None,
        limits: WriterLimits | None = None,
    ) -> None:
        self._dispatcher = dispatcher
        self._clock = clock
        self._timer = timer or list
        self._observe = observe or (lambda outcome: None)
        self._limits = limits or WriterLimits()
        self._ready = threading.Condition()
        self._interactive: deque[CommandWork] = deque()
        self._bulk: deque[CommandWork] = deque()
        self._batches: deque[ReceivedBatch] = deque()
        self._woken = False
        self._waking = False
        self._notices: deque[tuple[str, str]] = deque()
        self._stopping = False
        self._listeners: dict[str, LinkListener] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._answers: list[tuple[asyncio.Future[Any], Any, BaseException | None]] = []
        self._next_tick_us = 0
        self._storage_again_us = 0
        self.storage_failing = False
        """Whether a group could not be stored, and no write was taken since."""

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begins to run groups; results are given on `loop`."""
        self._loop = loop
        self._thread.start()

    def stop(self) -> None:
        """Finishes what waits and ends the thread."""
        with self._ready:
            self._stopping = True
            self._ready.notify()
        self._thread.join()

    # From the event loop

    def execute(self, command: Any, bulk: bool = False, actor: Actor = SYSTEM) -> asyncio.Future[Any]:
        """A future for the command's result; it fails with the handler's refusal or fault. `actor`: who wishes it."""
        loop = self._loop
        assert loop is not None, "the writer was not started"
        future: asyncio.Future[Any] = loop.create_future()

        def done(result: Any, error: BaseException | None) -> None:
            self._answers.append((future, result, error))

        self._put(
            CommandWork(command, done, self._clock.monotonic_us(), actor), self._bulk if bulk else self._interactive
        )
        return future

    def submit_batch(self, batch: ReceivedBatch) -> None:
        """A batch that a link received; its listener hears what became of it."""
        batch.waits_since_us = self._clock.monotonic_us()
        with self._ready:
            self._batches.append(batch)
        self._wake_once()

    def queues(self) -> list[Queue]:
        """What waits right now: commands, bulk commands, received batches."""
        queues: dict[str, deque[Any]] = {"commands": self._interactive, "bulk": self._bulk, "batches": self._batches}
        now_us = self._clock.monotonic_us()
        with self._ready:
            return [
                Queue(name, len(queue), max(0, now_us - queue[0].waits_since_us) if queue else 0)
                for name, queue in queues.items()
            ]

    def wake(self) -> None:
        """Something outside changed (a link opened, credit came back): there may be something to seal."""
        with self._ready:
            self._woken = True
        self._wake_once()

    def notice(self, channel: str, payload: str) -> None:
        """Another process of the node told something (common.messaging.replica). On any thread."""
        with self._ready:
            self._notices.append((channel, payload))
            self._woken = True
            self._ready.notify()

    def claimed(self, peer: str, epoch: int) -> None:
        """The link of a peer was claimed under `epoch`, here or elsewhere. On any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.link_lost, peer, epoch - 1)

    def port(self, peer: str) -> LinkPort:
        """What the sealer must know of the link with `peer`."""
        return self._dispatcher.port(peer)

    def listen(self, peer: str, listener: LinkListener | None) -> None:
        """From now on `listener` hears of commits that concern `peer` (None: nobody)."""
        if listener is None:
            self._listeners.pop(peer, None)
        else:
            self._listeners[peer] = listener

    def link_lost(self, peer: str, epoch: int) -> None:
        """The link of a peer has another owner than under `epoch`. On the event loop."""
        listener = self._listeners.get(peer)
        if listener is not None:
            listener.link_lost(epoch)

    def _put(self, work: CommandWork, queue: deque[CommandWork]) -> None:
        with self._ready:
            if self._stopping:
                raise NodeStopping()
            if len(queue) >= self._limits.commands_waiting_max:
                raise NodeBusy(waiting=len(queue))
            queue.append(work)
        self._wake_once()

    def _wake_once(self) -> None:
        """Wakes the writer once this turn of the event loop is over: what comes in one turn goes into one group.

        Woken by the first command of many it would run that one alone, and a group costs much the same for one as for
        ten. Whoever is alone waits for no longer than the rest of the turn.
        """
        if self._loop is None:
            # Not started: what waits is taken then.
            return
        if not self._waking:
            self._waking = True
            self._loop.call_soon(self._wake_now)

    def _wake_now(self) -> None:
        self._waking = False
        with self._ready:
            self._ready.notify()

    # On the writer's thread

    def _run(self) -> None:
        while True:
            commands, batches, ticked = self._take()
            while self._notices:
                self._dispatcher.noticed(*self._notices.popleft())
            if self._stopping and not commands and not batches:
                return
            if ticked:
                commands = [*commands, *(CommandWork(command, self._timed) for command in self._due_by_time())]
                commands += self._storage_again()
            if not commands and not batches and not self._dispatcher.has_work():
                continue
            try:
                outcome = self._dispatcher.run_group(commands, batches)
            except Exception:
                # The dispatcher answers for its items; this is a fault of its own, and the node goes on.
                log.exception("group lost", commands=len(commands), batches=len(batches))
                outcome = GroupOutcome(failed={batch.peer: "INTERNAL_FAULT" for batch in batches})
            self._tell(outcome)
            if self._dispatcher.shared and not outcome.storage_failed and self._dispatcher.has_work():
                # What others left is more than one group takes.
                self._woken = True

    def _take(self) -> tuple[list[CommandWork], list[ReceivedBatch], bool]:
        """Everything that waits, within the limits of a group; waits for the next tick when nothing does."""
        limits = self._limits
        with self._ready:
            if not (self._interactive or self._batches or self._bulk or self._woken or self._stopping):
                self._ready.wait(max(0.0, (self._next_tick_us - self._clock.monotonic_us()) / 1e6))
            ticked = self._clock.monotonic_us() >= self._next_tick_us
            if ticked:
                self._next_tick_us = self._clock.monotonic_us() + limits.tick_ms * 1000
            self._woken = False
            commands = [self._interactive.popleft() for _ in range(self._size_of_group())]
            batches = [self._batches.popleft() for _ in range(min(len(self._batches), limits.batches_a_group_max))]
            if self._bulk and (ticked or not (commands or batches)):
                # With every tick at least one: bulk work is last, but it must get on.
                commands.append(self._bulk.popleft())
            return commands, batches, ticked

    def _size_of_group(self) -> int:
        """How many commands the next group takes. All that wait, as a rule; half of as many as would otherwise go
        through all nodes as one: the peer works on the one half while this node works on the other. Fewer are not
        worth a commit and a signature of their own, and of more there is enough to do everywhere."""
        waiting, least = len(self._interactive), self._limits.commands_a_half_min
        if 2 * least <= waiting <= 4 * least:
            return waiting // 2
        return min(waiting, self._limits.commands_a_group_max)

    def _due_by_time(self) -> list[Any]:
        try:
            return self._timer()
        except Exception:
            log.exception("timer failed")
            return []

    def _timed(self, _result: Any, error: BaseException | None) -> None:
        if error is not None:
            log.error("timed command failed", error=str(error))

    def _storage_again(self) -> list[CommandWork]:
        """While storage fails, something to store: a group without does well on a full disk too, and where nobody asks
        there is no group at all. What tells that storage is back also tells the operator that it was away."""
        now_us = self._clock.monotonic_us()
        if not self.storage_failing or now_us < self._storage_again_us:
            return []
        self._storage_again_us = now_us + STORAGE_AGAIN_US
        detail = "the database took nothing for a while; all that was refused then was refused as a whole"
        return [CommandWork(RaiseAlarm(StorageUnavailable.code, "database", detail), self._storage_answered)]

    def _storage_answered(self, _result: Any, error: BaseException | None) -> None:
        self.storage_failing = error is not None

    def _tell(self, outcome: GroupOutcome) -> None:
        self.storage_failing = self.storage_failing or outcome.storage_failed
        self._observe(outcome)
        answers, self._answers = self._answers, []
        changed = (answers, outcome.received, outcome.sealed, outcome.failed, outcome.lost, outcome.storage_failed)
        if any(changed) and self._loop is not None:
            self._loop.call_soon_threadsafe(self._on_loop, answers, outcome)

    def _on_loop(
        self, answers: list[tuple[asyncio.Future[Any], Any, BaseException | None]], outcome: GroupOutcome
    ) -> None:
        # Whoever asked comes first: a link that stumbles over what it hears must keep no answer back.
        for future, result, error in answers:
            if not future.done():
                if error is None:
                    future.set_result(result)
                else:
                    future.set_exception(error)
        sealed: dict[str, list[SealedBatch]] = {}
        for batch in outcome.sealed:
            sealed.setdefault(batch.peer, []).append(batch)
        for peer in {**outcome.received, **sealed}:
            listener = self._listeners.get(peer)
            if listener is not None:
                listener.group_committed(outcome.received.get(peer), sealed.get(peer, []))
        for peer, reason in outcome.failed.items():
            listener = self._listeners.get(peer)
            if listener is not None:
                listener.group_failed(reason)
        for peer, epoch in outcome.lost.items():
            self.link_lost(peer, epoch)
        if outcome.storage_failed and self._dispatcher.shared:
            # Whether the last group was stored is known to the database alone, so every link is claimed anew.
            for listener in list(self._listeners.values()):
                listener.group_failed(StorageUnavailable.code)

"""Groups of two replicas of HQ on one PostgreSQL database, interleaved statement by statement.

Each group runs on a thread that stops before every statement; the test lets one statement through at a time, and asks
the server whether its transaction waits for the other's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from types import MappingProxyType
from typing import Any

import psycopg
import sqlalchemy as sa

import hq_node.core
from common.access_control import actor as access
from common.core import NodeCore
from common.db.engine import open_reader
from common.errors import Refusal
from common.ids import HQ
from common.messaging.dispatcher import CommandWork
from common.messaging.incoming import ReceivedBatch
from common.messaging.replica import Replica
from common.requests.model import RequestAlreadyEnded
from tests.support.federation import Federation

PATIENCE_S = 30.0
LOOK_S = 0.002
STATEMENTS_MAX = 200


class Actor:
    """One group of a replica, on a thread of its own, that goes on by a statement when it is told to."""

    def __init__(
        self,
        core: NodeCore,
        commands: Sequence[Any],
        batches: Sequence[ReceivedBatch] = (),
        acting: access.Actor = access.SYSTEM,
        too_late: type[Refusal] = RequestAlreadyEnded,
    ) -> None:
        """`acting`: who wishes the commands; `too_late`: what the later of two is told who decide the same."""
        self._core, self._batches, self._too_late = core, batches, too_late
        self._may = threading.Semaphore(0)
        self._stands = threading.Event()
        self.over = False
        self.place = 0
        """Its place in the order in which groups came to their ends."""
        self.errors: list[BaseException] = []
        self.results: list[Any] = []
        """Of the commands that were carried out."""
        self._works = [CommandWork(command, self._done, actor=acting) for command in commands]
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        stepping[self._core.replica.name] = self  # type: ignore[union-attr]
        self._thread.start()
        assert self._stands.wait(PATIENCE_S)

    def before_statement(self) -> None:
        """On its thread."""
        self._stands.set()
        assert self._may.acquire(timeout=PATIENCE_S), "nobody lets it go on"

    def step(self, waits: Callable[[int], bool]) -> bool:
        """Lets one statement through; returns when the next one is due, or the group is over. False: it waits for the
        other replica."""
        if self.over:
            return True
        if self._stands.is_set():
            self._stands.clear()
            self._may.release()
        for _ in range(round(PATIENCE_S / LOOK_S)):
            if self._stands.wait(LOOK_S):
                return True
            if waits(self.backend):
                return False
        raise AssertionError("it neither goes on nor waits for the other")

    @property
    def backend(self) -> int:
        return int(driver_of(self._core).info.backend_pid)

    def join(self) -> None:
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._core.dispatcher.run_group(self._works, self._batches)
        except BaseException as error:
            self.errors.append(error)
        finally:
            self.place, self.over = next(places), True
            del stepping[self._core.replica.name]  # type: ignore[union-attr]
            self._stands.set()

    def _done(self, result: Any, error: BaseException | None) -> None:
        if error is None:
            self.results.append(result)
        elif not isinstance(error, self._too_late):
            self.errors.append(error)


places = count(1)
stepping: dict[str, Actor] = {}
"""The groups under way, by their replica."""


def driver_of(core: NodeCore) -> psycopg.Connection[Any]:
    driver: Any = core.connection.connection.dbapi_connection
    return driver


class Interleaving:
    """Lets the statements of two actors through, and asks the server who waits."""

    def __init__(self, url: str) -> None:
        self._engine = open_reader(url)
        self._monitor = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def close(self) -> None:
        self._monitor.close()
        self._engine.dispose()

    def waits(self, backend: int) -> bool:
        """Whether the transaction of that connection waits for another one."""
        found = self._monitor.execute(sa.text("SELECT cardinality(pg_blocking_pids(:backend))"), {"backend": backend})
        return bool(found.scalar())

    def run(self, first: Actor, second: Actor, after: int) -> int:
        """`first` gets so many statements, then `second` goes as far as it can, then whoever can. Returns how many
        statements `first` had in all; fails where both wait."""
        first.start()
        second.start()
        steps = 0
        while not first.over and steps < after and first.step(self.waits):
            steps += 1
        while not (first.over and second.over):
            went_on = False
            for actor in (second, first):
                while not actor.over and actor.step(self.waits):
                    steps += actor is first
                    went_on = True
                    assert steps < STATEMENTS_MAX
            if not went_on:
                # Whoever waits may have been let in by what the other's last step did.
                went_on = any(not self.waits(actor.backend) for actor in (first, second) if not actor.over)
            assert went_on, "each waits for the other"
        first.join()
        second.join()
        assert first.errors + second.errors == []
        return steps


def make_replica(federation: Federation, name: str, handlers: Mapping[type, Any] = MappingProxyType({})) -> NodeCore:
    """A replica of HQ on the federation's database, whose statements an Actor can hold up."""
    core = hq_node.core.build_core(
        federation.urls[HQ],
        federation.signers[HQ],
        federation.private_keys[HQ],
        federation.directory,
        federation.clock,
        federation._entropy,
        replica=Replica(name),
        handlers=dict(handlers),
    )

    class Stepping(psycopg.Cursor[Any]):
        def execute(self, *arguments: Any, **named: Any) -> Any:
            actor = stepping.get(name)
            if actor is not None and threading.current_thread() is actor._thread:
                actor.before_statement()
            return super().execute(*arguments, **named)

    driver_of(core).cursor_factory = Stepping
    return core

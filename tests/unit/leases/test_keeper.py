"""A lease has one holder; one that dies is followed, and does nothing more that counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from common.clock import Clock
from common.db.engine import open_writer
from common.db.unit_of_work import UnitOfWork
from common.ids import IdSource
from common.leases.commands import BeatLease, ReleaseLease, UnderLease
from common.leases.handlers import handlers
from common.leases.keeper import LEASE_US, LeaseKeeper
from common.leases.repository import LEASES
from tests.support.enrolment import HandClock
from tests.support.stores import Databases


@dataclass(frozen=True, slots=True)
class Note:
    """Something that only the holder may do."""

    by: str


class Table:
    """The lease's table, and what was done under the lease."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.engine = open_writer(url)
        self.connection = self.engine.connect()
        self.clock = clock
        self.done: list[str] = []
        self.handlers = handlers({Note: lambda command, uow: self.done.append(command.by)})

    def run(self, command: Any, keeper: LeaseKeeper | None = None) -> Any:
        """One group, committed; the keeper hears what was seen in it."""
        uow = UnitOfWork(self.connection, IdSource(self.clock, bytes), self.clock.now_us())
        uow.store.begin(self.connection)
        uow.begin_item()
        result = self.handlers[type(command)](command, uow)
        uow.keep_item()
        uow.flush()
        uow.store.commit(self.connection)
        uow.close()
        if keeper is not None:
            for event in uow.events:
                keeper.seen(event)
        return result

    def turn(self, keeper: LeaseKeeper) -> None:
        """What the keeper wishes now, and a note under the lease if it believes that it holds it."""
        for command in keeper.due():
            self.run(command, keeper)
        for command in keeper.under([Note(keeper._owner)]) if keeper.epoch else ():
            self.run(command)

    def close(self) -> None:
        self.connection.close()
        self.engine.dispose()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def table(databases: Databases, clock: HandClock) -> Any:
    made = Table(databases.with_tables(), clock)
    yield made
    made.close()


def test_the_second_waits_while_the_first_says_that_it_is_alive(table: Table, clock: HandClock) -> None:
    first, second = LeaseKeeper("timers", "a", clock), LeaseKeeper("timers", "b", clock)
    for _ in range(20):
        table.turn(first)
        table.turn(second)
        clock.at_us += LEASE_US // 3
    assert (first.epoch, second.epoch) == (1, 0)
    assert set(table.done) == {"a"}


def test_the_second_takes_over_when_the_first_is_silent_and_not_before(table: Table, clock: HandClock) -> None:
    first, second = LeaseKeeper("timers", "a", clock), LeaseKeeper("timers", "b", clock)
    table.turn(first)
    table.turn(second)
    waited_us = 0
    while not second.epoch:
        clock.at_us += 1_000_000
        waited_us += 1_000_000
        table.turn(second)
        assert waited_us <= LEASE_US * 4 // 3 + 1_000_000
    assert waited_us >= LEASE_US
    assert second.epoch == 2


def test_a_former_holder_does_nothing_more_when_it_wakes_up(table: Table, clock: HandClock) -> None:
    first, second = LeaseKeeper("timers", "a", clock), LeaseKeeper("timers", "b", clock)
    table.turn(first)
    while not second.epoch:
        clock.at_us += LEASE_US // 2
        table.turn(second)
    table.done.clear()
    # It still believes that it holds the lease, and has said so to nobody yet.
    assert first.epoch == 1
    table.run(UnderLease("timers", 1, Note("a")))
    assert table.done == []
    clock.at_us += LEASE_US
    table.turn(first)
    assert first.epoch == 0


def test_the_next_one_need_not_wait_when_the_holder_stops_in_good_order(table: Table, clock: HandClock) -> None:
    first, second = LeaseKeeper("timers", "a", clock), LeaseKeeper("timers", "b", clock)
    table.turn(first)
    table.turn(second)
    assert table.run(ReleaseLease("timers", first.epoch))
    assert not table.run(ReleaseLease("timers", first.epoch))
    clock.at_us += LEASE_US // 3
    table.turn(second)
    assert second.epoch == 3


def test_a_lease_is_not_taken_from_a_holder_whose_beat_has_moved_after_all(table: Table, clock: HandClock) -> None:
    table.run(BeatLease("timers", "a", 0))
    table.run(BeatLease("timers", "a", 1))
    assert table.run(BeatLease("timers", "b", 0, silent=(1, 0))).owner == "a"
    assert table.run(BeatLease("timers", "b", 0, silent=(1, 1))).owner == "b"
    assert LEASES.name == "leases"

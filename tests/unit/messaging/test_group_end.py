"""A group leaves nothing of the driver behind for the collector to free on another thread."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa

from common.db.engine import open_writer
from common.db.rows import RowSet, RowSpec
from common.db.unit_of_work import UnitOfWork
from common.ids import IdSource
from common.messaging.dispatcher import CommandWork, Dispatcher
from tests.support.province_uow import FixedClock
from tests.support.stores import Databases

METADATA = sa.MetaData()
cups = sa.Table("cups", METADATA, sa.Column("cup", sa.String(8), primary_key=True))


class CupRow(NamedTuple):
    cup: str


CUPS = RowSpec(cups, CupRow)


class Fill(NamedTuple):
    cup: str


class Cup:
    """Something that a group holds."""


class NothingComesIn:
    """Stands in for the intake."""

    def suspects_due(self, _now_us: int) -> bool:
        return False

    def receive(self, *_: Any) -> list[Any]:
        return []

    def due(self, _uow: Any) -> list[Any]:
        return []

    def process_here(self, _uow: Any) -> None:
        pass

    settle = process_here

    def committed(self) -> None:
        pass

    def rolled_back(self) -> bool:
        return False


class NothingGoesOut:
    """Stands in for the sealer."""

    def seal(self, _uow: Any) -> Any:
        return SimpleNamespace(batches=[], lost={})

    def committed(self, _group: Any) -> None:
        pass


@pytest.fixture
def connection(databases: Databases) -> Iterator[sa.Connection]:
    engine = open_writer(databases.with_tables(metadata=METADATA))
    with engine.connect() as connection:
        connection.execute(cups.insert().values(cup="full"))
        yield connection
    engine.dispose()


@pytest.mark.parametrize(("cup", "filled"), [("empty", True), ("full", False)])
def test_the_cursor_is_closed_when_the_group_has_ended(connection: sa.Connection, cup: str, filled: bool) -> None:
    """Whether it was committed or not: here a row with this key is there already, so that the flush fails."""
    row_sets: list[RowSet[CupRow]] = []

    def fill(command: Fill, uow: UnitOfWork) -> bool:
        row_sets.append(uow.rows(CUPS))
        row_sets[-1].insert(CupRow(command.cup))
        return True

    ids = IdSource(FixedClock(), bytes)
    intake: Any = NothingComesIn()
    sealer: Any = NothingGoesOut()
    dispatcher = Dispatcher(connection, UnitOfWork, {Fill: fill}, intake, sealer, ids, FixedClock())
    answers: list[Any] = []
    dispatcher.run_group([CommandWork(Fill(cup), lambda result, error: answers.append(error is None))], ())
    assert answers == [filled]
    assert row_sets
    for row_set in row_sets:
        with pytest.raises(Exception, match=r"closed cursor|cursor is closed"):
            row_set.get("another")


def test_what_a_group_held_is_free_when_it_has_ended_without_being_looked_for(connection: sa.Connection) -> None:
    """A unit of work and its repositories hold each other, and all that the group read and said."""
    said = Cup()
    freed = weakref.ref(said)

    def hold(_command: Fill, uow: UnitOfWork) -> None:
        nonlocal said
        uow.kept["uow"] = uow
        uow.kept["said"] = said
        del said

    intake: Any = NothingComesIn()
    sealer: Any = NothingGoesOut()
    ids = IdSource(FixedClock(), bytes)
    dispatcher = Dispatcher(connection, UnitOfWork, {Fill: hold}, intake, sealer, ids, FixedClock())
    answers: list[Any] = []
    gc.disable()
    try:
        dispatcher.run_group([CommandWork(Fill("empty"), lambda _result, error: answers.append(error))], ())
        assert answers == [None]
        assert freed() is None
    finally:
        gc.enable()

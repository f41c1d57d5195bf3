"""Items of one group: what one of them does wrong, the others do not feel."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import sqlalchemy as sa

from common.db.engine import open_writer, sqlite_url
from common.db.rows import RowSet, RowSpec
from common.db.unit_of_work import UnitOfWork
from common.ids import IdSource
from tests.support.province_uow import FixedClock

METADATA = sa.MetaData()
boxes = sa.Table(
    "boxes",
    METADATA,
    sa.Column("box", sa.String(8), primary_key=True),
    sa.Column("content", sa.String(8), nullable=False),
)


class BoxRow(NamedTuple):
    box: str
    content: str


BOXES = RowSpec(boxes, BoxRow)


class Boxes:
    """A repository as the features have them: it keeps its row set for the whole group."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.rows: RowSet[BoxRow] = uow.rows(BOXES)

    def holding(self, content: str) -> list[str]:
        statement = sa.select(boxes.c.box).where(boxes.c.content == content).order_by(boxes.c.box)
        return [box for (box,) in self.uow.query(statement)]


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sa.Connection]:
    engine = open_writer(sqlite_url(str(tmp_path / "node.db")))
    with engine.connect() as connection:
        METADATA.create_all(connection)
        connection.execute(boxes.insert().values(box="old", content="tea"))
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
    engine.dispose()


@pytest.fixture
def uow(connection: sa.Connection) -> UnitOfWork:
    return UnitOfWork(connection, IdSource(FixedClock(), bytes), 1)


def stored(connection: sa.Connection) -> dict[str, str]:
    return dict(connection.execute(sa.select(boxes)).tuples().all())


def test_later_items_are_stored_when_an_item_that_had_searched_failed(
    uow: UnitOfWork, connection: sa.Connection
) -> None:
    repository = Boxes(uow)
    uow.begin_item()
    assert repository.holding("tea") == ["old"]
    uow.drop_item()
    uow.begin_item()
    repository.rows.insert(BoxRow("new", "rice"))
    old = repository.rows.get("old")
    assert old is not None
    repository.rows.update(old._replace(content="salt"))
    uow.keep_item()
    uow.flush()
    assert stored(connection) == {"old": "salt", "new": "rice"}


def test_earlier_items_stay_and_the_failed_ones_rows_are_forgotten_when_it_had_searched(
    uow: UnitOfWork, connection: sa.Connection
) -> None:
    repository = Boxes(uow)
    uow.begin_item()
    repository.rows.insert(BoxRow("first", "rice"))
    uow.keep_item()
    uow.begin_item()
    repository.rows.insert(BoxRow("second", "rice"))
    assert repository.holding("rice") == ["first", "second"]
    uow.drop_item()
    uow.begin_item()
    assert repository.rows.get("second") is None
    assert repository.rows.get("first") == BoxRow("first", "rice")
    uow.keep_item()
    uow.flush()
    assert stored(connection) == {"old": "tea", "first": "rice"}


def test_the_cursor_is_given_back_when_the_group_is_over(connection: sa.Connection) -> None:
    """On the writer's thread, and not whenever the collector comes by on another: a cursor that is freed resets
    statements that the writer may be using."""
    uow = UnitOfWork(connection, IdSource(FixedClock(), bytes), 1)
    rows = uow.rows(BOXES)
    uow.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed cursor"):
        rows.get("old")

"""Rows written behind: what is staged is written, whether its key was read before or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
import sqlalchemy as sa

from common.db.engine import open_writer, store_of
from common.db.rows import RowSet, RowSpec
from tests.support.stores import Databases

METADATA = sa.MetaData()
shelves = sa.Table(
    "shelves",
    METADATA,
    sa.Column("room", sa.String(8), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("content", sa.String(8), nullable=False),
)


class ShelfRow(NamedTuple):
    room: str
    number: int
    content: str


SHELVES = RowSpec(shelves, ShelfRow, key_width=2)


@pytest.fixture
def connection(databases: Databases) -> Iterator[sa.Connection]:
    engine = open_writer(databases.with_tables(metadata=METADATA))
    with engine.connect() as connection:
        connection.execute(shelves.insert().values(room="cellar", number=1, content="tea"))
        store_of(connection).begin(connection)
        yield connection
    engine.dispose()


@pytest.fixture
def rows(connection: sa.Connection) -> RowSet[ShelfRow]:
    store = store_of(connection)
    return RowSet(store.cursor(connection), SHELVES, store.statements(SHELVES), [])


def stored(connection: sa.Connection) -> list[ShelfRow]:
    return [ShelfRow._make(values) for values in connection.execute(sa.select(shelves))]


def test_a_row_is_deleted_when_its_key_was_never_read(connection: sa.Connection, rows: RowSet[ShelfRow]) -> None:
    rows.delete(("cellar", 1))
    rows.keep_item()
    rows.flush()
    assert stored(connection) == []


def test_a_row_stays_when_the_item_that_deleted_it_failed(connection: sa.Connection, rows: RowSet[ShelfRow]) -> None:
    rows.delete(("cellar", 1))
    rows.drop_item()
    rows.flush()
    assert stored(connection) == [ShelfRow("cellar", 1, "tea")]


def test_nothing_is_written_when_the_deleted_row_never_was(connection: sa.Connection, rows: RowSet[ShelfRow]) -> None:
    rows.delete(("attic", 1))
    rows.keep_item()
    rows.flush()
    assert stored(connection) == [ShelfRow("cellar", 1, "tea")]


def test_a_row_comes_and_goes_when_it_is_inserted_and_deleted_in_one_group(
    connection: sa.Connection, rows: RowSet[ShelfRow]
) -> None:
    rows.insert(ShelfRow("attic", 2, "salt"))
    rows.keep_item()
    rows.delete(("attic", 2))
    rows.keep_item()
    rows.flush()
    assert stored(connection) == [ShelfRow("cellar", 1, "tea")]

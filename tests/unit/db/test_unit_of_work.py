"""Items of one group: what one of them does wrong, the others do not feel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
import sqlalchemy as sa

from common.db.engine import open_writer, store_of
from common.db.rows import RowSet, RowSpec
from common.db.unit_of_work import ItemSpoilsGroup, UnitOfWork
from common.ids import IdSource
from common.messaging.outbox import OUTBOX, OutboxRow
from tests.support.province_uow import FixedClock
from tests.support.stores import Databases

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
def connection(databases: Databases) -> Iterator[sa.Connection]:
    engine = open_writer(databases.with_tables(metadata=METADATA))
    with engine.connect() as connection:
        connection.execute(boxes.insert().values(box="old", content="tea"))
        store_of(connection).begin(connection)
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
    if not uow.store.savepoints:
        with pytest.raises(ItemSpoilsGroup):
            uow.drop_item()
        return
    uow.drop_item()
    uow.begin_item()
    assert repository.rows.get("second") is None
    assert repository.rows.get("first") == BoxRow("first", "rice")
    uow.keep_item()
    uow.flush()
    assert stored(connection) == {"old": "tea", "first": "rice"}


def test_an_item_alone_in_its_group_goes_on_when_what_it_wrote_before_a_search_is_undone(
    uow: UnitOfWork, connection: sa.Connection
) -> None:
    repository = Boxes(uow)
    uow.alone = True
    uow.begin_item()
    repository.rows.insert(BoxRow("new", "rice"))
    assert repository.holding("rice") == ["new"]
    uow.start_over()
    assert repository.rows.get("new") is None
    repository.rows.insert(BoxRow("other", "salt"))
    uow.keep_item()
    uow.flush()
    assert stored(connection) == {"old": "tea", "other": "salt"}


def test_a_failed_flush_fails_the_group_whatever_becomes_of_the_item(uow: UnitOfWork) -> None:
    repository = Boxes(uow)
    uow.begin_item()
    repository.rows.insert(BoxRow("old", "rice"))
    with pytest.raises(Exception, match=r"(?i)unique") as caught:
        repository.holding("rice")
    with pytest.raises(type(caught.value)):
        uow.drop_item(caught.value)


def test_places_in_the_outbox_follow_those_that_wait_and_never_come_twice(databases: Databases) -> None:
    engine = open_writer(databases.with_tables())
    given: list[int] = []
    with engine.connect() as connection:
        store = store_of(connection)
        for _group in range(3):
            store.begin(connection)
            uow = UnitOfWork(connection, IdSource(FixedClock(), bytes), 1)
            uow.begin_item()
            for _entry in range(5):
                number = uow.order_number()
                uow.rows(OUTBOX).insert(OutboxRow(number, "31", b"", b"", False, 1, 1, b"", b""))
                given.append(number)
            uow.keep_item()
            uow.flush()
            store.commit(connection)
    engine.dispose()
    assert given == sorted(set(given))
    assert len(given) == 15


def test_the_cursor_is_given_back_when_the_group_is_over(connection: sa.Connection) -> None:
    """On the writer's thread, and not whenever the collector comes by on another: a cursor that is freed resets
    statements that the writer may be using."""
    uow = UnitOfWork(connection, IdSource(FixedClock(), bytes), 1)
    rows = uow.rows(BOXES)
    uow.close()
    with pytest.raises(Exception, match=r"closed cursor|cursor is closed"):
        rows.get("old")

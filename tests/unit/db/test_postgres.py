"""PostgreSQL: what is said when it cannot be used, rows that several writers want, a server that goes and comes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
import sqlalchemy as sa

from common.db.engine import is_storage_fault, open_reader, open_writer, reading, store_at, store_of
from common.db.faults import DatabaseLoginRefused, DatabaseMissing, DatabaseRightsMissing, DatabaseUnreachable
from common.db.rows import RowsDisagree, RowSpec
from common.db.unit_of_work import UnitOfWork
from common.ids import IdSource
from tests.support.postgres import PostgresServer, cluster
from tests.support.province_uow import FixedClock
from tests.support.stores import POSTGRES, Databases, databases_of

METADATA = sa.MetaData()
things = sa.Table(
    "things",
    METADATA,
    sa.Column("kind", sa.String(8), primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("name", sa.String(8), nullable=True),
    sa.Column("is_good", sa.Boolean, nullable=False),
    sa.Column("size", sa.SmallInteger, nullable=False),
)


class ThingRow(NamedTuple):
    kind: str
    number: int
    content: bytes
    name: str | None
    is_good: bool
    size: int


THINGS = RowSpec(things, ThingRow, key_width=2)


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Databases]:
    with databases_of(POSTGRES, tmp_path) as made:
        yield made


@pytest.fixture
def url(postgres: Databases) -> str:
    return postgres.with_tables(metadata=METADATA)


class Writer:
    """One of several writers."""

    def __init__(self, url: str) -> None:
        self.engine = open_writer(url)
        self.connection = self.engine.connect()
        self.store = store_of(self.connection)

    def begin(self) -> UnitOfWork:
        self.store.begin(self.connection)
        uow = UnitOfWork(self.connection, IdSource(FixedClock(), bytes), 1)
        uow.begin_item()
        return uow

    def commit(self, uow: UnitOfWork) -> None:
        uow.keep_item()
        uow.finish()
        self.store.commit(self.connection)

    def close(self) -> None:
        self.store.roll_back(self.connection)
        self.connection.close()
        self.engine.dispose()


@pytest.fixture
def writers(url: str) -> Iterator[tuple[Writer, Writer]]:
    made = Writer(url), Writer(url)
    yield made
    for writer in made:
        writer.close()


def thing(number: int, content: bytes = b"", **changes: Any) -> ThingRow:
    return ThingRow("tea", number, content, None, True, 1)._replace(**changes)


# Rows


def test_rows_come_back_as_they_went_whatever_is_in_them(writers: tuple[Writer, Writer]) -> None:
    rows = [
        thing(1, bytes(range(256)), name="茶"),
        thing(2, b"", is_good=False, size=-32_768),
        thing(2**62, b"\0", name="", size=32_767),
        thing(-1, b"x" * 100_000),
    ]
    uow = writers[0].begin()
    for row in rows:
        uow.rows(THINGS).insert(row)
    writers[0].commit(uow)
    uow = writers[1].begin()
    uow.rows(THINGS).prefetch((row.kind, row.number) for row in rows)
    found = [uow.rows(THINGS).get((row.kind, row.number)) for row in rows]
    assert found == rows
    assert all(type(row.content) is bytes for row in found if row is not None)
    assert uow.rows(THINGS).get(("tea", 77)) is None
    uow.rows(THINGS).update(rows[0]._replace(content=b"new", is_good=False))
    uow.rows(THINGS).delete(("tea", 2))
    writers[1].commit(uow)
    stored = writers[0].connection.execute(sa.select(things).order_by(things.c.number)).all()
    assert [tuple(row) for row in stored] == [rows[3], rows[0]._replace(content=b"new", is_good=False), rows[2]]


def test_two_writers_who_want_the_same_row_take_turns(writers: tuple[Writer, Writer]) -> None:
    first = writers[0].begin()
    first.rows(THINGS).insert(thing(1, b"0"))
    writers[0].commit(first)
    counted = threading.Barrier(2)

    def count(writer: Writer) -> None:
        counted.wait(30)
        for _ in range(20):
            uow = writer.begin()
            row = uow.rows(THINGS).get(("tea", 1))
            assert row is not None
            uow.rows(THINGS).update(row._replace(content=b"%d" % (int(row.content) + 1)))
            writer.commit(uow)

    other = threading.Thread(target=count, args=(writers[1],))
    other.start()
    count(writers[0])
    other.join()
    assert writers[0].connection.execute(sa.select(things.c.content)).scalar() == b"40"


def test_a_deadlock_is_a_race_and_leaves_the_other_writer_undisturbed(writers: tuple[Writer, Writer]) -> None:
    uow = writers[0].begin()
    uow.rows(THINGS).insert(thing(1))
    uow.rows(THINGS).insert(thing(2))
    writers[0].commit(uow)
    lost: list[Exception] = []
    both = threading.Barrier(2)

    def want(writer: Writer, numbers: tuple[int, int]) -> None:
        uow = writer.begin()
        uow.rows(THINGS).get(("tea", numbers[0]))
        both.wait(30)
        try:
            uow.rows(THINGS).get(("tea", numbers[1]))
            writer.commit(uow)
        except psycopg.Error as error:
            assert writer.store.transaction_lost(writer.connection)
            assert not writer.store.roll_back(writer.connection)
            lost.append(error)

    other = threading.Thread(target=want, args=(writers[1], (2, 1)))
    other.start()
    want(writers[0], (1, 2))
    other.join()
    assert len(lost) == 1
    assert writers[0].store.is_race(lost[0])


def test_a_row_that_two_add_at_once_fails_the_later_as_a_race(writers: tuple[Writer, Writer]) -> None:
    first, second = writers[0].begin(), writers[1].begin()
    for uow in (first, second):
        assert uow.rows(THINGS).get(("tea", 1)) is None
        uow.rows(THINGS).insert(thing(1))
    writers[0].commit(first)
    with pytest.raises(psycopg.errors.UniqueViolation) as lost:
        writers[1].commit(second)
    assert writers[1].store.is_race(lost.value)
    assert not is_storage_fault(lost.value)


def test_what_another_removed_meanwhile_is_a_race(writers: tuple[Writer, Writer]) -> None:
    assert writers[0].store.is_race(RowsDisagree(table="things", expected=1, actual=0))


def test_a_transaction_in_which_something_failed_cannot_pass_for_committed(writers: tuple[Writer, Writer]) -> None:
    """The server answers COMMIT with success and undoes everything."""
    writer = writers[0]
    uow = writer.begin()
    uow.rows(THINGS).insert(thing(1))
    uow.keep_item()
    uow.flush()
    with pytest.raises(sa.exc.DBAPIError):
        writer.connection.exec_driver_sql("SELECT 1/0")
    with pytest.raises(psycopg.OperationalError):
        writer.store.commit(writer.connection)
    writer.store.roll_back(writer.connection)
    assert writer.connection.execute(sa.select(sa.func.count()).select_from(things)).scalar() == 0


# Readers


def test_a_reader_cannot_write_and_sees_one_moment(url: str, writers: tuple[Writer, Writer]) -> None:
    engine = open_reader(url)
    count = sa.select(sa.func.count()).select_from(things)
    with engine.connect() as reader:
        store_of(reader).begin_read(reader)
        assert reader.execute(count).scalar() == 0
        uow = writers[0].begin()
        uow.rows(THINGS).insert(thing(1))
        writers[0].commit(uow)
        assert reader.execute(count).scalar() == 0
        with pytest.raises(sa.exc.DBAPIError, match="read-only"):
            reader.execute(things.delete())
    with engine.connect() as reader:
        assert reader.execute(count).scalar() == 1
    engine.dispose()


# Notices


def test_a_listener_hears_what_was_committed_and_nothing_else(url: str, writers: tuple[Writer, Writer]) -> None:
    listener = store_at(url).open_listener(url, ["work", "links"])
    uow = writers[0].begin()
    uow.notify("work", "undone")
    uow.finish()
    writers[0].store.roll_back(writers[0].connection)
    uow = writers[0].begin()
    uow.notify("work", "31")
    uow.notify("work", "31")
    uow.notify("elsewhere", "x")
    writers[0].commit(uow)
    assert listener.wait(30.0) == [("work", "31")]
    assert listener.wait(0.0) == []
    listener.close()


# What is wrong with it


def test_it_is_said_why_the_database_cannot_be_used(url: str) -> None:
    parsed = sa.make_url(url)

    def why(**changes: Any) -> str:
        changed = parsed.set(**changes).render_as_string(hide_password=False)
        with pytest.raises(Exception) as caught, reading(changed):  # noqa: PT011
            pass
        assert "secret-word" not in str(caught.value)
        return type(caught.value).__name__

    assert why(database="none") == DatabaseMissing.__name__
    assert why(username="nobody", password="secret-word") == DatabaseLoginRefused.__name__
    assert why(host="127.0.0.1", port=1, query={}) == DatabaseUnreachable.__name__


def test_a_user_without_rights_is_told_what_is_missing(url: str) -> None:
    role = f"quanwang_weak_{sa.make_url(url).database}"[:60]
    engine = open_writer(url)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE ROLE \"{role}\" LOGIN PASSWORD 'secret-word'")
        try:
            weak = sa.make_url(url).set(username=role, password="secret-word")
            with (
                pytest.raises(
                    DatabaseRightsMissing, match="create tables in the schema public, write the table things"
                ),
                reading(weak.render_as_string(hide_password=False)),
            ):
                pass
        finally:
            connection.exec_driver_sql(f'DROP ROLE "{role}"')
    engine.dispose()


def test_its_name_for_people_holds_no_secret() -> None:
    store = store_at("postgresql+psycopg://user:secret-word@db.example:6000/crm?sslkey=/x")
    assert store.display("postgresql+psycopg://user:secret-word@db.example:6000/crm?sslkey=/x") == (
        "postgresql://db.example:6000/crm"
    )
    assert store.display("postgresql+psycopg://user:secret-word@/crm?host=/run/pg") == "postgresql:///crm?host=/run/pg"


# A server that goes and comes


def test_a_writer_and_a_reader_go_on_by_themselves_when_the_server_is_back() -> None:
    server = PostgresServer()
    try:
        writer, readers = Writer(server.url), open_reader(server.url)
        METADATA.create_all(writer.connection)
        with readers.connect() as reader:
            assert reader.execute(sa.select(things)).all() == []
        uow = writer.begin()
        uow.rows(THINGS).insert(thing(1))
        server.stop()
        with pytest.raises(psycopg.Error) as gone:
            writer.commit(uow)
        assert is_storage_fault(gone.value)
        assert writer.store.roll_back(writer.connection)
        with pytest.raises(Exception) as away:  # noqa: PT011
            writer.begin()
        assert is_storage_fault(away.value)
        writer.store.roll_back(writer.connection)
        server.start()
        uow = writer.begin()
        uow.rows(THINGS).insert(thing(2))
        writer.commit(uow)
        with readers.connect() as reader:
            assert [row.number for row in reader.execute(sa.select(things))] == [2]
        server.stop()
        server.start()
        uow = writer.begin()  # Lost between two groups: nothing was under way.
        writer.commit(uow)
        writer.close()
        readers.dispose()
    finally:
        server.close()


def test_the_tests_own_server_is_new_enough() -> None:
    assert cluster()._connection.info.server_version >= 150_000

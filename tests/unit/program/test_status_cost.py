"""What the status counts costs the same however long the history is; and it counts what is open to the last leg."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from common.alarms import queries
from common.alarms.queries import standing_alarm_count
from common.alarms.repository import alarms
from common.db.engine import METADATA, open_writer, sqlite_url
from common.db.leg_counts import count_legs
from common.messaging.inbox import PARKED, inbox, next_try, waiting_of
from common.messaging.intake import Intake
from common.parked.queries import list_parked
from common.program.status import inbox_counts
from common.requests.queries import open_asked_legs
from common.requests.registry import RequestKinds
from common.requests.repository import asked_legs, requests
from hq_node.hub.gate import HubGate
from hq_node.hub.queries import open_legs_by_home
from hq_node.hub.repository import hub_legs
from province_node.serving.repository import serving_legs

LATEST_MAX = 500
SHORT, LONG = 2_000, 6_000
STEPS = 50

LEG_TABLES = (asked_legs, hub_legs, serving_legs)


def row_of(table: sa.Table, number: int, **given: Any) -> dict[str, Any]:
    """A row with something in every column; its key grows with `number`."""
    row: dict[str, Any] = {}
    for column in table.columns:
        python_type = column.type.python_type
        row[column.name] = number.to_bytes(16, "big") if python_type is bytes else python_type(0)
    return row | given


@contextmanager
def with_tables(file: Path) -> Iterator[sa.Connection]:
    engine = open_writer(sqlite_url(str(file)))
    METADATA.create_all(engine)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sa.Connection]:
    with with_tables(tmp_path / "node.db") as opened:
        yield opened


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Connection]:
    """A short history, which is only read."""
    with with_tables(tmp_path_factory.mktemp("short") / "node.db") as opened:
        fill(opened, 0, SHORT, opened=20)
        yield opened


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Connection]:
    """The same some time later."""
    with with_tables(tmp_path_factory.mktemp("long") / "node.db") as opened:
        fill(opened, 0, SHORT, opened=20)
        fill(opened, SHORT, LONG, opened=20)
        yield opened


def fill(connection: sa.Connection, begin: int, end: int, opened: int) -> None:
    """History from `begin` to `end`: legs and messages that are done, but for the first `opened`."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    for table in LEG_TABLES:
        rows = [
            row_of(
                table,
                number,
                state="submitted" if number < opened else "completed" if number % 10 else "rejected",
                ended_at_us=0 if number < opened else number + 1,
                leg_id=number.to_bytes(16, "big") + b"31",
            )
            for number in range(begin, end)
        ]
        connection.execute(sa.insert(table), rows)
    numbers = range(begin, end)
    connection.execute(sa.insert(requests), [row_of(requests, n, kind="k", idempotency_key=None) for n in numbers])
    connection.execute(sa.insert(inbox), [row_of(inbox, n, state="waiting" if n < opened else "done") for n in numbers])
    connection.execute(sa.insert(alarms), [row_of(alarms, n, kind="K", subject=str(n)) for n in numbers])
    connection.exec_driver_sql("COMMIT")


def steps_of(connection: sa.Connection, query: Callable[[sa.Connection], Any]) -> int:
    """How many steps of its machine SQLite takes for a query, to the next STEPS."""
    driver = connection.connection.dbapi_connection
    assert isinstance(driver, sqlite3.Connection)
    taken = 0

    def count() -> int:
        nonlocal taken
        taken += 1
        return 0

    driver.set_progress_handler(count, STEPS)
    try:
        query(connection)
    finally:
        driver.set_progress_handler(None, 0)
    return taken * STEPS


QUERIES: dict[str, Callable[[sa.Connection], Any]] = {
    **{
        table.name: lambda connection, table=table: count_legs(connection, table, (), LATEST_MAX)
        for table in LEG_TABLES
    },
    "open asked legs": lambda connection: open_asked_legs(connection, RequestKinds(())),
    "open hub legs": open_legs_by_home,
    "stamps owed": lambda connection: HubGate().owed(connection),
    "inbox": inbox_counts,
    "parked": lambda connection: list_parked(connection, PARKED),
    "waiting, at the start": lambda connection: Intake("31", b"", None, None).load(connection),  # type: ignore[arg-type]
    "waiting, at a group's end": lambda connection: connection.execute(next_try()).scalar(),
    "waiting, of a leg": lambda connection: connection.execute(waiting_of(b"")).scalar(),
    "alarms": standing_alarm_count,
}


@pytest.mark.parametrize("name", QUERIES)
def test_a_longer_history_costs_no_more(
    short: sa.Connection, long: sa.Connection, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "ALARMS_COUNTED_MAX", LATEST_MAX)
    before = steps_of(short, QUERIES[name])
    assert steps_of(long, QUERIES[name]) <= before * 1.1 + 2 * STEPS


@pytest.mark.parametrize("table", LEG_TABLES, ids=lambda table: table.name)
def test_all_open_legs_are_counted_and_of_the_ended_ones_the_latest(connection: sa.Connection, table: sa.Table) -> None:
    states = ("submitted", "completed", "rejected", "expired")
    fill(connection, 0, 300, opened=20)
    counted = count_legs(connection, table, states, LATEST_MAX)
    assert counted.by_state == {"submitted": 20, "completed": 252, "rejected": 28, "expired": 0}
    assert not counted.latest_only
    fill(connection, 300, SHORT, opened=20)
    counted = count_legs(connection, table, states, LATEST_MAX)
    assert counted.by_state == {"submitted": 20, "completed": 450, "rejected": 50, "expired": 0}
    assert counted.latest_only


def test_exactly_as_many_legs_as_are_looked_at_are_all_of_them(connection: sa.Connection) -> None:
    assert not count_legs(connection, asked_legs, (), LATEST_MAX).latest_only
    fill(connection, 0, LATEST_MAX, opened=0)
    assert not count_legs(connection, asked_legs, (), LATEST_MAX).latest_only
    fill(connection, LATEST_MAX, LATEST_MAX + 1, opened=0)
    assert count_legs(connection, asked_legs, (), LATEST_MAX).latest_only


def test_legs_that_are_overdue_at_the_hub_are_open(connection: sa.Connection) -> None:
    overdue = row_of(hub_legs, 1, state="forwarded", home="44", message_class=2, admitted_at_us=7, due_at_us=0)
    connection.execute(sa.insert(hub_legs), [overdue])
    assert open_legs_by_home(connection) == [("44", 2, "forwarded", 1, 7)]

"""A node's database with very many service requests, spread over an organisation tree: made by the database itself."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from common.db.engine import METADATA
from common.organisations.repository import organisation_closure, organisations
from common.requests.repository import asked_legs, requests
from tests.support.stores import SQLITE

CITIES, COUNTIES, BRANCHES = 14, 10, 5
"""Of a province; of a city; of a county. Requests are made in branches."""
CLERKS = 8
"""Of a branch."""
BRANCHES_IN_ALL = CITIES * COUNTIES * BRANCHES
ROOT = "31"
BEGAN_US = 1_790_000_000_000_000


@dataclass(frozen=True, slots=True)
class Place:
    """An organisation and those above it, the nearest first."""

    organisation_id: str
    kind: str
    above: tuple[str, ...]


def places() -> list[Place]:
    """A province with its cities, counties and branches."""
    found = [Place(ROOT, "province", ())]
    for city in range(CITIES):
        city_id = f"c{city:02}"
        found.append(Place(city_id, "city", (ROOT,)))
        for county in range(COUNTIES):
            county_id = f"{city_id}-{county:02}"
            found.append(Place(county_id, "county", (city_id, ROOT)))
            found += [
                Place(f"{county_id}-{branch}", "branch", (county_id, city_id, ROOT)) for branch in range(BRANCHES)
            ]
    return found


def plant(engine: sa.Engine, store: str, rows: int) -> None:
    """Fills an empty database. Ids are in the order of time, as a node's own are; branches take turns."""
    METADATA.create_all(engine)
    # ruff: noqa: S608 -- names of columns and numbers of this module, put together for two databases
    series = (
        f"WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < {rows})"
        if store == SQLITE
        else f"WITH series(n) AS (SELECT generate_series(1::bigint, {rows}))"
    )
    branch = _rest("n * 7919", BRANCHES_IN_ALL)
    city, county = f"({branch}) / {COUNTIES * BRANCHES}", _rest(f"({branch}) / {BRANCHES}", COUNTIES)
    if store == SQLITE:
        identity = "CAST(printf('%016d', n) AS BLOB)"
        organisation = f"printf('c%02d-%02d-%d', {city}, {county}, {_rest(branch, BRANCHES)})"
    else:
        identity = "convert_to(lpad(n::text, 16, '0'), 'UTF8')"
        parts = f"lpad(({city})::text, 2, '0') || '-' || lpad(({county})::text, 2, '0')"
        organisation = f"'c' || {parts} || '-' || ({_rest(branch, BRANCHES)})"
    with engine.begin() as connection:
        tree = places()
        named = [
            {"organisation_id": place.organisation_id, "kind": place.kind, "name": place.organisation_id}
            | {"parent_id": place.above[0] if place.above else "", "state": "ACTIVE"}
            | {"created_at_us": 0, "updated_at_us": 0}
            for place in tree
        ]
        connection.execute(sa.insert(organisations), named)
        pairs = [
            {"ancestor_id": above, "organisation_id": place.organisation_id}
            for place in tree
            for above in (place.organisation_id, *place.above)
        ]
        connection.execute(sa.insert(organisation_closure), pairs)
        _fill(
            connection,
            requests,
            series,
            request_id=identity,
            kind="'quanwang.subscriptions.v1.SuspendSubscription'",
            created_at_us=f"{BEGAN_US} + n * 1000000",
            organisation=organisation,
            operator=f"'clerk' || (({branch}) * {CLERKS} + ({_rest('n / 7', CLERKS)}))",
        )
        _fill(connection, asked_legs, series, leg_id=identity, request_id=identity, state="'completed'")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if store == SQLITE else "VACUUM ANALYZE")


def _rest(number: str, divisor: int) -> str:
    """The remainder in what both databases understand."""
    return f"({number}) - ({number}) / {divisor} * {divisor}"


def _fill(connection: sa.Connection, table: sa.Table, series: str, **given: str) -> None:
    """Rows with these expressions over `n`; in all other columns what stands for nothing."""
    columns = {column.name: given.get(column.name) or _nothing(connection, column) for column in table.columns}
    names, values = ", ".join(columns), ", ".join(columns.values())
    into, select = f"INSERT INTO {table.name} ({names})", f"SELECT {values} FROM series"
    if connection.dialect.name == SQLITE:
        connection.exec_driver_sql(f"{series} {into} {select}")
    else:
        connection.exec_driver_sql(f"{into} {series} {select}")


def _nothing(connection: sa.Connection, column: sa.Column[object]) -> str:
    if column.nullable:
        return "NULL"
    if isinstance(column.type, sa.LargeBinary):
        return "x''" if connection.dialect.name == SQLITE else "''::bytea"
    return "0" if isinstance(column.type, sa.Integer) else "''"

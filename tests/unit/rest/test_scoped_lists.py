"""Lists within a data scope: the same rows as one by one, page by page; and no page reads more rows than it must."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from common.access_control.actor import Actor, ActorKind
from common.access_control.rights import Scope
from common.db.engine import open_reader, store_of
from common.operators.repository import team_members, teams
from common.operators.row_scope import EachOf, condition_of, rows_within
from common.requests.permissions import READ
from common.requests.repository import requests
from common.requests.rest import OF_WHOM
from common.rest.attributes import IDENTITY, Attribute
from common.rest.documents import read_documents
from common.rest.resource import Api, Resource
from tests.benchmark.planted import CLERKS, ROOT, plant
from tests.support.stores import Databases

ROWS = 21_000
CITY, COUNTY, BRANCH = "c03", "c03-02", "c03-02-1"
NUMBER = 3 * 50 + 2 * 5 + 1
CLERK, MATE = f"clerk{NUMBER * CLERKS}", f"clerk{NUMBER * CLERKS + 1}"
REQUEST = Resource("request", READ, requests, Attribute("id", requests.c.request_id, IDENTITY))
API = Api("requests", "/requests", "Requests", (REQUEST,))
SCOPES = [(Scope.BELOW, CITY), (Scope.BELOW, COUNTY), (Scope.BELOW, BRANCH), (Scope.BELOW, "nowhere")]
SCOPES += [(Scope.TEAM, BRANCH), (Scope.ORGANISATION, BRANCH), (Scope.OWN, BRANCH)]


@pytest.fixture(scope="module")
def connection(lasting_databases: Databases) -> Iterator[sa.Connection]:
    url = lasting_databases.empty("planted")
    engine = sa.create_engine(url)
    plant(engine, engine.dialect.name, ROWS)
    with engine.begin() as writing:
        # Of this city all is old: whoever expects its rows everywhere walks through two thirds of the table.
        old = f"{ROWS // 3:016}".encode()
        writing.execute(
            sa.delete(requests).where(requests.c.organisation.startswith(CITY), requests.c.request_id > old)
        )
        writing.execute(sa.insert(teams), {"team": "t", "name": "t", "organisation_id": BRANCH, "updated_at_us": 0})
        writing.execute(sa.insert(team_members), [{"team": "t", "operator": operator} for operator in (CLERK, MATE)])
    engine.dispose()
    reader = open_reader(url, 1)
    with reader.connect() as connection:
        yield connection
    reader.dispose()


def reached(scope: Scope, organisation: str) -> Any:
    return rows_within(scope, Actor(ActorKind.OPERATOR, CLERK, organisation), ROOT, OF_WHOM)


@pytest.mark.parametrize(("scope", "organisation"), SCOPES)
@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize(("offset", "limit"), [(0, 10), (7, 10), (0, 500), (495, 50)])
def test_pages_are_those_of_the_condition_however_they_are_read(
    connection: sa.Connection, scope: Scope, organisation: str, descending: bool, offset: int, limit: int
) -> None:
    rows = reached(scope, organisation)
    key = requests.c.request_id
    wanted = sa.select(key).where(condition_of(rows)).order_by(key.desc() if descending else key)
    expected = [IDENTITY.write(each) for each in connection.execute(wanted.limit(limit).offset(offset)).scalars()]
    order = [key.desc() if descending else key]
    if isinstance(rows, EachOf) and store_of(connection).merges_ranges:
        found = read_documents(connection.execute, API, REQUEST, (), order, limit, offset, each=rows)
    else:
        found = read_documents(connection.execute, API, REQUEST, [condition_of(rows)], order, limit, offset)
    assert [document["id"] for document in found] == expected


@pytest.mark.parametrize(("scope", "organisation"), SCOPES)
def test_a_page_does_not_walk_through_what_is_not_in_the_scope(
    connection: sa.Connection, scope: Scope, organisation: str
) -> None:
    """Where few of the latest requests, or none, lie within the scope, the database must not read all of them."""
    rows = reached(scope, organisation)
    statements: list[Any] = []

    def watched(statement: Any) -> Any:
        statements.append(statement)
        return connection.execute(statement)

    order = [requests.c.request_id.desc()]
    if isinstance(rows, EachOf) and store_of(connection).merges_ranges:
        read_documents(watched, API, REQUEST, (), order, 5, each=rows)
    else:
        read_documents(watched, API, REQUEST, [condition_of(rows)], order, 5)
    text = str(statements[0].compile(connection, compile_kwargs={"literal_binds": True}))
    if store_of(connection).shared:
        plan = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}".replace("%", "%%")).scalar_one()
        [top] = plan if isinstance(plan, list) else json.loads(plan)
        assert _rows_read(top["Plan"]) < ROWS / 7
    else:
        steps = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
        assert not [step for step in steps if step.startswith("SCAN requests")], steps


def _rows_read(plan: dict[str, Any]) -> int:
    """How many rows of the table or its indexes were looked at."""
    own = plan.get("Relation Name") == requests.name or str(plan.get("Index Name", "")).startswith("requests")
    looked_at = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"] if own else 0
    return int(looked_at) + sum(_rows_read(inner) for inner in plan.get("Plans", ()))

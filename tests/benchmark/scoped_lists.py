"""What a data scope costs a list: the SQL of a page of 50 with its count, out of very many service requests, within
scopes of several widths, beside the bare page and count of all of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from common.access_control.actor import Actor, ActorKind
from common.access_control.rights import Rights, Scope
from common.db.engine import open_reader, store_of
from common.operators.repository import team_members, teams
from common.operators.row_scope import EachOf, condition_of, rows_within
from common.requests.rest import OF_WHOM
from common.rest.documents import count_documents, read_documents
from common.rest.resource import Api, Resource
from tests.benchmark.planted import CLERKS, ROOT, plant

PAGE = 50
LOOKS = 7
CITY, COUNTY, BRANCH, EMPTY = "c03", "c03-02", "c03-02-1", "c03-02-9"
NUMBER_OF_BRANCH = 3 * 50 + 2 * 5 + 1
CLERK = f"clerk{NUMBER_OF_BRANCH * CLERKS}"
MATES = tuple(f"clerk{NUMBER_OF_BRANCH * CLERKS + number}" for number in range(4))
SCOPES: dict[str, tuple[Scope, str]] = {
    "a city and below": (Scope.BELOW, CITY),
    "a county and below": (Scope.BELOW, COUNTY),
    "a branch and below": (Scope.BELOW, BRANCH),
    "nothing at all": (Scope.BELOW, EMPTY),
    "one organisation": (Scope.ORGANISATION, BRANCH),
    "a team": (Scope.TEAM, BRANCH),
    "one's own": (Scope.OWN, BRANCH),
}


def measure(
    engine: sa.Engine, url: str, api: Api, resource: Resource, rows: int, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Milliseconds of the bare page with its count, and of each scope's, with the ratio of the two."""
    tell(f"planting {rows:,} service requests")
    plant(engine, engine.dialect.name, rows)
    _plant_team(engine)
    reader = open_reader(url, 1)
    try:
        with reader.connect() as connection:
            store_of(connection).begin_read(connection)
            bare_ms, total = _look(connection, api, resource, None)
            assert total == rows
            scopes = {}
            for name, (scope, organisation) in SCOPES.items():
                actor = Actor(ActorKind.OPERATOR, CLERK, organisation, rights=Rights({}))
                reached = rows_within(scope, actor, ROOT, OF_WHOM)
                assert reached is not None
                taken_ms, found = _look(connection, api, resource, reached)
                scopes[name] = {"ms": taken_ms, "rows": found, "ratio": round(taken_ms / bare_ms, 3)}
        return {"rows": rows, "bare_ms": bare_ms, "scopes": scopes}
    finally:
        reader.dispose()


def _look(connection: sa.Connection, api: Api, resource: Resource, reached: Any) -> tuple[float, int]:
    """The median time of the SQL of a page and its count (milliseconds), and how many rows there are in all."""
    newest = [resource.key.column.desc()]
    where = [] if reached is None else [condition_of(reached)]
    merged = isinstance(reached, EachOf) and store_of(connection).merges_ranges
    times = []
    for _ in range(LOOKS):
        watch = Stopwatch(connection)
        if merged:
            documents = read_documents(watch.run, api, resource, (), newest, PAGE, each=reached)
        else:
            documents = read_documents(watch.run, api, resource, where, newest, PAGE)
        total = count_documents(watch.run, resource, where)
        assert len(documents) == min(PAGE, total)
        times.append(watch.seconds)
    return round(statistics.median(times) * 1000, 3), total


class Stopwatch:
    """Runs statements, and adds up how long the database took until all rows were there."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self.seconds = 0.0

    def run(self, statement: sa.Select[Any]) -> Any:
        began = time.perf_counter()
        frozen = self._connection.execute(statement).freeze()
        self.seconds += time.perf_counter() - began
        return frozen()


def _plant_team(engine: sa.Engine, operators: Sequence[str] = MATES) -> None:
    with engine.begin() as connection:
        connection.execute(sa.insert(teams), {"team": "t", "name": "t", "organisation_id": BRANCH, "updated_at_us": 0})
        connection.execute(sa.insert(team_members), [{"team": "t", "operator": each} for each in operators])

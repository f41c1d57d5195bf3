"""The measurement of the REST interface, of a few calls and a few rows."""

from __future__ import annotations

from pathlib import Path

from tests.benchmark import api
from tests.benchmark.rest_calls import CALLS
from tests.benchmark.scoped_lists import SCOPES
from tests.support.stores import SQLITE


async def test_calls_and_lists_are_measured_beside_the_yardstick(tmp_path: Path) -> None:
    told: list[str] = []
    result = await api.measure(tmp_path, SQLITE, rows=1_400, calls=2, rounds=1, tell=told.append)
    figures = result["stores"][SQLITE]
    assert set(figures["calls"]) == set(CALLS)
    assert all(of["guarded_us"] > 0 and of["open_us"] > 0 and of["ratio"] > 0 for of in figures["calls"].values())
    lists = figures["lists"]
    assert (set(lists["scopes"]), lists["rows"], lists["bare_ms"] > 0) == (set(SCOPES), 1_400, True)
    found = {name: of["rows"] for name, of in lists["scopes"].items()}
    # Of 700 branches each has asked twice.
    assert (found["a city and below"], found["a county and below"], found["a branch and below"]) == (100, 10, 2)
    assert (found["one organisation"], found["nothing at all"]) == (2, 0)
    assert found["one's own"] <= found["a team"] <= found["one organisation"]

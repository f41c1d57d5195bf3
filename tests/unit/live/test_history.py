"""The history on a real core: what legs do at each place, kept in two widths, bounded, and there after a restart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from common.db.engine import open_reader
from common.ids import HQ
from common.live.commands import StoreBucket
from common.live.events import LegBegan, LegFinished
from common.live.handlers import storing
from common.live.model import Bucket
from common.live.queries import history
from common.live.recorder import FLOWS_MAX, Recorder
from common.live.repository import live_buckets
from common.settings import LiveSettings
from tests.support.federation import SHANGHAI, Federation
from tests.support.holdings import GUANGDONG
from tests.support.stores import Databases

SETTINGS = LiveSettings()
BEGIN_S = 1_800_000_000


@pytest.fixture
def federation(databases: Databases) -> Iterator[Federation]:
    made = Federation(databases, {StoreBucket: storing(SETTINGS)})
    yield made
    made.close()


@pytest.fixture
def recorders(federation: Federation) -> dict[str, Recorder]:
    made: dict[str, Recorder] = {}
    for code, core in federation.cores.items():
        made[code] = Recorder()
        core.dispatcher.subscribe(LegBegan, made[code].leg_began)
        core.dispatcher.subscribe(LegFinished, made[code].leg_finished)
    return made


def read(federation: Federation, query: Any, **asked: Any) -> Any:
    engine = open_reader(federation.urls[HQ], 1)
    try:
        with engine.connect() as connection:
            return query(connection, **asked)
    finally:
        engine.dispose()


def one(began: int = 1) -> Bucket:
    made = Bucket()
    made.flow("hub", GUANGDONG, "work_order").began = began
    made.flow("hub", SHANGHAI, "management").began = 10 * began
    return made


def store(federation: Federation, begin_s: int, bucket: Bucket) -> None:
    federation.clock.at_us = (begin_s + 10) * 1_000_000
    federation.execute(HQ, StoreBucket(begin_s, bucket.to_bytes()))


def test_each_place_of_a_leg_tells_its_steps(federation: Federation, recorders: dict[str, Recorder]) -> None:
    federation.connect()
    federation.suspend()
    federation.run()
    told = {code: recorders[code].take().flows for code in (SHANGHAI, HQ, GUANGDONG)}
    origin = told[SHANGHAI]["origin", GUANGDONG, "work_order"]
    hub = told[HQ]["hub", GUANGDONG, "work_order"]
    home = told[GUANGDONG]["home", SHANGHAI, "work_order"]
    assert (origin.began, hub.began) == (1, 1)
    assert origin.ended == hub.ended == home.ended == {"completed": 1}
    assert set(home.steps) == {"whole"}
    assert set(origin.steps) == set(hub.steps) == {"whole", "queue", "answer"}
    assert not recorders[SHANGHAI].take().flows


def test_the_origin_tells_how_long_a_request_waited_for_the_link(
    federation: Federation, recorders: dict[str, Recorder]
) -> None:
    federation.suspend()
    federation.clock.at_us += 40_000_000
    federation.connect()
    federation.run()
    steps = recorders[SHANGHAI].take().flows["origin", GUANGDONG, "work_order"].steps
    assert steps["queue"].sum_us >= 40_000_000
    assert steps["queue"].sum_us + steps["answer"].sum_us == steps["whole"].sum_us


def test_what_is_asked_again_is_counted_once(federation: Federation, recorders: dict[str, Recorder]) -> None:
    federation.connect()
    federation.suspend()
    federation.run()
    federation.reconnect()
    federation.run()
    assert recorders[HQ].take().flows["hub", GUANGDONG, "work_order"].ended == {"completed": 1}


def test_names_that_somebody_makes_up_stay_in_bounds() -> None:
    recorder = Recorder()
    for number in range(2 * FLOWS_MAX):
        recorder.leg_began(LegBegan("hub", b"", str(number), 10_000 + number))
    flows = recorder.take().flows
    assert len(flows) == FLOWS_MAX + 1
    assert {name for _, _, name in flows} == {"other"}
    assert sum(flow.began for flow in flows.values()) == 2 * FLOWS_MAX


def test_narrow_buckets_add_up_to_wide_ones(federation: Federation) -> None:
    for number in range(60):
        store(federation, BEGIN_S + 10 * number, one())
    wide = read(federation, history, width_s=300, from_s=BEGIN_S, to_s=BEGIN_S + 600, by="total")
    assert [point["flows"][0]["began"] for point in wide["points"]] == [330, 330]
    narrow = read(federation, history, width_s=10, from_s=BEGIN_S, to_s=BEGIN_S + 600)
    assert len(narrow["points"]) == 60


def test_a_span_that_is_stored_twice_adds_up(federation: Federation) -> None:
    """The clock was set back, or a stored span was not heard of: nothing is lost."""
    store(federation, BEGIN_S, one())
    store(federation, BEGIN_S, one())
    (point,) = read(federation, history, width_s=10, from_s=BEGIN_S, to_s=BEGIN_S + 10, by="total")["points"]
    assert point["flows"][0]["began"] == 22


def test_old_buckets_are_forgotten(federation: Federation) -> None:
    store(federation, BEGIN_S, one())
    store(federation, BEGIN_S + SETTINGS.fine_keep_s + 10, one())
    rows = read(federation, lambda c: c.execute(sa.select(live_buckets.c.width_s, live_buckets.c.begin_s)).all())
    assert sorted(width for width, _ in rows) == [10, 300, 300]
    store(federation, BEGIN_S + SETTINGS.coarse_keep_s + 300, one())
    rows = read(federation, lambda c: c.execute(sa.select(live_buckets.c.width_s, live_buckets.c.begin_s)).all())
    assert min(begin for width, begin in rows if width == 300) > BEGIN_S


def test_it_is_there_after_a_restart_and_goes_on(federation: Federation) -> None:
    store(federation, BEGIN_S, one())
    federation.cores[HQ].close()
    federation.cores[HQ] = federation.build_core(HQ)
    store(federation, BEGIN_S + 10, one())
    wide = read(federation, history, width_s=300, from_s=BEGIN_S, to_s=BEGIN_S + 300, by="total")
    assert [point["flows"][0]["began"] for point in wide["points"]] == [22]


@pytest.mark.parametrize(
    ("by", "chosen", "expected"),
    [
        ("peer-class", {}, [("31", "management", 10), ("44", "work_order", 1)]),
        ("peer", {}, [("31", "all", 10), ("44", "all", 1)]),
        ("class", {}, [("all", "management", 10), ("all", "work_order", 1)]),
        ("total", {}, [("all", "all", 11)]),
        ("total", {"peer": "44"}, [("all", "all", 1)]),
        ("total", {"message_class": "management"}, [("all", "all", 10)]),
        ("total", {"role": "home"}, []),
    ],
)
def test_flows_are_put_together_as_asked(
    federation: Federation, by: str, chosen: dict[str, str], expected: list[tuple[str, str, int]]
) -> None:
    store(federation, BEGIN_S, one())
    asked = read(federation, history, width_s=10, from_s=BEGIN_S, to_s=BEGIN_S + 10, by=by, **chosen)
    (point,) = asked["points"]
    assert [(flow["peer"], flow["class"], flow["began"]) for flow in point["flows"]] == expected


def test_two_processes_of_a_node_are_told_as_one(databases: Databases) -> None:
    federation = Federation(databases, {StoreBucket: storing(SETTINGS, "one")})
    store(federation, BEGIN_S, one())
    federation.cores[HQ].close()
    federation._handlers = {StoreBucket: storing(SETTINGS, "two")}
    federation.cores[HQ] = federation.build_core(HQ)
    store(federation, BEGIN_S, one(5))
    asked = read(federation, history, width_s=10, from_s=BEGIN_S, to_s=BEGIN_S + 10, by="total")
    assert [flow["began"] for point in asked["points"] for flow in point["flows"]] == [66]
    federation.close()

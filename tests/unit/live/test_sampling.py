"""When a span is over: read beside the writer, stored, and tried again until it is."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest

from common.errors import StorageUnavailable
from common.live import sampling
from common.live.events import BucketStored, LegBegan
from common.live.model import Bucket
from common.live.recorder import Recorder
from common.live.sampling import SPANS_KEPT_MAX, HistoryTimers, Sample
from common.metrics import OpenLegs
from common.settings import LiveSettings
from tests.support.enrolment import START_US, HandClock

LINK = {"peer": "44", "state": "open", "waiting_entries": 3, "waiting_bytes": 90, "oldest_waiting_at_us": START_US - 5}
SAMPLE = Sample([LINK], {"parked": 1, "waiting": 2}, 4, [OpenLegs("44", 1, "admitted", 3, START_US - 7)], START_US)


class Node:
    """As much of a node as the timers see; its reads are answered when the test says so."""

    def __init__(self) -> None:
        self.clock = HandClock(START_US)
        self.recorder = Recorder()
        self.settings = self.role = self.reads = self.executor = self.core = self.dispatcher = self
        self.live, self.name = LiveSettings(), "hq"
        self.asked: list[Future[Sample]] = []
        self.subscribed: list[Any] = []

    def now(self, *_: Any) -> None: ...

    def submit(self, *_: Any) -> Future[Sample]:
        self.asked.append(Future())
        return self.asked[-1]

    def subscribe(self, _type: type, subscriber: Any) -> None:
        self.subscribed.append(subscriber)

    def pass_span(self) -> None:
        self.clock.at_us += 10_000_000


@pytest.fixture
def node() -> Node:
    return Node()


def stored(commands: list[Any]) -> list[tuple[int, Bucket]]:
    return [(command.begin_s, Bucket.from_bytes(command.content)) for command in commands]


def test_a_span_is_stored_when_it_is_over_and_read(node: Node) -> None:
    timers = HistoryTimers(node)  # type: ignore[arg-type]
    node.recorder.leg_began(LegBegan("hub", b"", "44", 1))
    assert timers.due() == []
    assert not node.asked
    node.pass_span()
    assert timers.due() == []
    node.asked[0].set_result(SAMPLE)
    ((begin_s, bucket),) = stored(timers.due())
    assert begin_s == START_US // 1_000_000
    flow = bucket.flows["hub", "44", "work_order"]
    assert (flow.began, flow.open) == (1, {"admitted": (3, 7)})
    assert bucket.links["44"] == {"open": 1, "queue_entries": 3, "queue_bytes": 90, "queue_oldest_us": 5}
    assert bucket.node == {"parked": 1, "retrying": 2, "alarms": 4}
    assert timers.due() == []


def test_what_was_not_stored_comes_again_and_what_was_does_not(node: Node) -> None:
    timers = HistoryTimers(node)  # type: ignore[arg-type]
    begins = []
    for _ in range(3):
        node.pass_span()
        timers.due()
        node.asked[-1].set_result(SAMPLE)
        begins.append([begin for begin, _ in stored(timers.due())])
        if len(begins) == 2:
            for begin in begins[-1]:
                node.subscribed[0](BucketStored(begin))
    assert [len(found) for found in begins] == [1, 2, 1]


def test_counts_are_stored_also_where_the_database_could_not_be_read(node: Node) -> None:
    timers = HistoryTimers(node)  # type: ignore[arg-type]
    node.recorder.leg_began(LegBegan("hub", b"", "44", 1))
    node.pass_span()
    timers.due()
    node.asked[0].set_exception(StorageUnavailable(detail="away"))
    ((_, bucket),) = stored(timers.due())
    assert bucket.flows["hub", "44", "work_order"].began == 1
    assert not bucket.links


def test_spans_that_are_never_stored_stay_in_bounds(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "SPANS_KEPT_MAX", 5)
    timers = HistoryTimers(node)  # type: ignore[arg-type]
    for _ in range(8):
        node.pass_span()
        timers.due()
        node.asked[-1].set_result(SAMPLE)
        found = stored(timers.due())
    assert len(found) == 5
    assert SPANS_KEPT_MAX == 360

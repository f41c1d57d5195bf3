"""What is read at the end of each span: links, queues, open legs, work that waits for an operator."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any, NamedTuple

import sqlalchemy as sa

from common.alarms.queries import standing_alarm_count
from common.errors import QuanwangError
from common.live.classes import class_name
from common.live.commands import StoreBucket
from common.live.events import HUB, ORIGIN, BucketStored
from common.live.model import Bucket
from common.log import get_logger
from common.messaging.inbox import PARKED, WAITING
from common.metrics import OpenLegs
from common.program.node import Node
from common.program.status import inbox_counts, link_states

log = get_logger()

SPANS_KEPT_MAX = 360
"""Spans that could not be stored are kept in memory and tried again; the oldest beyond these are given up."""


class Sample(NamedTuple):
    """The state of a node at one moment."""

    links: list[dict[str, Any]]
    inbox: dict[str, int]
    alarms: int
    open_legs: list[OpenLegs]
    now_us: int


def take_sample(connection: sa.Connection, node: Node) -> Sample:
    """Reads everything that the counters do not tell."""
    return Sample(
        link_states(connection, node),
        inbox_counts(connection),
        standing_alarm_count(connection),
        node.role.open_legs(connection, node.context),
        node.clock.now_us(),
    )


def put_sample(sample: Sample, role: str, bucket: Bucket) -> None:
    """Puts what was read into the bucket whose span has ended."""
    for link in sample.links:
        oldest_us = link["oldest_waiting_at_us"]
        bucket.links.setdefault(link["peer"], {}).update(
            open=int(link["state"] == "open"),
            queue_entries=link["waiting_entries"],
            queue_bytes=int(link["waiting_bytes"]),
            queue_oldest_us=max(0, sample.now_us - oldest_us) if oldest_us else 0,
        )
    for legs in sample.open_legs:
        flow = bucket.flow(role, legs.peer, class_name(legs.message_class))
        flow.open[legs.state] = (legs.legs, max(0, sample.now_us - legs.oldest_at_us))
    bucket.node.update(parked=sample.inbox[PARKED], retrying=sample.inbox[WAITING], alarms=sample.alarms)


class HistoryTimers:
    """At the end of each span: reads beside the writer, then has the span stored. Asked on the writer's thread."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._recorder = node.recorder
        self._role = HUB if node.role.name == "hq" else ORIGIN
        self._width_s = node.settings.live.fine_s
        self._begin_s = self._span()
        self._reading: Future[Sample] | None = None
        self._unstored: dict[int, Bucket] = {}
        node.core.dispatcher.subscribe(BucketStored, self.stored)

    def due(self) -> list[Any]:
        """The spans that are over and not stored yet, when there is a new one."""
        span = self._span()
        if self._reading is None:
            if span == self._begin_s:
                return []
            self._reading = self._node.reads.executor.submit(self._node.reads.now, take_sample, self._node)
        if not self._reading.done():
            return []
        reading, self._reading = self._reading, None
        begin_s, self._begin_s = self._begin_s, span
        bucket = self._recorder.take()
        try:
            put_sample(reading.result(), self._role, bucket)
        except QuanwangError as error:
            # The counts are good without; that the database is away is told elsewhere.
            log.warning("live view could not be read", code=error.code)
        self._keep(begin_s, bucket)
        return [StoreBucket(begin_s, bucket.to_bytes()) for begin_s, bucket in self._unstored.items()]

    def stored(self, event: BucketStored) -> None:
        """After the commit, on the writer's thread."""
        self._unstored.pop(event.begin_s, None)

    def _keep(self, begin_s: int, bucket: Bucket) -> None:
        if begin_s in self._unstored:
            self._unstored[begin_s].merge(bucket)
        else:
            self._unstored[begin_s] = bucket
        while len(self._unstored) > SPANS_KEPT_MAX:
            self._unstored.pop(next(iter(self._unstored)))

    def _span(self) -> int:
        now_s = self._node.clock.now_us() // 1_000_000
        return now_s - now_s % self._width_s

"""What goes through the node, over the public REST interface: now, and its past in buckets. Durations are microseconds
(`...Us`), rates are legs a second."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import sqlalchemy as sa
from pydantic import Field
from pydantic.alias_generators import to_camel
from starlette.responses import Response

from common.alarms.queries import standing_alarm_count
from common.live.permissions import READ
from common.live.queries import history
from common.live.snapshot import live_view
from common.live.spans import Span
from common.program.node import Node
from common.rest.attributes import write_moment
from common.rest.bodies import Body, Told
from common.rest.calls import Call, telling
from common.rest.resource import Task
from common.web import language_of

SECONDS_MAX = 2**40
DAY_S = 86_400

_MOMENT: dict[str, Any] = {"format": "date-time"}


class HistoryAsked(Body):
    """Which part of the history: the last `spanS` seconds until `untilUs` (0: now), in buckets of `widthS` (0: the
    narrowest that go back so far); put together `by`, and of these flows alone."""

    span_s: int = Field(default=3_600, ge=1, le=SECONDS_MAX)
    until_us: int = Field(default=0, ge=0, le=SECONDS_MAX * 1_000)
    width_s: int = Field(default=0, ge=0, le=DAY_S)
    by: Literal["total", "peer", "class", "peer-class"] = "peer-class"
    role: Literal["", "origin", "hub", "home"] = ""
    peer: str = Field(default="", max_length=8)
    message_class: str = Field(default="", max_length=32)


class StepTimes(Told):
    """How long a step took, in microseconds, of so many legs. `rangesUs`: how many took up to so long ("": longer)."""

    count: int
    sum_us: int
    p50_us: float | None
    p95_us: float | None
    p99_us: float | None
    ranges_us: dict[str, int]


class OpenInState(Told):
    """How many legs are in a state, and for how long the oldest of them."""

    legs: int
    oldest_age_us: int


class Flow(Told):
    """What went through in one role, with one peer, of one class of messages ("all": all of them together)."""

    role: str
    peer: str
    message_class: str
    began: int
    ended: dict[str, int]
    step: dict[str, StepTimes]
    open: dict[str, OpenInState]


class LiveFlow(Flow):
    """A flow of the last minute; `trend`: how many legs ended in each of the last buckets, the oldest first."""

    began_a_second: float
    ended_a_second: float
    trend: list[int]


class LiveLink(Told):
    """A link to another node, and what waits for it."""

    peer: str
    state: Literal["open", "closed", "stopped"]
    replica: str
    since_date: str | None = Field(json_schema_extra=_MOMENT)
    next_attempt_date: str | None = Field(json_schema_extra=_MOMENT)
    last_cut_reason: str
    waiting_entries: int
    waiting_bytes: int
    oldest_waiting_date: str | None = Field(json_schema_extra=_MOMENT)
    queue_trend: list[int]
    clock_difference_us: int | None
    sealed_a_second: float
    received_a_second: float
    sealed_bytes_a_second: int
    received_bytes_a_second: int
    peer_software_version: str
    peer_directory_version: int


class LiveView(Told):
    """The node now. `flow`: by peer and class; `byPeer`, `byClass`, `total`: the same put together."""

    node: str
    date: str = Field(json_schema_extra=_MOMENT)
    started_date: str = Field(json_schema_extra=_MOMENT)
    software_version: str
    width_s: int
    rate_span_s: int
    link: list[LiveLink]
    flow: list[LiveFlow]
    by_peer: list[LiveFlow]
    by_class: list[LiveFlow]
    total: list[LiveFlow]
    parked: int
    retrying: int
    alarms: int
    storage_failing: bool


class HistoryPoint(Told):
    """One span: what went through, and how links and the node were at its end."""

    date: str = Field(json_schema_extra=_MOMENT)
    flow: list[Flow]
    link: dict[str, dict[str, Any]]
    node: dict[str, Any]


class LiveHistory(Told):
    """The past, the oldest first. A span in which the node did not run has no point."""

    width_s: int
    start_date: str = Field(json_schema_extra=_MOMENT)
    end_date: str = Field(json_schema_extra=_MOMENT)
    by: str
    point: list[HistoryPoint]


def live_tasks(node: Node) -> tuple[Task, ...]:
    """What is seen of one node."""

    async def view(call: Call, _given: None) -> Response:
        return telling(await node.reads.run(_live, node, language_of(call.header("accept-language"))))

    async def past(_call: Call, given: HistoryAsked) -> Response:
        span = Span.of(node.settings.live.widths, node.clock.now_us(), given.span_s, given.until_us, given.width_s)
        chosen = {"by": given.by, "role": given.role, "peer": given.peer, "message_class": given.message_class}
        found = await node.reads.run(history, width_s=span.width_s, from_s=span.from_s, to_s=span.to_s, **chosen)
        return telling(
            LiveHistory(
                width_s=found["width_s"],
                start_date=write_moment(found["from_us"]),
                end_date=write_moment(found["to_us"]),
                by=found["by"],
                point=[_point(point) for point in found["points"]],
            )
        )

    return (
        Task("liveView", "GET", READ, view, None, LiveView, "The node now: links, queues, flows, rates, delays."),
        Task("liveHistory", "GET", READ, past, None, LiveHistory, "Its past, in buckets.", parameters=HistoryAsked),
    )


def _live(connection: sa.Connection, node: Node, language: str) -> LiveView:
    found = live_view(connection, node, language)
    return LiveView(
        **{name: found[name] for name in ("node", "software_version", "width_s", "rate_span_s", "storage_failing")},
        date=write_moment(found["now_us"]),
        started_date=write_moment(found["started_at_us"]),
        link=[_link(link) for link in found["links"]],
        flow=[_live_flow(flow) for flow in found["flows"]],
        by_peer=[_live_flow(flow) for flow in found["peers"]],
        by_class=[_live_flow(flow) for flow in found["classes"]],
        total=[_live_flow(flow) for flow in found["totals"]],
        parked=found["inbox"]["parked"],
        retrying=found["inbox"]["waiting"],
        alarms=standing_alarm_count(connection),
    )


def _link(link: Mapping[str, Any]) -> LiveLink:
    same = {name: link[name] for name in LiveLink.model_fields if name in link}
    return LiveLink(
        **same,
        since_date=_moment(link["since_us"]),
        next_attempt_date=_moment(link["next_attempt_at_us"]),
        oldest_waiting_date=_moment(link["oldest_waiting_at_us"]),
    )


def _flow_facts(flow: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: flow[name] for name in ("role", "peer", "began", "ended")},
        "message_class": flow["class"],
        "step": {step: StepTimes(**times) for step, times in flow["steps"].items()},
        "open": {state: OpenInState(**legs) for state, legs in flow["open"].items()},
    }


def _live_flow(flow: Mapping[str, Any]) -> LiveFlow:
    further = {name: flow[name] for name in ("began_a_second", "ended_a_second", "trend")}
    return LiveFlow(**_flow_facts(flow), **further)


def _point(point: Mapping[str, Any]) -> HistoryPoint:
    return HistoryPoint(
        date=write_moment(point["at_us"]),
        flow=[Flow(**_flow_facts(flow)) for flow in point["flows"]],
        link={peer: _camel(link) for peer, link in point["links"].items()},
        node=_camel(point["node"]),
    )


def _camel(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {to_camel(name): value for name, value in facts.items()}


def _moment(at_us: int) -> str | None:
    return write_moment(at_us) if at_us else None

"""The node now, on one page: what `top` shows, and the first page of a console."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from common.alarms.queries import list_alarms
from common.live.model import Bucket, Flow
from common.live.queries import GROUPINGS, add_up, buckets, describe_flow
from common.live.sampling import put_sample, take_sample
from common.program.node import Node
from common.program.status import node_head

RATE_SPANS = 6
"""Rates and delays are those of so many narrow buckets: the last minute."""

TREND_SPANS = 60
"""Little charts show so many: ten minutes."""

ALARMS_SHOWN_MAX = 50


def live_view(connection: sa.Connection, node: Node, language: str) -> dict[str, Any]:
    """Links, queues, flows with their rates and delays, trends, and what wants an operator. Times in µs of the node's
    clock; rates in legs a second."""
    sample, role = take_sample(connection, node), "hub" if node.role.name == "hq" else "origin"
    width_s = node.settings.live.fine_s
    now_s = sample.now_us // 1_000_000
    recent = list(buckets(connection, width_s, now_s - TREND_SPANS * width_s, now_s))
    last_minute = Bucket()
    for begin_s, bucket in recent:
        if begin_s >= now_s - (RATE_SPANS + 1) * width_s:
            last_minute.merge(bucket)
    for flow in last_minute.flows.values():
        flow.open = {}
    put_sample(sample, role, last_minute)
    span_s = RATE_SPANS * width_s
    return {
        **node_head(node),
        "links": [_link(link, last_minute, recent, span_s) for link in sample.links],
        "flows": _flows(last_minute, recent, "peer-class", span_s),
        "peers": _flows(last_minute, recent, "peer", span_s),
        "classes": _flows(last_minute, recent, "class", span_s),
        "totals": _flows(last_minute, recent, "total", span_s),
        "inbox": sample.inbox,
        "alarms": list_alarms(connection, language, ALARMS_SHOWN_MAX, cleared=False),
        "storage_failing": node.writer.storage_failing,
        "node_last_minute": last_minute.node,
        "width_s": width_s,
        "rate_span_s": span_s,
    }


def _flows(minute: Bucket, recent: list[tuple[int, Bucket]], by: str, span_s: int) -> list[dict[str, Any]]:
    """What went through in the last minute, put together as `by` says, each with its trend."""
    whole = Bucket()
    for key, flow in minute.flows.items():
        add_up(whole.flow(*GROUPINGS[by](*key)), flow)
    return [
        {**describe_flow(*key, flow), **_rates(flow, span_s), "trend": _trend(recent, by, key)}
        for key, flow in sorted(whole.flows.items())
    ]


def _rates(flow: Flow, span_s: int) -> dict[str, Any]:
    ended = sum(flow.ended.values())
    return {
        "began_a_second": round(flow.began / span_s, 3),
        "ended_a_second": round(ended / span_s, 3),
    }


def _link(link: dict[str, Any], minute: Bucket, recent: list[tuple[int, Bucket]], span_s: int) -> dict[str, Any]:
    peer = link["peer"]
    counted = minute.links.get(peer, {})
    return {
        **link,
        "sealed_a_second": round(counted.get("sealed_entries", 0) / span_s, 3),
        "received_a_second": round(counted.get("received_entries", 0) / span_s, 3),
        "sealed_bytes_a_second": round(counted.get("sealed_bytes", 0) / span_s),
        "received_bytes_a_second": round(counted.get("received_bytes", 0) / span_s),
        "queue_trend": [bucket.links.get(peer, {}).get("queue_entries", 0) for _, bucket in recent],
    }


def _trend(recent: list[tuple[int, Bucket]], by: str, key: tuple[str, str, str]) -> list[int]:
    """How many legs ended in each of the last buckets."""
    return [
        sum(sum(flow.ended.values()) for found, flow in bucket.flows.items() if GROUPINGS[by](*found) == key)
        for _, bucket in recent
    ]

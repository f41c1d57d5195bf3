"""What charts read: the history as series of points, put together as asked. Rows, on a reader's connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa

from common.live.model import Bucket, Flow
from common.live.repository import live_buckets

ALL = "all"

Name = Callable[[str, str, str], tuple[str, str, str]]

GROUPINGS: dict[str, Name] = {
    "total": lambda role, _peer, _name: (role, ALL, ALL),
    "peer": lambda role, peer, _name: (role, peer, ALL),
    "class": lambda role, _peer, name: (role, ALL, name),
    "peer-class": lambda role, peer, name: (role, peer, name),
}
"""By what flows are put together; a role is never mixed with another."""


def history(
    connection: sa.Connection,
    *,
    width_s: int,
    from_s: int,
    to_s: int,
    by: str = "peer-class",
    peer: str = "",
    message_class: str = "",
    role: str = "",
) -> dict[str, Any]:
    """The buckets of one width that began from `from_s` until before `to_s`, oldest first. A span without a bucket (the
    node did not run) has no point."""
    points = [
        _point(begin_s, _chosen(bucket, by, peer, message_class, role), peer)
        for begin_s, bucket in buckets(connection, width_s, from_s, to_s)
    ]
    return {"width_s": width_s, "from_us": from_s * 1_000_000, "to_us": to_s * 1_000_000, "by": by, "points": points}


def buckets(connection: sa.Connection, width_s: int, from_s: int, to_s: int) -> Iterator[tuple[int, Bucket]]:
    """Begin and content of each span, what several processes of the node did put together."""
    statement = (
        sa.select(live_buckets.c.begin_s, live_buckets.c.content)
        .where(live_buckets.c.width_s == width_s, live_buckets.c.begin_s >= from_s, live_buckets.c.begin_s < to_s)
        .order_by(live_buckets.c.begin_s, live_buckets.c.process)
    )
    begin_s, whole = 0, Bucket()
    for row in connection.execute(statement):
        if row.begin_s != begin_s:
            if begin_s:
                yield begin_s, whole
            begin_s, whole = row.begin_s, Bucket.from_bytes(row.content)
        else:
            whole.beside(Bucket.from_bytes(row.content))
    if begin_s:
        yield begin_s, whole


def _chosen(bucket: Bucket, by: str, peer: str, message_class: str, role: str) -> Bucket:
    wanted = (role, peer, message_class)
    chosen = Bucket(links=bucket.links, node=bucket.node)
    for key, flow in bucket.flows.items():
        if all(not want or want == has for want, has in zip(wanted, key, strict=True)):
            add_up(chosen.flow(*GROUPINGS[by](*key)), flow)
    return chosen


def add_up(whole: Flow, part: Flow) -> None:
    """Adds one flow to another of the same span: what is open adds up, and the oldest of all is the oldest."""
    still_open = dict(whole.open)
    for state, (legs, oldest_us) in part.open.items():
        known, known_oldest_us = still_open.get(state, (0, 0))
        still_open[state] = (known + legs, max(known_oldest_us, oldest_us))
    whole.merge(part)
    whole.open = still_open


def _point(begin_s: int, bucket: Bucket, peer: str) -> dict[str, Any]:
    return {
        "at_us": begin_s * 1_000_000,
        "flows": [describe_flow(*key, flow) for key, flow in sorted(bucket.flows.items())],
        "links": {name: link for name, link in sorted(bucket.links.items()) if peer in ("", name)},
        "node": bucket.node,
    }


def describe_flow(role: str, peer: str, message_class: str, flow: Flow) -> dict[str, Any]:
    """One flow as the API tells it."""
    return {
        "role": role,
        "peer": peer,
        "class": message_class,
        "began": flow.began,
        "ended": flow.ended,
        "steps": {step: histogram.described() for step, histogram in sorted(flow.steps.items())},
        "open": {
            state: {"legs": legs, "oldest_age_us": oldest_us} for state, (legs, oldest_us) in sorted(flow.open.items())
        },
    }

"""Which spans a leg has, and by what names they find each other.

A trace needs no header on the wire: its id is the request's, and a span's id follows from leg, place and step. So each
node tells its own part, and knows the id of the part above it, which another node tells. Whether a request is traced
follows from its id as well: all nodes with the same ratio choose the same requests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from common.ids import ID_BYTES
from common.live.events import ANSWER, HOME, HUB, ORIGIN, QUEUE, WHOLE, LegFinished

RANDOM_BYTES = 7
"""The last bytes of a request's id are random; its first ones are the time."""

Place = tuple[str, str]
"""Role and step."""

NAMES: dict[Place, str] = {
    (ORIGIN, WHOLE): "leg",
    (ORIGIN, QUEUE): "origin queue",
    (HUB, WHOLE): "hub",
    (HUB, QUEUE): "hub queue",
    (HUB, ANSWER): "home answers",
    (HOME, WHOLE): "home",
}

PARENTS: dict[Place, Place] = {
    (ORIGIN, QUEUE): (ORIGIN, WHOLE),
    (HUB, WHOLE): (ORIGIN, WHOLE),
    (HUB, QUEUE): (HUB, WHOLE),
    (HUB, ANSWER): (HUB, WHOLE),
    (HOME, WHOLE): (HUB, ANSWER),
}
"""The span above each; the origin's has none."""


class SpanFacts(NamedTuple):
    """A span, before any library has a say. Times in µs; `parent_id` 0: none."""

    trace_id: int
    span_id: int
    parent_id: int
    name: str
    begin_us: int
    end_us: int


def sampled(leg_id: bytes, ratio: float) -> bool:
    """Whether the request of this leg is traced, when `ratio` (0 to 1) of all are."""
    drawn = int.from_bytes(leg_id[ID_BYTES - RANDOM_BYTES : ID_BYTES], "big")
    return drawn < ratio * (1 << 8 * RANDOM_BYTES)


def spans_of(event: LegFinished) -> Iterator[SpanFacts]:
    """The spans that one place tells of a leg that has ended there."""
    trace_id = int.from_bytes(event.leg_id[:ID_BYTES], "big")
    for step, begin_us, end_us in event.steps:
        place = (event.role, step)
        if begin_us and end_us and place in NAMES:
            above = PARENTS.get(place)
            parent_id = span_id(event.leg_id, above) if above is not None else 0
            name = f"{NAMES[place]} {event.kind.rpartition('.')[2]}".strip()
            yield SpanFacts(trace_id, span_id(event.leg_id, place), parent_id, name, begin_us, max(begin_us, end_us))


def span_id(leg_id: bytes, place: Place) -> int:
    """The id of the span that a place tells of a leg; never 0."""
    digest = hashlib.sha256(leg_id + "/".join(place).encode("ascii")).digest()
    return int.from_bytes(digest[:8], "big") or 1

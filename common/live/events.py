"""What happens to legs, in the same words at the three places that a leg passes: its origin, the hub, its home.

In-process, after the commit. History, meters and traces are all made of these.
"""

from __future__ import annotations

from dataclasses import dataclass

ORIGIN, HUB, HOME = "origin", "hub", "home"

WHOLE, QUEUE, ANSWER = "whole", "queue", "answer"
"""Steps: the whole of a leg at its place; at the hub, until it was forwarded, and at the origin, until it was sealed
for the hub; from then until the answer was there. At HQ as the origin the hub's steps say it."""


@dataclass(frozen=True, slots=True)
class LegBegan:
    """A leg has begun at this place (`role`): submitted, admitted, or taken up. `peer`: the node that it goes to, or at
    home the one that it came from."""

    role: str
    leg_id: bytes
    peer: str
    message_class: int


@dataclass(frozen=True, slots=True)
class BucketStored:
    """A span of the history is in the database. `begin_s`: when it began, seconds since 1970 UTC."""

    begin_s: int


@dataclass(frozen=True, slots=True)
class LegFinished:
    """A leg has its end at this place. `steps`: what took from when until when, in µs of this node's clock."""

    role: str
    leg_id: bytes
    peer: str
    message_class: int
    kind: str
    outcome: str
    reason_code: str
    steps: tuple[tuple[str, int, int], ...]

"""The steps of a request's way, as each node can tell them: what happened, where, and by whose clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from common.ids import split_leg_id
from common.requests.registry import RequestKinds


@dataclass(frozen=True, slots=True)
class Step:
    """One step of one leg. `at_us` was read off the clock of the node `clock`; 0: it has not happened."""

    leg: str
    node: str
    step: str
    at_us: int
    clock: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What there is to add, for screens to put into words: `position` and `business_date` of the hub's order; `cause`
    of a withdrawal (expired, cancelled); `from`, the node that asked; `state` and `reason_code` of an end."""


def end_facts(state: str, reason_code: str) -> dict[str, str]:
    """The facts of a leg's end; none for a leg that has not ended."""
    return {"state": state, **({"reason_code": reason_code} if reason_code else {})}


def leg_names(legs: Iterable[bytes]) -> dict[bytes, str]:
    """What the legs of one request are called in its trace: by their destination; where several origins asked under
    one request id (all but one of them took another's), by both, "31/44"."""
    parts = {leg: split_leg_id(leg)[1:] for leg in legs}
    one_origin = len({origin for origin, _ in parts.values()}) == 1
    return {
        leg: destination if one_origin else f"{origin}/{destination}" for leg, (origin, destination) in parts.items()
    }


def describe_steps(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """The steps that have happened, in their order, with the times between them.

    `since_previous_us` is null where the step before was read off another clock (a difference between two clocks is no
    duration), and for the first of a leg; `since_same_clock_us` is the time since the leg's latest step by the same
    clock.
    """
    described: list[dict[str, Any]] = []
    previous: Step | None = None
    latest: dict[tuple[str, str], int] = {}
    for step in steps:
        if not step.at_us:
            continue
        follows = previous is not None and previous.leg == step.leg and previous.clock == step.clock
        since = step.at_us - previous.at_us if follows and previous is not None else None
        before = latest.get((step.leg, step.clock))
        described.append(
            {
                "leg": step.leg,
                "node": step.node,
                "step": step.step,
                "at_us": step.at_us,
                "since_previous_us": since,
                "since_same_clock_us": None if before is None else step.at_us - before,
                "clock": step.clock,
                "facts": dict(step.facts),
            }
        )
        latest[step.leg, step.clock] = step.at_us
        previous = step
    return described


def describe_trace(
    request_id: str, parts: Mapping[str, tuple[str, list[Step]] | None], kinds: RequestKinds
) -> dict[str, Any]:
    """What a node knows of a request, by the roles that it has in it (at least one): "origin", "hub", "home"."""
    known = {role: part for role, part in parts.items() if part is not None}
    kind_name = next(iter(known.values()))[0]
    kind = kinds.known(kind_name)
    return {
        "request_id": request_id,
        "kind": kind.alias if kind is not None else kind_name,
        "role": ", ".join(known),
        "steps": [step for _, steps in known.values() for step in describe_steps(steps)],
    }

"""What screens read about the legs that this province carries out: rows, on a reader's connection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from common.db.leg_counts import LegCounts, count_legs
from common.evidence.windows import LegTimes, Place
from common.gen.quanwang.federation.v1 import envelope_pb2, seal_pb2
from common.ids import HQ, link_name, split_leg_id
from common.requests.leg_pages import Wanted, page_of_legs
from common.requests.registry import RequestKinds
from common.trace import Step, end_facts, leg_names
from province_node.serving.leg_states import COMMITTING, TERMINAL, WITHDRAWN, WORKING
from province_node.serving.repository import ServingLegRow, serving_legs

ANSWERS_AT_ONCE = 500


def serving_leg_counts(connection: sa.Connection) -> LegCounts:
    """How many legs are in each state."""
    return count_legs(connection, serving_legs, (WORKING, COMMITTING, *TERMINAL))


def list_served_legs(connection: sa.Connection, kinds: RequestKinds, wanted: Wanted) -> dict[str, Any]:
    """The legs that this province carries out, newest first. Raises UnknownState, MalformedLeg."""
    columns = ("kind", "source", "state", "reason_code", "received_at_us", "committing_at_us", "ended_at_us")
    states = (WORKING, COMMITTING, *TERMINAL)
    legs, after = page_of_legs(connection, serving_legs, columns, states, wanted)
    items = [leg | {"kind": kinds.alias_of(leg["kind"]), "begun_at_us": leg["received_at_us"]} for leg in legs]
    return {"items": items, "next": after}


def served_steps(connection: sa.Connection, node: str, request_id: bytes) -> tuple[str, list[Step]] | None:
    """The kind of a request that this province carries out and the steps of its leg (one for each origin that asks
    under this id), or None where there is none."""
    statement = (
        sa.select(serving_legs)
        .where(serving_legs.c.leg_id >= request_id, serving_legs.c.leg_id < request_id + b"\xff")
        .order_by(serving_legs.c.leg_id)
    )
    legs = [ServingLegRow._make(values) for values in connection.execute(statement)]
    if not legs:
        return None
    names = leg_names(leg.leg_id for leg in legs)
    return legs[0].kind, [step for leg in legs for step in _leg_steps(leg, names[leg.leg_id], node)]


def served_leg_times(connection: sa.Connection, node: str, request_id: bytes, now_us: int) -> list[LegTimes]:
    """The legs of a request that this province carries out, and when something happened to each."""
    statement = sa.select(serving_legs).where(
        serving_legs.c.leg_id >= request_id, serving_legs.c.leg_id < request_id + b"\xff"
    )
    legs = [ServingLegRow._make(values) for values in connection.execute(statement)]
    links = (link_name(HQ, node), link_name(node, HQ))
    return [
        LegTimes(
            links,
            leg.received_at_us,
            leg.ended_at_us or now_us,
            (leg.committing_at_us, leg.ended_at_us),
            frozenset(_expected(leg, node)),
        )
        for leg in legs
    ]


def requests_about(connection: sa.Connection, kinds: RequestKinds, customer_number: str) -> list[bytes]:
    """The requests that this province has answered with personal data of a customer. Looks through all answers: there
    is no index for what is asked this rarely."""
    answered = sa.select(serving_legs.c.leg_id, serving_legs.c.kind, serving_legs.c.answer).where(
        serving_legs.c.kind.in_([kind.name for kind in kinds if kind.private_response is not None]),
        sa.func.length(serving_legs.c.answer) > 0,
    )
    found: dict[bytes, None] = {}
    rows = connection.execution_options(yield_per=ANSWERS_AT_ONCE).execute(answered)
    for leg, name, answer in rows:
        kind = kinds.served(name)
        body = seal_pb2.Entry.FromString(answer).body
        if kind is not None and getattr(kind.response.FromString(body), "customer_number", "") == customer_number:
            found[split_leg_id(leg)[0]] = None
    return list(found)


def _expected(leg: ServingLegRow, node: str) -> Iterator[Place]:
    """What home's journals hold of a leg. What was withdrawn may have been answered before the request came."""
    if leg.state not in WITHDRAWN:
        yield Place(link_name(HQ, node), envelope_pb2.PHASE_REQUEST, leg.source, node)
    if leg.ended_at_us:
        yield Place(link_name(node, HQ), envelope_pb2.PHASE_FINAL, leg.source, node)


def _leg_steps(leg: ServingLegRow, name: str, node: str) -> Iterator[Step]:
    yield Step(name, node, "received", leg.received_at_us, node, {"from": leg.source})
    yield Step(name, node, "committing", leg.committing_at_us, node)
    yield Step(name, node, "ended", leg.ended_at_us, node, end_facts(leg.state, leg.reason_code))

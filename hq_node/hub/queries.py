"""What screens read about the hub's legs: rows, on a reader's connection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from common.alarms.commands import Reading
from common.db.leg_counts import LegCounts, count_legs
from common.evidence.windows import LegTimes, Place
from common.gen.quanwang.federation.v1 import envelope_pb2
from common.ids import HQ, link_name
from common.node_context import NodeContext
from common.requests.leg_pages import Wanted, page_of_legs
from common.requests.registry import RequestKinds
from common.trace import Step, end_facts, leg_names
from hq_node.hub.leg_states import ADMITTED, FORWARDED, TERMINAL
from hq_node.hub.repository import IS_OPEN, HubLegRow, hub_legs, hub_order

OVERDUE_COUNTED_MAX = 1_000


def hub_leg_counts(connection: sa.Connection) -> LegCounts:
    """How many legs are in each state."""
    return count_legs(connection, hub_legs, (ADMITTED, FORWARDED, *TERMINAL))


def hub_order_state(connection: sa.Connection) -> dict[str, Any]:
    """How far the hub's order has come, and its open business day."""
    row = connection.execute(sa.select(hub_order)).one_or_none()
    return {"position": row.position, "business_date": row.business_date} if row is not None else {}


def open_legs_by_home(connection: sa.Connection) -> list[tuple[str, int, str, int, int]]:
    """Home, message class, state, count, and the oldest admission (µs), of the legs that have not ended."""
    statement = (
        sa.select(
            hub_legs.c.home,
            hub_legs.c.message_class,
            hub_legs.c.state,
            sa.func.count(),
            sa.func.min(hub_legs.c.admitted_at_us),
        )
        .where(IS_OPEN)
        .group_by(hub_legs.c.home, hub_legs.c.message_class, hub_legs.c.state)
    )
    return [tuple(row) for row in connection.execute(statement)]


def overdue_readings(connection: sa.Connection, _now_us: int) -> list[Reading]:
    """How many legs each province owes an answer whose time limit has passed, of so many at most."""
    overdue = sa.select(hub_legs.c.home).where(IS_OPEN, hub_legs.c.due_at_us == 0)
    found = overdue.limit(OVERDUE_COUNTED_MAX).subquery()
    statement = sa.select(found.c.home, sa.func.count()).group_by(found.c.home)
    return [Reading("OVERDUE", home, legs) for home, legs in connection.execute(statement)]


def list_relayed_legs(connection: sa.Connection, kinds: RequestKinds, wanted: Wanted) -> dict[str, Any]:
    """The legs that the hub relays, newest first. Raises UnknownState, MalformedLeg."""
    columns = ("kind", "origin", "home", "state", "overdue", "reason_code", "hub_position", "business_date")
    times = ("admitted_at_us", "forwarded_at_us", "expires_at_us", "ended_at_us")
    states = (ADMITTED, FORWARDED, *TERMINAL)
    legs, after = page_of_legs(connection, hub_legs, (*columns, *times), states, wanted)
    items = [leg | {"kind": kinds.alias_of(leg["kind"]), "begun_at_us": leg["admitted_at_us"]} for leg in legs]
    return {"items": items, "next": after}


def relayed_steps(connection: sa.Connection, request_id: bytes) -> tuple[str, list[Step]] | None:
    """The kind of a request that passed the hub and the steps of its legs there, or None where none did."""
    statement = (
        sa.select(hub_legs)
        .where(hub_legs.c.leg_id >= request_id, hub_legs.c.leg_id < request_id + b"\xff")
        .order_by(hub_legs.c.leg_id)
    )
    legs = [HubLegRow._make(values) for values in connection.execute(statement)]
    if not legs:
        return None
    names = leg_names(leg.leg_id for leg in legs)
    return legs[0].kind, [step for leg in legs for step in _leg_steps(leg, names[leg.leg_id])]


def relayed_leg_times(
    connection: sa.Connection, _context: NodeContext, request_id: bytes, now_us: int
) -> list[LegTimes]:
    """The legs of a request that passed the hub, and when something happened to each."""
    statement = sa.select(hub_legs).where(hub_legs.c.leg_id >= request_id, hub_legs.c.leg_id < request_id + b"\xff")
    return [_leg_times(HubLegRow._make(values), now_us) for values in connection.execute(statement)]


def _leg_times(leg: HubLegRow, now_us: int) -> LegTimes:
    peers = [node for node in (leg.origin, leg.home) if node != HQ]
    links = [link_name(*pair) for node in peers for pair in ((node, HQ), (HQ, node))]
    moments = (leg.forwarded_at_us, leg.withdrawn_at_us, leg.answered_at_us, leg.ended_at_us)
    began_us, until_us = leg.admitted_at_us or leg.ended_at_us, leg.ended_at_us or now_us
    return LegTimes(tuple(links), began_us, until_us, moments, frozenset(_expected(leg)))


def _expected(leg: HubLegRow) -> Iterator[Place]:
    """What the hub's journals hold of a leg. What HQ asked and ended itself it said to nobody."""
    request, final = envelope_pb2.PHASE_REQUEST, envelope_pb2.PHASE_FINAL
    if leg.origin != HQ:
        yield Place(link_name(leg.origin, HQ), request, leg.origin, leg.home)
    if leg.origin != HQ and leg.ended_at_us:
        yield Place(link_name(HQ, leg.origin), final, leg.origin, leg.home)
    if leg.home != HQ and leg.forwarded_at_us:
        yield Place(link_name(HQ, leg.home), request, leg.origin, leg.home)
    if leg.home != HQ and leg.answered_at_us:
        yield Place(link_name(leg.home, HQ), final, leg.origin, leg.home)


def _leg_steps(leg: HubLegRow, name: str) -> Iterator[Step]:
    order = {"position": leg.hub_position, "business_date": leg.business_date} if leg.hub_position else {}
    yield Step(name, HQ, "admitted", leg.admitted_at_us, HQ, order)
    yield Step(name, HQ, "forwarded", leg.forwarded_at_us, HQ)
    withdrawn = Step(name, HQ, "withdrawn", leg.withdrawn_at_us, HQ, {"cause": leg.withdraw})
    # Overdue it is from its time limit on, whenever the hub notices.
    overdue = Step(name, HQ, "overdue", leg.expires_at_us if leg.overdue else 0, HQ)
    yield from sorted((withdrawn, overdue), key=lambda step: step.at_us)
    yield Step(name, HQ, "answered", leg.answered_at_us, HQ)
    yield Step(name, HQ, "ended", leg.ended_at_us, HQ, end_facts(leg.state, leg.reason_code))


def positions_without_leg(connection: sa.Connection) -> int:
    """How many places of the hub's order are no leg's: decided before the loss, and witnessed by nobody."""
    taken = sa.select(sa.func.count()).select_from(hub_legs).where(hub_legs.c.hub_position > 0)
    position = connection.execute(sa.select(hub_order.c.position)).scalar() or 0
    return int(max(0, position - (connection.execute(taken).scalar() or 0)))

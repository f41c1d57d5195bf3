"""What screens read about the requests that this node asked: rows, on a reader's connection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from common.db.leg_counts import ZERO, LegCounts, count_legs
from common.evidence.windows import LegTimes, Place
from common.gen.quanwang.federation.v1 import envelope_pb2
from common.ids import HQ, format_id, link_name
from common.node_context import NodeContext
from common.requests.answers import described_answer, has_personal_data, stored_envelope
from common.requests.leg_states import CANCELLED, COMPLETED, EXPIRED, OPEN, OVERDUE, REJECTED, SUBMITTED, TERMINAL
from common.requests.model import RequestNotFound, UnknownState, request_state
from common.requests.registry import RequestKinds
from common.requests.repository import AskedLegRow, RequestRow, asked_legs, requests
from common.requests.whereabouts import cancels_waiting, open_legs_are
from common.trace import Step, end_facts

REQUESTS_MAX = 500
"""Requests in one page."""
PAGES_SCANNED_MAX = 40
"""A state is derived from the legs, so a page of one state may have to be looked for; at most in so many pages."""

PARTLY_COMPLETED = "partly completed"
STATES = (SUBMITTED, OVERDUE, *TERMINAL, PARTLY_COMPLETED)


LEG_ID_END: sa.ColumnElement[bytes] = sa.cast(requests.c.request_id.op("||")(sa.literal(b"\xff")), sa.LargeBinary)
"""Behind all legs of a request: their keys begin with its id."""
LEGS_OF_REQUEST = sa.and_(asked_legs.c.leg_id > requests.c.request_id, asked_legs.c.leg_id < LEG_ID_END)


def _any_leg(state: str) -> sa.ColumnElement[bool]:
    return sa.func.max(sa.case((asked_legs.c.state == state, 1), else_=0)) == 1


REQUEST_STATE: sa.ColumnElement[str] = (
    sa.select(
        sa.case(
            (_any_leg(OVERDUE), OVERDUE),
            (_any_leg(SUBMITTED), SUBMITTED),
            (sa.func.min(asked_legs.c.state) == sa.func.max(asked_legs.c.state), sa.func.min(asked_legs.c.state)),
            (_any_leg(COMPLETED), PARTLY_COMPLETED),
            *((_any_leg(state), state) for state in (REJECTED, EXPIRED, CANCELLED)),
        )
    )
    .select_from(asked_legs)
    .where(LEGS_OF_REQUEST)
    .correlate(requests)
    .scalar_subquery()
)
"""What `model.request_state` says, in SQL."""


def list_requests(
    connection: sa.Connection, kinds: RequestKinds, state: str = "", limit: int = 50, before: bytes | None = None
) -> dict[str, Any]:
    """The latest requests, newest first; `next` is the id to go on `before`, None at the end. Raises UnknownState."""
    if state and state not in STATES:
        raise UnknownState(given=state, known=", ".join(STATES))
    limit = max(1, min(limit, REQUESTS_MAX))
    items: list[dict[str, Any]] = []
    last, all_seen = before, False
    for page, is_last in _pages(connection, state, limit, before):
        all_seen = is_last
        for row, legs in page:
            if len(items) == limit:
                return {"items": items, "next": format_id(last) if last is not None else None}
            last = row.request_id
            described = _described(row, legs, kinds)
            if state in ("", described["state"]):
                items.append(described)
    return {"items": items, "next": format_id(last) if last is not None and not all_seen else None}


def show_request(connection: sa.Connection, context: NodeContext, request_id: bytes) -> dict[str, Any]:
    """One request with its legs in full, and what completed legs answered. Raises RequestNotFound."""
    row, legs = _request(connection, request_id)
    described = _described(row, legs, context.kinds)
    places = open_legs_are(connection, legs, row.time_to_live_ms)
    described["legs"] = [_leg_in_full(leg, row.kind, context) | {"whereabouts": places.get(leg.leg_id)} for leg in legs]
    return described | {
        "time_to_live_ms": row.time_to_live_ms,
        "organisation": row.organisation,
        "customer_authentication": row.customer_authentication,
        "idempotency_key": row.idempotency_key,
    }


def legs_not_cancelled_yet(connection: sa.Connection, request_id: bytes) -> list[str]:
    """The destinations for which the Cancel of a request still waits in this node's outbox. Raises RequestNotFound."""
    return cancels_waiting(connection, _request(connection, request_id)[1])


def has_ended(connection: sa.Connection, request_id: bytes) -> bool:
    """Whether all legs have ended. Raises RequestNotFound."""
    states = connection.execute(sa.select(asked_legs.c.state).where(_of(request_id))).scalars().all()
    if not states:
        raise RequestNotFound(request_id=format_id(request_id))
    return all(state in TERMINAL for state in states)


def asked_leg_times(connection: sa.Connection, node: str, request_id: bytes, now_us: int) -> list[LegTimes]:
    """The legs of a request that began at this province, and when something happened to each."""
    links = (link_name(node, HQ), link_name(HQ, node))
    return [
        LegTimes(
            links,
            leg.submitted_at_us,
            leg.ended_at_us or now_us,
            (leg.stamped_at_us, leg.working_at_us, leg.overdue_at_us, leg.cancel_asked_at_us, leg.ended_at_us),
            frozenset(_expected(leg, node)),
        )
        for leg in _legs(connection, [request_id])
    ]


def _expected(leg: AskedLegRow, node: str) -> Iterator[Place]:
    """What the origin's journals hold of a leg, as far as its row says so."""
    if leg.stamped_at_us or leg.ended_at_us:
        yield Place(link_name(node, HQ), envelope_pb2.PHASE_REQUEST, node, leg.destination)
    if leg.ended_at_us:
        yield Place(link_name(HQ, node), envelope_pb2.PHASE_FINAL, node, leg.destination)


def asked_steps(connection: sa.Connection, context: NodeContext, request_id: bytes) -> tuple[str, list[Step]] | None:
    """The kind of a request that began here and the steps of its legs, or None where it did not begin here.

    What happened at the hub and at home is told by the times that stamps and answers brought, off those nodes' clocks.
    """
    statement = sa.select(requests.c.kind).where(requests.c.request_id == request_id)
    kind: str | None = connection.execute(statement).scalar()
    if kind is None:
        return None
    steps = [step for leg in _legs(connection, [request_id]) for step in _leg_steps(leg, context.node)]
    return kind, steps


def request_counts(connection: sa.Connection) -> LegCounts:
    """How many legs are in each state."""
    return count_legs(connection, asked_legs, (*OPEN, *TERMINAL))


def open_asked_legs(connection: sa.Connection, kinds: RequestKinds) -> list[tuple[str, int, str, int, int]]:
    """Destination, message class, state, count and the oldest submission (µs) of the legs that have not ended."""
    statement = (
        sa.select(
            asked_legs.c.destination,
            requests.c.kind,
            asked_legs.c.state,
            sa.func.count(),
            sa.func.min(asked_legs.c.submitted_at_us),
        )
        .join(requests, requests.c.request_id == asked_legs.c.request_id)
        .where(asked_legs.c.ended_at_us == ZERO)
        .group_by(asked_legs.c.destination, requests.c.kind, asked_legs.c.state)
    )
    counted: dict[tuple[str, int, str], tuple[int, int]] = {}
    for destination, kind_name, state, count, oldest_us in connection.execute(statement):
        kind = kinds.known(kind_name)
        key = (destination, kind.message_class if kind is not None else 0, state)
        before = counted.get(key, (0, oldest_us))
        counted[key] = (before[0] + count, min(before[1], oldest_us))
    return [(*key, *value) for key, value in counted.items()]


def _pages(
    connection: sa.Connection, state: str, limit: int, before: bytes | None
) -> Iterator[tuple[list[tuple[RequestRow, list[AskedLegRow]]], bool]]:
    """Pages of requests that may be in `state`, newest first; with each, whether it is the last."""
    for _ in range(PAGES_SCANNED_MAX):
        statement = sa.select(requests).order_by(requests.c.request_id.desc()).limit(limit + 1)
        if before is not None:
            statement = statement.where(requests.c.request_id < before)
        if state in OPEN:
            # Few of all requests are open, and their legs have an index of their own.
            still_open = sa.select(asked_legs.c.request_id).where(
                asked_legs.c.ended_at_us == ZERO, asked_legs.c.state == state
            )
            statement = statement.where(requests.c.request_id.in_(still_open))
        rows = [RequestRow._make(values) for values in connection.execute(statement)]
        legs: dict[bytes, list[AskedLegRow]] = {}
        for leg in _legs(connection, [row.request_id for row in rows]):
            legs.setdefault(leg.request_id, []).append(leg)
        is_last = len(rows) <= limit
        yield [(row, legs.get(row.request_id, [])) for row in rows], is_last
        if is_last:
            return
        before = rows[-1].request_id


def _request(connection: sa.Connection, request_id: bytes) -> tuple[RequestRow, list[AskedLegRow]]:
    values = connection.execute(sa.select(requests).where(requests.c.request_id == request_id)).one_or_none()
    if values is None:
        raise RequestNotFound(request_id=format_id(request_id))
    return RequestRow._make(values), _legs(connection, [request_id])


def _legs(connection: sa.Connection, request_ids: Sequence[bytes]) -> list[AskedLegRow]:
    legs: list[AskedLegRow] = []
    for request_id in request_ids:
        statement = sa.select(asked_legs).where(_of(request_id)).order_by(asked_legs.c.leg_id)
        legs.extend(AskedLegRow._make(values) for values in connection.execute(statement))
    return legs


def _of(request_id: bytes) -> sa.ColumnElement[bool]:
    """The legs of a request lie together in the key."""
    return sa.and_(asked_legs.c.leg_id >= request_id, asked_legs.c.leg_id < request_id + b"\xff")


def _described(row: RequestRow, legs: Sequence[AskedLegRow], kinds: RequestKinds) -> dict[str, Any]:
    kind = kinds.known(row.kind)
    return {
        "request_id": format_id(row.request_id),
        "kind": kind.alias if kind is not None else row.kind,
        "state": request_state(leg.state for leg in legs),
        "created_at_us": row.created_at_us,
        "region": row.region,
        "legs": [{"destination": leg.destination, "state": leg.state, "reason_code": leg.reason_code} for leg in legs],
        "operator": row.operator,
        "channel": row.channel,
    }


def _leg_in_full(leg: AskedLegRow, kind: str, context: NodeContext) -> dict[str, Any]:
    hidden = ("leg_id", "request_id", "message_id", "request_digest", "answer")
    described = {name: value for name, value in leg._asdict().items() if name not in hidden}
    completed = leg.state == COMPLETED
    described["answer"] = described_answer(leg.answer, kind, context) if completed else None
    described["answer_masked"] = completed and has_personal_data(leg.answer)
    described["retry_after_ms"] = _retry_after_ms(leg) if leg.state == REJECTED else None
    return described


def _retry_after_ms(leg: AskedLegRow) -> int | None:
    """After how long, from its end, the hub says that it is worth asking again; None where it says nothing."""
    return stored_envelope(leg.answer).routing.retry_after_ms or None


def _leg_steps(leg: AskedLegRow, own: str) -> Iterator[Step]:
    name, home = leg.destination, leg.destination
    yield Step(name, own, "submitted", leg.submitted_at_us, own)
    yield Step(name, HQ, "admitted", leg.hub_admitted_at_us, HQ, _order_of(leg))
    yield Step(name, HQ, "forwarded", leg.hub_forwarded_at_us, HQ)
    yield Step(name, home, "received by home", leg.home_received_at_us, home)
    yield Step(name, own, "home is working", leg.working_at_us, own)
    yield Step(name, own, "overdue", leg.overdue_at_us, own)
    yield Step(name, own, "cancel asked", leg.cancel_asked_at_us, own)
    yield Step(name, home, "answered by home", leg.home_answered_at_us, home)
    yield Step(name, HQ, "answer at hub", leg.hub_answered_at_us, HQ)
    yield Step(name, own, "ended", leg.ended_at_us, own, end_facts(leg.state, leg.reason_code))


def _order_of(leg: AskedLegRow) -> dict[str, Any]:
    return {"position": leg.hub_position, "business_date": leg.business_date} if leg.hub_position else {}

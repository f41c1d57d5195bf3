"""Where an open leg is, as far as the asking node can know: in its own outbox, on the way, at the hub, at home."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from common.ids import HQ
from common.link.activity import LinkActivity
from common.messaging.outbox import outbox
from common.requests.leg_states import OPEN, OVERDUE
from common.requests.repository import AskedLegRow

OUTBOX, SENT, AT_HUB, AT_HOME, AT_WORK, LATE = "outbox", "sent", "hub", "home", "working", "overdue"
"""Not sealed yet; sealed for the hub, which has not said that it has it; admitted there; forwarded to home; begun at
home; past its time limit, so that only home can end it."""


def open_legs_are(
    connection: sa.Connection, legs: Iterable[AskedLegRow], time_to_live_ms: int
) -> dict[bytes, dict[str, Any]]:
    """For each open leg where it is and since when (µs; of the hub's clock where the hub has it), when its time is over
    (0 before the hub has admitted it), and whether a Cancel for it still waits in this node's outbox."""
    still_open = [leg for leg in legs if leg.state in OPEN]
    waiting = _in_outbox(connection, [leg.leg_id for leg in still_open])
    return {leg.leg_id: _described(leg, waiting.get(leg.leg_id, {}), time_to_live_ms) for leg in still_open}


def cancels_waiting(connection: sa.Connection, legs: Sequence[AskedLegRow]) -> list[str]:
    """The destinations for which a Cancel has not left this node."""
    waiting = _in_outbox(connection, [leg.leg_id for leg in legs])
    return [leg.destination for leg in legs if waiting.get(leg.leg_id, {}).keys() - {leg.request_digest}]


def hub_link(activity: LinkActivity | None) -> dict[str, Any]:
    """The link to the hub, beside what waits for it; the state is empty where this process does not have the link."""
    if activity is None:
        return {"state": "", "since_us": 0}
    if activity.open:
        return {"state": "open", "since_us": activity.opened_at_us}
    return {"state": "closed", "since_us": activity.ended_at_us}


def _in_outbox(connection: sa.Connection, leg_ids: list[bytes]) -> dict[bytes, dict[bytes, int]]:
    """What waits in the outbox for these legs: digest and since when, by leg."""
    if not leg_ids:
        return {}
    statement = sa.select(outbox.c.leg_id, outbox.c.digest, outbox.c.queued_at_us).where(
        outbox.c.peer == HQ, outbox.c.leg_id.in_(leg_ids)
    )
    found: dict[bytes, dict[bytes, int]] = {}
    for leg_id, digest, queued_at_us in connection.execute(statement):
        found.setdefault(leg_id, {})[digest] = queued_at_us
    return found


def _described(leg: AskedLegRow, waiting: dict[bytes, int], time_to_live_ms: int) -> dict[str, Any]:
    place, since_us = _place(leg, waiting)
    admitted_at_us = leg.hub_admitted_at_us
    return {
        "at": place,
        "since_us": since_us,
        "expires_at_us": admitted_at_us + time_to_live_ms * 1_000 if admitted_at_us else 0,
        "cancel_waits": bool(waiting.keys() - {leg.request_digest}),
    }


def _place(leg: AskedLegRow, waiting: dict[bytes, int]) -> tuple[str, int]:
    if leg.state == OVERDUE:
        return LATE, leg.overdue_at_us
    if leg.working_at_us:
        return AT_WORK, leg.working_at_us
    if leg.hub_forwarded_at_us:
        return AT_HOME, leg.hub_forwarded_at_us
    if leg.stamped_at_us:
        return AT_HUB, leg.hub_admitted_at_us
    if leg.request_digest in waiting:
        return OUTBOX, waiting[leg.request_digest]
    return SENT, leg.submitted_at_us

"""Pages of legs that are not this node's own requests: those that the hub relays, those that a province carries out.

Both tables are keyed by the leg, whose first part is the request's id: newest first is the order of the key. A page
looks at no more than LEGS_SCANNED_MAX legs, however few of them are wanted, and says where to go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from common.db.leg_counts import ZERO
from common.errors import Refusal
from common.ids import format_leg, parse_leg
from common.requests.model import UnknownState

LEGS_MAX = 500
"""Legs in one page."""
LEGS_SCANNED_MAX = 20_000

OPEN = "open"
"""Any state that is no end."""


class MalformedLeg(Refusal):
    """Not the name of a leg."""

    en = "{given} does not name a leg; write it as the list does, like 0192f0c4-7b1e-7c3a-9d55-2f6f3c1a8b90/31/44."
    zh = "{given} 不是有效的分支标识，正确形式如 0192f0c4-7b1e-7c3a-9d55-2f6f3c1a8b90/31/44。"


class Wanted(NamedTuple):
    """Which legs: values that columns must have (those that are empty are not asked for), a state or OPEN."""

    columns: dict[str, str]
    state: str = ""
    limit: int = 50
    before: str = ""


def page_of_legs(
    connection: sa.Connection, table: sa.Table, columns: Sequence[str], states: Sequence[str], wanted: Wanted
) -> tuple[list[dict[str, Any]], str | None]:
    """The legs as plain data, newest first, and the leg to go on `before`, None at the end.

    `states`: those that the table knows. Raises UnknownState, MalformedLeg.
    """
    if wanted.state and wanted.state not in (OPEN, *states):
        raise UnknownState(given=wanted.state, known=", ".join((OPEN, *states)))
    limit = max(1, min(wanted.limit, LEGS_MAX))
    scanned = sa.select(table.c.leg_id, *(table.c[name] for name in columns)).order_by(table.c.leg_id.desc())
    if wanted.before:
        scanned = scanned.where(table.c.leg_id < _leg(wanted.before))
    if wanted.state == OPEN:
        scanned = scanned.where(table.c.ended_at_us == ZERO)
    window = scanned.limit(LEGS_SCANNED_MAX).subquery()
    found = sa.select(window).order_by(window.c.leg_id.desc()).limit(limit + 1)
    for name, value in {**wanted.columns, "state": "" if wanted.state == OPEN else wanted.state}.items():
        if value:
            found = found.where(window.c[name] == value)
    rows = [dict(row._mapping) for row in connection.execute(found)]
    return [_named(row) for row in rows[:limit]], _next(connection, window, rows, limit)


def _next(connection: sa.Connection, window: sa.Subquery, rows: Sequence[dict[str, Any]], limit: int) -> str | None:
    if len(rows) > limit:
        return format_leg(rows[limit - 1]["leg_id"])
    # Not min(): PostgreSQL has it for bytes from 18 on only.
    last = sa.select(window.c.leg_id).order_by(window.c.leg_id).limit(1).scalar_subquery()
    count, leg_id = connection.execute(sa.select(sa.func.count(), last).select_from(window)).one()
    return format_leg(leg_id) if count == LEGS_SCANNED_MAX else None


def _named(row: dict[str, Any]) -> dict[str, Any]:
    leg = format_leg(row["leg_id"])
    request_id, origin, home = leg.split("/")
    told = {name: value for name, value in row.items() if name != "leg_id"}
    return {"leg": leg, "request_id": request_id, "origin": origin, "home": home} | told


def _leg(written: str) -> bytes:
    try:
        return parse_leg(written)
    except ValueError as error:
        raise MalformedLeg(given=repr(written[:64])) from error

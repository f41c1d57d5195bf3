"""What is read about requests for approval and substitutions, for screens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from common.access_control.actor import ActorKind
from common.access_control.approval import RESOURCE
from common.access_control.rights import Rights
from common.approvals.approval_states import PENDING
from common.approvals.model import ApprovalNotFound
from common.approvals.repository import approvals, substitutions
from common.ids import format_id
from common.operators.book import AccessBook
from common.operators.row_scope import Belongs, condition_of, rows_within

ROWS_MAX = 200

_BELONGS = Belongs(approvals.c.organisation_id, approvals.c.asker)
_SHOWN = [column for column in approvals.c if column.name not in ("command", "digest", "encrypted")]


def list_approvals(
    connection: sa.Connection, state: str = "", asker: str = "", before: bytes = b"", limit: int = 50
) -> dict[str, Any]:
    """Requests, the latest first, at most `limit` and never more than ROWS_MAX: those in a state, of an asker, or all;
    `next` is where to go on (`before`)."""
    c, size = approvals.c, min(limit, ROWS_MAX)
    statement = sa.select(*_SHOWN).order_by(c.approval_id.desc()).limit(size + 1)
    if state:
        statement = statement.where(c.state == state)
    if asker:
        statement = statement.where(c.asker == asker)
    if before:
        statement = statement.where(c.approval_id < before)
    rows = [_shown(row._asdict()) for row in connection.execute(statement)]
    return {"items": rows[:size], "next": rows[size - 1]["approval_id"] if len(rows) > size else ""}


def show_approval(connection: sa.Connection, approval_id: bytes) -> dict[str, Any]:
    """One request. Raises ApprovalNotFound."""
    row = connection.execute(sa.select(*_SHOWN).where(approvals.c.approval_id == approval_id)).one_or_none()
    if row is None:
        raise ApprovalNotFound(approval=format_id(approval_id))
    return _shown(row._asdict())


def own_approvals(
    connection: sa.Connection, book: AccessBook, operator: str, organisation_id: str, root: str, now_us: int
) -> dict[str, list[dict[str, Any]]]:
    """What an operator who acts in an organisation has asked for, and what they may decide now, for themselves or as a
    substitute; the latest first, at most ROWS_MAX of each. `root`: the node's own organisation."""
    c = approvals.c
    latest = sa.select(*_SHOWN).order_by(c.approval_id.desc()).limit(ROWS_MAX)
    asked = latest.where(c.asker == operator, c.asker_kind == ActorKind.OPERATOR)
    reached = [_within(book, operator, organisation_id, root)]
    absent = stood_in_for(connection, operator, now_us)
    for name in absent:
        reached += [_within(book, name, place, root) for place in book.organisations_of(name)]
    # As for the asker's own, and for those of whom one stands in for (common.approvals.judging).
    others = sa.or_(c.asker_kind != ActorKind.OPERATOR, c.asker.not_in([operator, *absent]))
    waiting = latest.where(c.state == PENDING, c.expires_at_us > now_us, others, sa.or_(*reached))
    return {
        "asked": [_shown(row._asdict()) for row in connection.execute(asked)],
        "to_decide": [_shown(row._asdict()) for row in connection.execute(waiting)],
    }


def stood_in_for(connection: sa.Connection, operator: str, now_us: int) -> list[str]:
    """For whom an operator stands in now, in order."""
    c = substitutions.c
    statement = sa.select(c.operator).where(c.substitute == operator, c.until_us > now_us, c.from_us <= now_us)
    return sorted(set(connection.execute(statement.where(c.ended_at_us == 0)).scalars()))


def list_substitutions(
    connection: sa.Connection, now_us: int, operator: str = "", substitute: str = "", *, over: bool = False
) -> list[dict[str, Any]]:
    """Who stands in for whom, the latest first, at most ROWS_MAX: what is in force or to come; with `over`, all."""
    c = substitutions.c
    statement = sa.select(substitutions).order_by(c.substitution_id.desc()).limit(ROWS_MAX)
    if operator:
        statement = statement.where(c.operator == operator)
    if substitute:
        statement = statement.where(c.substitute == substitute)
    if not over:
        statement = statement.where(c.until_us > now_us, c.ended_at_us == 0)
    return [_shown_substitution(row._asdict(), now_us) for row in connection.execute(statement)]


def _within(book: AccessBook, operator: str, organisation_id: str, root: str) -> sa.ColumnElement[bool]:
    """Which requests the rights of an operator reach."""
    actor = book.actor(operator, organisation_id)
    reached = [sa.and_(approvals.c.action == action, rows) for action, rows in _by_action(actor.rights, actor, root)]
    return sa.or_(*reached) if reached else sa.false()


def _by_action(rights: Rights, actor: Any, root: str) -> list[tuple[str, sa.ColumnElement[bool]]]:
    found = []
    for permission, scope in rights:
        if permission.resource == RESOURCE:
            reached = rows_within(scope, actor, root, _BELONGS)
            found.append((permission.action, sa.true() if reached is None else condition_of(reached)))
    return found


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    change = json.loads(row["change"]) if row["change"] else {}
    return {**row, "approval_id": format_id(row["approval_id"]), "change": change}


def _shown_substitution(row: Mapping[str, Any], now_us: int) -> dict[str, Any]:
    over = bool(row["ended_at_us"]) or row["until_us"] <= now_us
    state = "past" if over else "waits" if row["from_us"] > now_us else "in-force"
    return {**row, "substitution_id": format_id(row["substitution_id"]), "state": state}

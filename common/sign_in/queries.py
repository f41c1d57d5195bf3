"""What is read of credentials and sessions: rows, on a reader's connection."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa

from common.ids import format_id
from common.sign_in.repository import (
    SessionRow,
    account_subject,
    address_subject,
    credentials,
    sessions,
    sign_in_failures,
)

ROWS_MAX = 500


class Stored(NamedTuple):
    """What a password is compared with; empty where there is none. `wait_until_us`: no try counts before."""

    password: str
    factor: bytes
    factor_on: bool
    one_time: bool
    wait_until_us: int


def stored_credential(connection: sa.Connection, operator: str, address_group: str) -> Stored:
    """What is stored of a name, whether or not anybody has it; and how long it, or the address, has to wait."""
    subjects = (account_subject(operator), address_subject(address_group))
    waits = sa.select(sa.func.max(sign_in_failures.c.wait_until_us)).where(sign_in_failures.c.subject.in_(subjects))
    wait_until_us = connection.execute(waits).scalar() or 0
    row = connection.execute(sa.select(credentials).where(credentials.c.operator == operator)).one_or_none()
    if row is None:
        return Stored("", b"", False, False, wait_until_us)
    return Stored(row.password, row.factor, row.factor_on_at_us > 0, row.expires_at_us > 0, wait_until_us)


def find_session(connection: sa.Connection, session_id: bytes) -> SessionRow | None:
    """One session, if there is one."""
    row = connection.execute(sa.select(sessions).where(sessions.c.session_id == session_id)).one_or_none()
    return None if row is None else SessionRow(*row)


def list_sessions(connection: sa.Connection, operator: str = "", after: bytes = b"", limit: int = 50) -> dict[str, Any]:
    """Sessions behind `after` by id, of one or of all, at most `limit` and never more than ROWS_MAX; never what
    proves them. `next` is where to go on."""
    c, size = sessions.c, min(limit, ROWS_MAX)
    columns = (c.session_id, c.operator, c.organisation_id, c.one_time, c.address, c.opened_at_us, c.used_at_us)
    statement = sa.select(*columns).where(c.session_id > after).order_by(c.session_id).limit(size + 1)
    if operator:
        statement = statement.where(c.operator == operator)
    rows = connection.execute(statement).all()
    items = [{**row._mapping, "session_id": format_id(row.session_id)} for row in rows[:size]]
    return {"items": items, "next": items[-1]["session_id"] if len(rows) > size else ""}

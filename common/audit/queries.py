"""What is read of the audit log: search, and the proof that nothing was changed or taken out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from common.access_control.actor import Actor
from common.audit.entry import CUSTOMER, DONE, NO_HASH, READ, SEARCH, entry_hash
from common.audit.repository import audit_log, entry_of, head

ENTRIES_MAX = 500
READ_AT_ONCE = 1_000
SLICE_ENTRIES = 20_000
"""How many entries one query judges, so that a long log can be judged with progress."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What an entry must be to be found; empty means anything."""

    actor: str = ""
    resource: str = ""
    action: str = ""
    record: str = ""
    customer: str = ""
    outcome: str = ""
    from_us: int = 0
    until_us: int = 0


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain is not what it was: the first entry at fault, and how."""

    number: int
    fault: str


@dataclass(slots=True)
class Judged:
    """How many entries were looked at, what is wrong with them, and behind which number to go on (None: at the end)."""

    entries: int
    breaks: list[Break]
    next: int | None


MISSING, CHANGED, TRUNCATED, HEAD_CHANGED = "MISSING", "CHANGED", "TRUNCATED", "HEAD_CHANGED"


def count_since(connection: sa.Connection, actor: Actor, resource: str, action: str, since_us: int, most: int) -> int:
    """How often an actor did something since a moment, as far as `most`."""
    c = audit_log.c
    first = sa.select(c.number).where(c.at_us >= since_us).order_by(c.at_us).limit(1).scalar_subquery()
    whose = sa.and_(c.actor == actor.name, c.actor_kind == actor.kind, c.number >= first)
    what = sa.and_(c.resource == resource, c.action == action, c.outcome == DONE)
    some = sa.select(c.number).where(whose, what).limit(most).subquery()
    return int(connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one())


def search(connection: sa.Connection, sought: Sought, before: int = 0, limit: int = 50) -> dict[str, Any]:
    """The entries that match, the newest first, at most `limit` and never more than ENTRIES_MAX; `next` is where to go
    on (`before`)."""
    size = min(limit, ENTRIES_MAX)
    table = audit_log.c
    statement = sa.select(audit_log).order_by(table.number.desc()).limit(size + 1)
    for name in ("actor", "resource", "action", "record", "outcome"):
        if wanted := getattr(sought, name):
            statement = statement.where(table[name] == wanted)
    if sought.customer:
        statement = statement.where(_about_customer(sought.customer))
    if sought.from_us:
        statement = statement.where(table.at_us >= sought.from_us)
    if sought.until_us:
        statement = statement.where(table.at_us < sought.until_us)
    if before:
        statement = statement.where(table.number < before)
    rows = connection.execute(statement).all()
    items = [_described(row) for row in rows[:size]]
    return {"items": items, "next": items[-1]["number"] if len(rows) > size else 0}


def _about_customer(number: str) -> sa.ColumnElement[bool]:
    """What was done about a customer, and the searches and lists that showed them among others, which name them in the
    details."""
    c = audit_log.c
    of_several = sa.and_(c.resource == CUSTOMER, c.record == "", c.action.in_((SEARCH, READ)))
    return sa.or_(
        c.customer == number,
        sa.and_(of_several, c.details.contains(json.dumps(number, ensure_ascii=False), autoescape=True)),
    )


def _described(row: sa.Row[Any]) -> dict[str, Any]:
    return {"number": row.number, "at_us": row.at_us, **asdict(entry_of(row)), "hash": row.hash.hex()}


def verify_slice(connection: sa.Connection, after: int = 0, entries_max: int = SLICE_ENTRIES) -> Judged:
    """Judges the entries behind number `after`, at most `entries_max` of them. Each entry at fault is named by itself,
    so that one change does not hide the next. Where the end was cut off, only the head remembers."""
    expected, previous = after, _hash_at(connection, after)
    judged = Judged(0, [], None)
    for row in _entries(connection, after, entries_max):
        judged.entries += 1
        expected += 1
        if row.number != expected:
            judged.breaks.append(Break(expected, MISSING))
            expected = row.number
        elif previous is not None and entry_hash(row.number, row.at_us, entry_of(row), previous) != row.hash:
            judged.breaks.append(Break(row.number, CHANGED))
        previous = row.hash
    number, last = head(connection)
    if judged.entries == entries_max and expected < number:
        judged.next = expected
    elif number > expected:
        judged.breaks.append(Break(expected + 1, TRUNCATED))
    elif (number, last) != (expected, previous):
        judged.breaks.append(Break(expected, HEAD_CHANGED))
    return judged


def _hash_at(connection: sa.Connection, number: int) -> bytes | None:
    """The hash that the next entry continues; None where the entry is not there, which is another slice's finding."""
    if not number:
        return NO_HASH
    stored: bytes | None = connection.execute(sa.select(audit_log.c.hash).where(audit_log.c.number == number)).scalar()
    return stored


def _entries(connection: sa.Connection, after: int, entries_max: int) -> Iterator[sa.Row[Any]]:
    left = entries_max
    while left > 0:
        statement = sa.select(audit_log).where(audit_log.c.number > after).order_by(audit_log.c.number)
        rows = connection.execute(statement.limit(min(left, READ_AT_ONCE))).all()
        yield from rows
        if len(rows) < min(left, READ_AT_ONCE):
            return
        left -= len(rows)
        after = rows[-1].number


def log_size(connection: sa.Connection) -> int:
    """The last entry's number, as the head says."""
    return head(connection)[0]

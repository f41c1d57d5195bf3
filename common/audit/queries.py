"""What is read of the audit log: search, and the proof that nothing was changed or taken out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from common.audit.entry import NO_HASH, entry_hash
from common.audit.repository import audit_log, entry_of, head

ENTRIES_MAX = 500
READ_AT_ONCE = 1_000


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


MISSING, CHANGED, TRUNCATED, HEAD_CHANGED = "MISSING", "CHANGED", "TRUNCATED", "HEAD_CHANGED"


def search(connection: sa.Connection, sought: Sought, before: int = 0, limit: int = 50) -> dict[str, Any]:
    """The entries that match, the newest first, at most `limit` and never more than ENTRIES_MAX; `next` is where to go
    on (`before`)."""
    size = min(limit, ENTRIES_MAX)
    table = audit_log.c
    statement = sa.select(audit_log).order_by(table.number.desc()).limit(size + 1)
    for name in ("actor", "resource", "action", "record", "customer", "outcome"):
        if wanted := getattr(sought, name):
            statement = statement.where(table[name] == wanted)
    if sought.from_us:
        statement = statement.where(table.at_us >= sought.from_us)
    if sought.until_us:
        statement = statement.where(table.at_us < sought.until_us)
    if before:
        statement = statement.where(table.number < before)
    rows = connection.execute(statement).all()
    items = [{"number": row.number, "at_us": row.at_us, **asdict(entry_of(row))} for row in rows[:size]]
    return {"items": items, "next": items[-1]["number"] if len(rows) > size else 0}


def verify(connection: sa.Connection) -> tuple[int, list[Break]]:
    """How many entries there are, and where the chain breaks: each entry at fault by itself, so that one change does
    not hide the next. Where the end was cut off, only the head remembers."""
    expected_number, previous, breaks = 0, NO_HASH, []
    for row in _all(connection):
        expected_number += 1
        if row.number != expected_number:
            breaks.append(Break(expected_number, MISSING))
            expected_number = row.number
        elif entry_hash(row.number, row.at_us, entry_of(row), previous) != row.hash:
            breaks.append(Break(row.number, CHANGED))
        previous = row.hash
    number, last = head(connection)
    if number > expected_number:
        breaks.append(Break(expected_number + 1, TRUNCATED))
    elif (number, last) != (expected_number, previous):
        breaks.append(Break(expected_number, HEAD_CHANGED))
    return expected_number, breaks


def _all(connection: sa.Connection) -> Iterator[sa.Row[Any]]:
    after = 0
    while True:
        statement = sa.select(audit_log).where(audit_log.c.number > after).order_by(audit_log.c.number)
        rows = connection.execute(statement.limit(READ_AT_ONCE)).all()
        yield from rows
        if len(rows) < READ_AT_ONCE:
            return
        after = rows[-1].number

"""What screens read about alarms, and what the rules read of the database. Rows, on any connection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from common.alarms.commands import Reading
from common.alarms.kinds import kind_of
from common.alarms.model import AlarmNotFound, format_alarm
from common.alarms.repository import IS_STANDING, alarm_history, alarms
from common.interfaces.queries import interface_readings
from common.messaging.inbox import IS_OPEN, PARKED, inbox
from common.messaging.links import links
from common.messaging.outbox import outbox
from common.replicas.repository import live_replicas

HISTORY_MAX = 200
MESSAGES_READ_MAX = 2_000
ALARMS_COUNTED_MAX = 1_000


def list_alarms(connection: sa.Connection, language: str, limit: int, *, cleared: bool) -> list[dict[str, Any]]:
    """The latest alarms, newest first: those that stand, or all."""
    statement = sa.select(alarms).order_by(alarms.c.last_at_us.desc()).limit(limit)
    if not cleared:
        statement = statement.where(IS_STANDING)
    return [_described(row, language) for row in connection.execute(statement)]


def show_alarm(connection: sa.Connection, kind: str, subject: str, language: str) -> dict[str, Any]:
    """One alarm with its history, newest first. Raises AlarmNotFound."""
    one = sa.select(alarms).where(alarms.c.kind == kind, alarms.c.subject == subject)
    row = connection.execute(one).one_or_none()
    if row is None:
        raise AlarmNotFound(name=format_alarm(kind, subject))
    return {**_described(row, language), "history": alarm_entries(connection, kind, subject)}


def alarm_entries(connection: sa.Connection, kind: str, subject: str) -> list[dict[str, Any]]:
    """What became of one alarm, the newest first."""
    statement = (
        sa.select(alarm_history)
        .where(alarm_history.c.kind == kind, alarm_history.c.subject == subject)
        .order_by(alarm_history.c.at_us.desc(), alarm_history.c.entry_id.desc())
        .limit(HISTORY_MAX)
    )
    return [_entry(entry) for entry in connection.execute(statement)]


def standing_alarm_counts(connection: sa.Connection) -> list[tuple[str, str, str, int]]:
    """Kind, severity, state and how many, of the alarms that stand; at most ALARMS_COUNTED_MAX are counted."""
    standing = sa.select(alarms.c.kind, alarms.c.severity, alarms.c.state).where(IS_STANDING)
    some = standing.limit(ALARMS_COUNTED_MAX).subquery()
    statement = sa.select(*some.c, sa.func.count()).group_by(*some.c)
    return [tuple(row) for row in connection.execute(statement)]


def standing_alarm_count(connection: sa.Connection) -> int:
    """How many alarms stand (kinds and subjects, not occurrences)."""
    return sum(count for *_, count in standing_alarm_counts(connection))


def database_readings(connection: sa.Connection, now_us: int) -> tuple[Reading, ...]:
    """What the rules want to know of queues, of messages that could not be processed, of interfaces, and of the node's
    processes."""
    return (
        *_queues(connection, now_us),
        *_inbox(connection, now_us),
        *interface_readings(connection, now_us),
        *_replicas(connection, now_us),
    )


def _queues(connection: sa.Connection, now_us: int) -> Iterator[Reading]:
    # One look into the index for each peer: counting a long queue would take the writer's time.
    for peer in connection.execute(sa.select(links.c.peer)).scalars().all():
        waiting = sa.select(outbox.c.queued_at_us).where(outbox.c.peer == peer).order_by(outbox.c.outbox_id).limit(1)
        oldest_us = connection.execute(waiting).scalar()
        if oldest_us is not None:
            yield Reading("QUEUE_OLD", peer, (now_us - oldest_us) / 1e6)


def _replicas(connection: sa.Connection, now_us: int) -> Iterator[Reading]:
    for replica in live_replicas(connection, now_us):
        if replica.missing_keys:
            yield Reading("OWN_KEYS_MISSING", replica.name, 1, replica.missing_keys)


def _inbox(connection: sa.Connection, now_us: int) -> Iterator[Reading]:
    some = sa.select(inbox.c.state, inbox.c.received_at_us).where(IS_OPEN).limit(MESSAGES_READ_MAX).subquery()
    statement = sa.select(some.c.state, sa.func.count(), sa.func.min(some.c.received_at_us)).group_by(some.c.state)
    for state, count, oldest_us in connection.execute(statement):
        if state == PARKED:
            yield Reading("PARKED", "inbox", count)
        else:
            yield Reading("RETRYING", "inbox", (now_us - oldest_us) / 1e6, f"{count} messages")


def _entry(row: sa.Row[Any]) -> dict[str, Any]:
    return {"at_us": row.at_us, "state": row.state, "severity": row.severity, "by": row.by_name, "note": row.note}


def _described(row: sa.Row[Any], language: str) -> dict[str, Any]:
    kind = kind_of(row.kind)
    return {
        "name": format_alarm(row.kind, row.subject),
        **row._mapping,
        "lasting": bool(row.lasting),
        "meaning": kind.meaning(language),
        "remedy": kind.remedy(language),
    }

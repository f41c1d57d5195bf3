"""Alarms: what an operator must see, one row for each kind and subject, counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork

alarms = sa.Table(
    "alarms",
    METADATA,
    sa.Column("kind", sa.String(64), primary_key=True),
    sa.Column("subject", sa.String(128), primary_key=True),
    sa.Column("detail", sa.String(512), nullable=False),
    sa.Column("times", sa.Integer, nullable=False),
    sa.Column("first_at_us", sa.BigInteger, nullable=False),
    sa.Column("last_at_us", sa.BigInteger, nullable=False),
)


class AlarmRow(NamedTuple):
    kind: str
    subject: str
    detail: str
    times: int
    first_at_us: int
    last_at_us: int


ALARMS = RowSpec(alarms, AlarmRow, key_width=2)


def raise_alarm(uow: UnitOfWork, kind: str, subject: str, detail: str) -> None:
    """Raises an alarm, or counts one more of the same."""
    rows = uow.rows(ALARMS)
    known = rows.get((kind, subject[:128]))
    if known is None:
        rows.insert(AlarmRow(kind, subject[:128], detail[:512], 1, uow.now_us, uow.now_us))
    else:
        rows.update(known._replace(detail=detail[:512], times=known.times + 1, last_at_us=uow.now_us))


def list_alarms(connection: sa.Connection, limit: int = 200) -> list[dict[str, Any]]:
    """The latest alarms, newest first."""
    statement = sa.select(alarms).order_by(alarms.c.last_at_us.desc()).limit(limit)
    return [dict(row._mapping) for row in connection.execute(statement)]


@dataclass(frozen=True, slots=True)
class RaiseAlarm:
    """A part of the node without a transaction of its own (a link, a timer) has something an operator must see."""

    kind: str
    subject: str
    detail: str


def record_alarm(command: RaiseAlarm, uow: UnitOfWork) -> None:
    """Raises the alarm."""
    raise_alarm(uow, command.kind, command.subject, command.detail)

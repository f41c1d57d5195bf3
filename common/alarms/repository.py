"""Tables of alarms: one row for each kind and subject, and a history of what became of them."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from common.alarms.alarm_states import ACKNOWLEDGED, CLEARED
from common.alarms.model import Alarm
from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork

PRUNED_A_GROUP_MAX = 500

alarms = sa.Table(
    "alarms",
    METADATA,
    sa.Column("kind", sa.String(64), primary_key=True),
    sa.Column("subject", sa.String(128), primary_key=True),
    sa.Column("detail", sa.String(512), nullable=False),
    sa.Column("times", sa.Integer, nullable=False),
    sa.Column("first_at_us", sa.BigInteger, nullable=False),
    sa.Column("last_at_us", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(16), nullable=False, server_default="raised"),
    sa.Column("severity", sa.String(16), nullable=False, server_default="warning"),
    sa.Column("lasting", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("acknowledged_at_us", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("acknowledged_by", sa.String(64), nullable=False, server_default=""),
    sa.Column("note", sa.String(512), nullable=False, server_default=""),
    sa.Column("cleared_at_us", sa.BigInteger, nullable=False, server_default="0"),
)

# Written into the statements in the words of the index, or SQLite would not take it.
IS_STANDING = alarms.c.state != sa.literal_column(f"'{CLEARED}'", sa.String)
sa.Index("alarms_standing", alarms.c.last_at_us, sqlite_where=IS_STANDING, postgresql_where=IS_STANDING)

alarm_history = sa.Table(
    "alarm_history",
    METADATA,
    sa.Column("entry_id", sa.LargeBinary(16), primary_key=True),
    sa.Column("at_us", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("subject", sa.String(128), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("severity", sa.String(16), nullable=False),
    sa.Column("by_name", sa.String(64), nullable=False),
    sa.Column("note", sa.String(512), nullable=False),
    sqlite_with_rowid=False,
)
sa.Index("alarm_history_by_alarm", alarm_history.c.kind, alarm_history.c.subject, alarm_history.c.at_us)
sa.Index("alarm_history_by_time", alarm_history.c.at_us)


class AlarmRow(NamedTuple):
    kind: str
    subject: str
    detail: str
    times: int
    first_at_us: int
    last_at_us: int
    state: str
    severity: str
    lasting: bool
    acknowledged_at_us: int
    acknowledged_by: str
    note: str
    cleared_at_us: int


class AlarmHistoryRow(NamedTuple):
    entry_id: bytes
    at_us: int
    kind: str
    subject: str
    state: str
    severity: str
    by_name: str
    note: str


ALARMS = RowSpec(alarms, AlarmRow, key_width=2)
ALARM_HISTORY = RowSpec(alarm_history, AlarmHistoryRow)


class AlarmBook:
    """The alarms within one group."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._rows = uow.rows(ALARMS)

    def get(self, kind: str, subject: str) -> Alarm | None:
        """The alarm, whatever its state."""
        row = self._rows.get((kind, subject))
        return _alarm(row) if row is not None else None

    def standing_conditions(self) -> list[Alarm]:
        """The conditions that stand raised or acknowledged."""
        return self._found(IS_STANDING, alarms.c.lasting)

    def quiet_occurrences(self, before_us: int) -> list[Alarm]:
        """What was acknowledged, and has not happened again since `before_us`."""
        return self._found(
            IS_STANDING,
            sa.not_(alarms.c.lasting),
            alarms.c.state == ACKNOWLEDGED,
            alarms.c.last_at_us < before_us,
            alarms.c.acknowledged_at_us < before_us,
        )

    def save(self, alarm: Alarm) -> None:
        """Stages the alarm, new or known."""
        self._rows.update(AlarmRow(*(getattr(alarm, name) for name in AlarmRow._fields)))

    def note(self, alarm: Alarm) -> None:
        """Adds to the history what has just become of the alarm."""
        uow = self._uow
        by, note = (alarm.acknowledged_by, alarm.note) if alarm.state == ACKNOWLEDGED else ("", alarm.detail)
        entry = (uow.ids.new(), uow.now_us, alarm.kind, alarm.subject, alarm.state, alarm.severity, by, note)
        uow.rows(ALARM_HISTORY).insert(AlarmHistoryRow(*entry))

    def prune(self, before_us: int) -> int:
        """Forgets history, and cleared alarms, from before a time; so many at a time. Returns how many."""
        old = sa.select(alarm_history.c.entry_id).where(alarm_history.c.at_us < before_us).limit(PRUNED_A_GROUP_MAX)
        entries = list(self._uow.query(old).scalars())
        for entry in entries:
            self._uow.rows(ALARM_HISTORY).delete(entry)
        cleared = self._found(alarms.c.state == CLEARED, alarms.c.cleared_at_us < before_us)
        for alarm in cleared:
            self._rows.delete((alarm.kind, alarm.subject))
        return len(entries) + len(cleared)

    def _found(self, *conditions: sa.ColumnElement[bool]) -> list[Alarm]:
        statement = sa.select(alarms.c.kind, alarms.c.subject).where(*conditions)
        statement = statement.order_by(alarms.c.kind, alarms.c.subject).limit(PRUNED_A_GROUP_MAX)
        keys = [tuple(key) for key in self._uow.query(statement)]
        self._rows.prefetch(keys)
        found = (self.get(*key) for key in keys)
        return [alarm for alarm in found if alarm is not None]


def _alarm(row: AlarmRow) -> Alarm:
    # SQLite has no truth values of its own.
    return Alarm(**{**row._asdict(), "lasting": bool(row.lasting)})

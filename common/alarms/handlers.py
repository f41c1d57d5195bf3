"""Raising, acknowledging and clearing alarms."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from common.alarms.alarm_states import TOLD
from common.alarms.commands import AcknowledgeAlarm, EvaluateAlarms, RaiseAlarm, Reading
from common.alarms.events import AlarmTold
from common.alarms.kinds import kind_of
from common.alarms.model import (
    KIND_CHARACTERS_MAX,
    SUBJECT_CHARACTERS_MAX,
    Alarm,
    AlarmHasCleared,
    AlarmNotFound,
    format_alarm,
)
from common.alarms.queries import database_readings
from common.alarms.repository import AlarmBook
from common.alarms.rules import AlarmWatch, Holding
from common.db.unit_of_work import UnitOfWork

DAY_US = 86_400_000_000


def raise_alarm(uow: UnitOfWork, kind: str, subject: str, detail: str) -> None:
    """Raises an alarm for something that has happened, or counts one more of the same."""
    book = AlarmBook(uow)
    kind, subject = kind[:KIND_CHARACTERS_MAX], subject[:SUBJECT_CHARACTERS_MAX]
    alarm = book.get(kind, subject) or Alarm(kind, subject)
    told = alarm.rise(kind_of(kind).severity, detail, lasting=False, now_us=uow.now_us)
    _keep(alarm, told, book, uow)


def record_alarm(command: RaiseAlarm, uow: UnitOfWork) -> None:
    """Raises the alarm."""
    raise_alarm(uow, command.kind, command.subject, command.detail)


def acknowledge_alarm(command: AcknowledgeAlarm, uow: UnitOfWork) -> str:
    """An operator takes care of it; again with another name or note, if need be. Its state. Raises AlarmNotFound,
    AlarmHasCleared."""
    book = AlarmBook(uow)
    alarm = book.get(command.kind, command.subject)
    if alarm is None:
        raise AlarmNotFound(name=format_alarm(command.kind, command.subject))
    if not alarm.standing:
        raise AlarmHasCleared(name=format_alarm(command.kind, command.subject))
    _keep(alarm, alarm.acknowledge(command.by, command.note, uow.now_us), book, uow)
    return alarm.state


Readings = Callable[[Any, int], Iterable[Reading]]
"""What a role reads of its own tables: `readings(connection, now_us)`."""


def evaluation(watch: AlarmWatch, *more: Readings) -> Callable[[EvaluateAlarms, Any], int]:
    """The handler that judges by the rules; `watch` remembers since when what holds."""

    def evaluate_alarms(command: EvaluateAlarms, uow: Any) -> int:
        """Raises what holds, clears what does not, forgets what is old. Returns how many conditions hold."""
        book = AlarmBook(uow)
        conditions = book.standing_conditions()
        standing = {(alarm.kind, alarm.subject) for alarm in conditions}
        readings = [*command.readings]
        for read in (database_readings, *more):
            readings += read(uow.connection, uow.now_us)
        holding = watch.holding(readings, standing, command.monotonic_us)
        for key, condition in holding.items():
            _rise(key, condition, book, uow)
        for alarm in conditions:
            if (alarm.kind, alarm.subject) not in holding:
                _keep(alarm, alarm.end(uow.now_us), book, uow)
        for alarm in book.quiet_occurrences(uow.now_us - watch.settings.quiet_ms * 1000):
            _keep(alarm, alarm.fall_quiet(uow.now_us), book, uow)
        book.prune(uow.now_us - watch.settings.history_days * DAY_US)
        return len(holding)

    return evaluate_alarms


def _rise(key: tuple[str, str], condition: Holding, book: AlarmBook, uow: UnitOfWork) -> None:
    alarm = book.get(*key) or Alarm(*key)
    # It stands as it was raised: a condition is no news each time that somebody looks.
    if not alarm.standing or not alarm.lasting or alarm.graver_than_before(condition.severity):
        told = alarm.rise(condition.severity, condition.detail, lasting=True, now_us=uow.now_us)
        _keep(alarm, told, book, uow)


def _keep(alarm: Alarm, told: tuple[str, ...], book: AlarmBook, uow: UnitOfWork) -> None:
    book.save(alarm)
    if told:
        book.note(alarm)
    if TOLD in told:
        uow.record(AlarmTold(alarm.kind, alarm.subject, alarm.state, alarm.severity, alarm.detail))

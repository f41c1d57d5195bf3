"""What is asked of alarms."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RaiseAlarm:
    """A part of the node without a transaction of its own (a link, a timer) has something an operator must see."""

    kind: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class AcknowledgeAlarm:
    """An operator, by name, takes care of an alarm. `note`: what is being done, or why nothing is."""

    kind: str
    subject: str
    by: str
    note: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What was measured of one subject, for one rule."""

    rule: str
    subject: str
    value: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class EvaluateAlarms:
    """Judge by the rules what was measured, together with what the database says: raise what holds, end what does not.
    `monotonic_us`: when; how long something holds is counted by this clock."""

    readings: tuple[Reading, ...]
    monotonic_us: int

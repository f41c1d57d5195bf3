"""What happened to alarms."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AlarmTold:
    """An alarm was raised, became graver, or cleared. In-process, after the commit."""

    kind: str
    subject: str
    state: str
    severity: str
    detail: str

"""The rules by which conditions raise alarms, as data; thresholds, how long, and how grave: `[alarms.<rule>]`.

A rule compares readings with its threshold. What is read stands in `readings.py` (what lives in memory) and
`queries.py` (what the database says); when a condition holds is decided here, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from common.alarms.commands import Reading

Key = tuple[str, str]
"""Kind and subject of an alarm."""


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """A condition that is watched. `kind` names its alarm, and in small letters its settings.

    `unit`: of readings and threshold. `below`: it holds below the threshold, not above. `sticky`: once raised it stands
    as long as there is a reading at all (a link that is still away after a restart, though not for long yet).
    """

    kind: str
    unit: str
    below: bool = False
    sticky: bool = False

    @property
    def setting(self) -> str:
        """The name of its settings."""
        return self.kind.lower()

    def beyond(self, value: float, threshold: float) -> bool:
        """Whether a reading is beyond the threshold."""
        return value < threshold if self.below else value > threshold


RULES = (
    AlarmRule("LINK_AWAY", "s", sticky=True),
    AlarmRule("SEALING_STOPPED", ""),
    AlarmRule("QUEUE_OLD", "s"),
    AlarmRule("QUEUE_FULL", "%"),
    AlarmRule("PARKED", "messages"),
    AlarmRule("RETRYING", "s"),
    AlarmRule("OVERDUE", "legs"),
    AlarmRule("INTERFACE_DOWN", "s", sticky=True),
    AlarmRule("CLOCK_OFF", "s"),
    AlarmRule("DISK_FULL", "%"),
    AlarmRule("DIRECTORY_ENDING", "days", below=True),
    AlarmRule("KEY_ENDING", "days", below=True),
    AlarmRule("DRAFT_WAITING", "h"),
    AlarmRule("OWN_KEYS_MISSING", ""),
)


class Holding(NamedTuple):
    """A condition that holds, for as long as its rule wants."""

    kind: str
    subject: str
    severity: str
    detail: str


class AlarmWatch:
    """Remembers since when each condition holds. `settings`: the node's `alarms` settings."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings
        self._rules = {rule.kind: rule for rule in RULES}
        self._since_us: dict[Key, int] = {}

    def holding(self, readings: Iterable[Reading], standing: set[Key], monotonic_us: int) -> Mapping[Key, Holding]:
        """The conditions that hold now. Called with all readings there are: what is not read does not hold.

        `standing`: the alarms that stand already; those need not hold for a while first.
        """
        since_us: dict[Key, int] = {}
        found: dict[Key, Holding] = {}
        for reading in readings:
            rule, key = self._rules[reading.rule], (reading.rule, reading.subject)
            limit = getattr(self.settings, rule.setting)
            stays = rule.sticky and key in standing
            if not limit.on or not (stays or rule.beyond(reading.value, limit.value)):
                continue
            since_us[key] = self._since_us.get(key, monotonic_us)
            if key in standing or monotonic_us - since_us[key] >= limit.for_ms * 1000:
                found[key] = Holding(*key, limit.severity, _detail(rule, reading, limit.value))
        self._since_us = since_us
        return found


def _detail(rule: AlarmRule, reading: Reading, threshold: float) -> str:
    if not rule.unit:
        return reading.detail
    comparison = "below" if rule.below else "above"
    said = f"{reading.value:.0f} {rule.unit}, {comparison} {threshold:g}"
    return f"{said}; {reading.detail}" if reading.detail else said

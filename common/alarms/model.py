"""An alarm, and what can be wrong with a wish about one."""

from __future__ import annotations

from dataclasses import dataclass

from common.alarms.alarm_states import ALARM, NODE, NONE, OPERATOR, STANDING
from common.errors import Refusal

SEVERITIES = ("info", "warning", "critical")
"""From the least to the gravest."""

KIND_CHARACTERS_MAX, SUBJECT_CHARACTERS_MAX, DETAIL_CHARACTERS_MAX = 64, 128, 512
NAME_CHARACTERS_MAX, NOTE_CHARACTERS_MAX = 64, 512


class AlarmNotFound(Refusal):
    """No alarm of this name was ever raised, or it was cleared so long ago that it is forgotten."""

    en = "There is no alarm {name} at this node. `alarms list --all` names them."
    zh = "本节点没有告警 {name}。可用 `alarms list --all` 查看全部告警。"


class AlarmHasCleared(Refusal):
    """There is nothing left to acknowledge."""

    en = "Alarm {name} has cleared; there is nothing to acknowledge. `alarms show` tells its history."
    zh = "告警 {name} 已解除，无需确认。可用 `alarms show` 查看其历史。"


class MalformedAlarmName(Refusal):
    """Not the name of an alarm."""

    en = "{given} does not name an alarm; write it as in the list, like LINK_AWAY:31."
    zh = "{given} 不是告警名称；请按列表中的形式书写，如 LINK_AWAY:31。"


@dataclass(slots=True)
class Alarm:
    """One kind of alarm about one subject. Times are microseconds of the node's clock, 0: not in this episode.

    `lasting`: a condition, which ends by itself. `times`: how often it was raised in this episode, `first_at_us` and
    `last_at_us` when for the first and the last time.
    """

    kind: str
    subject: str
    detail: str = ""
    times: int = 0
    first_at_us: int = 0
    last_at_us: int = 0
    state: str = NONE
    severity: str = "warning"
    lasting: bool = False
    acknowledged_at_us: int = 0
    acknowledged_by: str = ""
    note: str = ""
    cleared_at_us: int = 0

    @property
    def standing(self) -> bool:
        """Whether it is on the operator's list."""
        return self.state in STANDING

    def graver_than_before(self, severity: str) -> bool:
        """Whether `severity` is graver than what this alarm was raised with."""
        return severity_rank(severity) > severity_rank(self.severity)

    def rise(self, severity: str, detail: str, *, lasting: bool, now_us: int) -> tuple[str, ...]:
        """It is so, or is so again. Returns what is to be told."""
        row = ALARM.row_for(self.state, "raise", NODE, self, severity)
        if not self.standing:
            self.times, self.first_at_us, self.severity = 0, now_us, severity
            self.acknowledged_at_us = self.cleared_at_us = 0
            self.acknowledged_by = self.note = ""
        elif row.emits:
            self.severity = severity
        self.state = row.next_state(self.state, severity)
        self.times, self.last_at_us = self.times + 1, now_us
        self.detail, self.lasting = detail[:DETAIL_CHARACTERS_MAX], lasting
        return row.emits

    def acknowledge(self, by: str, note: str, now_us: int) -> tuple[str, ...]:
        """An operator takes care of it. Raises UnnamedTransition where it does not stand."""
        row = ALARM.row_for(self.state, "acknowledge", OPERATOR, self)
        self.state = row.next_state(self.state, None)
        self.acknowledged_by, self.note, self.acknowledged_at_us = by, note, now_us
        return row.emits

    def end(self, now_us: int) -> tuple[str, ...]:
        """The condition holds no more. Raises UnnamedTransition for what stands not, or is no condition."""
        return self._clear("end", now_us)

    def fall_quiet(self, now_us: int) -> tuple[str, ...]:
        """It was acknowledged, and has not happened again for a while. Raises UnnamedTransition otherwise."""
        return self._clear("quiet", now_us)

    def _clear(self, event: str, now_us: int) -> tuple[str, ...]:
        row = ALARM.row_for(self.state, event, NODE, self)
        self.state, self.cleared_at_us = row.next_state(self.state, None), now_us
        return row.emits


def severity_rank(severity: str) -> int:
    """The place of a severity among all, the gravest last."""
    return SEVERITIES.index(severity)


def format_alarm(kind: str, subject: str) -> str:
    """An alarm as people write it: "<kind>:<subject>"."""
    return f"{kind}:{subject}"


def parse_alarm(text: str) -> tuple[str, str]:
    """Kind and subject of a written alarm. Raises MalformedAlarmName."""
    kind, colon, subject = text.partition(":")
    if not kind or not colon or not subject:
        raise MalformedAlarmName(given=repr(text[:64]))
    return kind, subject

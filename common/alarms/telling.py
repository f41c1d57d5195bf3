"""Tells the world of alarms: a line in the log, as grave as the alarm. (Meters: `quanwang_alarms_standing`.)"""

from __future__ import annotations

from common.alarms.alarm_states import CLEARED
from common.alarms.events import AlarmTold
from common.log import get_logger

log = get_logger()

_LEVELS = {"info": "info", "warning": "warning", "critical": "error"}


def log_alarm(event: AlarmTold) -> None:
    """After the commit, on the writer's thread."""
    level = "info" if event.state == CLEARED else _LEVELS[event.severity]
    tell = getattr(log, level)
    tell(f"alarm {event.state}", alarm=event.kind, subject=event.subject, severity=event.severity, detail=event.detail)

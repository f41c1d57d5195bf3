"""What somebody needs in order to take care of alarms."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared, Needs
from common.alarms.commands import AcknowledgeAlarm, EvaluateAlarms, RaiseAlarm

NEEDS: Declared = {
    AcknowledgeAlarm: Needs(
        "alarm", "acknowledge", record=lambda wish: f"{wish.kind}:{wish.subject}", reason=lambda wish: wish.note
    ),
    RaiseAlarm: INTERNAL,
    EvaluateAlarms: INTERNAL,
}

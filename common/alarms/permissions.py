"""What somebody needs in order to take care of alarms."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared, Needs
from common.access_control.rights import Permission
from common.alarms.commands import AcknowledgeAlarm, EvaluateAlarms, RaiseAlarm

READ = Permission("alarm", "read")
ACKNOWLEDGE = Permission("alarm", "acknowledge")
READING = frozenset({READ})

NEEDS: Declared = {
    AcknowledgeAlarm: Needs(
        ACKNOWLEDGE.resource,
        ACKNOWLEDGE.action,
        record=lambda wish: f"{wish.kind}:{wish.subject}",
        reason=lambda wish: wish.note,
    ),
    RaiseAlarm: INTERNAL,
    EvaluateAlarms: INTERNAL,
}

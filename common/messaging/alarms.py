"""How messaging, links and timers tell an operator of something: by the alarms' own command and handler."""

from common.alarms.commands import RaiseAlarm
from common.alarms.handlers import raise_alarm, record_alarm
from common.alarms.repository import alarms

__all__ = ["RaiseAlarm", "alarms", "raise_alarm", "record_alarm"]

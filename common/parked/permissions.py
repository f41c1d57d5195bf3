"""What somebody needs in order to deal with parked messages."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared, Needs
from common.access_control.rights import Permission
from common.ids import format_id
from common.parked.commands import EndParked, JudgeParkedAgain, RetryParked

READ = Permission("parked-message", "read")
RETRY = Permission("parked-message", "retry")
END = Permission("parked-message", "end")
READING = frozenset({READ})


def _message(wish: RetryParked | EndParked) -> str:
    return f"{wish.source}:{format_id(wish.message_id)}"


NEEDS: Declared = {
    RetryParked: Needs(RETRY.resource, RETRY.action, record=_message),
    EndParked: Needs(END.resource, END.action, record=_message, reason=lambda wish: wish.reason),
    JudgeParkedAgain: INTERNAL,
}

"""What somebody needs in order to deal with parked messages."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared, Needs
from common.ids import format_id
from common.parked.commands import EndParked, JudgeParkedAgain, RetryParked


def _message(wish: RetryParked | EndParked) -> str:
    return f"{wish.source}:{format_id(wish.message_id)}"


NEEDS: Declared = {
    RetryParked: Needs("parked-message", "retry", record=_message),
    EndParked: Needs("parked-message", "end", record=_message, reason=lambda wish: wish.reason),
    JudgeParkedAgain: INTERNAL,
}

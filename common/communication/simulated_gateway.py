"""A gateway for messages, simulated: it remembers what it was given and refuses what no gateway would take."""

from __future__ import annotations

from collections import deque

from common.communication.model import SEND, Message, decode_message
from common.interfaces.model import Call

MESSAGES_KEPT_MAX = 1_000


class SimulatedGateway:
    """Keeps the last messages, in memory alone: they hold personal data."""

    def __init__(self) -> None:
        self.messages: deque[Message] = deque(maxlen=MESSAGES_KEPT_MAX)

    def take(self, call: Call) -> str:
        """Why a call is refused; empty: it is not."""
        if call.operation != SEND:
            return "OPERATION_UNKNOWN"
        try:
            message = decode_message(call.content)
        except (ValueError, TypeError):
            return "MESSAGE_MALFORMED"
        if message.flaw() is not None:
            return "MESSAGE_UNFIT"
        self.messages.append(message)
        return ""

"""Sending a message to a person: whoever wishes it places a call in the transaction at hand."""

from __future__ import annotations

from common.communication.model import PORT, SEND, Message
from common.interfaces.placing import Work, place_call


def send_message(uow: Work, message: Message, *, customer_number: str = "", not_after_us: int = 0) -> bytes:
    """Places a message; the id of the call. `customer_number`: whose message it is; `not_after_us`: when it is of no
    use any more. Raises InterfaceCallUnfit, InterfaceQueueFull."""
    message.require_fit()
    return place_call(
        uow,
        PORT,
        SEND,
        message.encode(),
        shown=message.shown,
        customer_number=customer_number,
        not_after_us=not_after_us,
    )

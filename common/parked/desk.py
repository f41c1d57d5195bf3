"""Where somebody retries or ends several messages: each is a command of its own, and what is refused of one keeps no
other from being done."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from common.access_control.desk import Desk
from common.access_control.rights import NotPermitted
from common.errors import Refusal
from common.parked.commands import EndParked, RetryParked
from common.parked.model import MalformedMessageId, format_message, parse_message

Wish = Callable[[str, bytes], RetryParked | EndParked]
"""`wish(source, message_id)`: what is wished of a message."""


class Tried(NamedTuple):
    """What became of a message as it was named: its state now, or why nothing was done."""

    message: str
    state: str
    refusal: Refusal | None = None


async def try_one(desk: Desk, message: str, wish: Wish) -> Tried:
    """One of several. Raises NotPermitted, and faults: then those that follow would fare no better."""
    try:
        return Tried(message, await desk.execute(wish(*parse_message(message))))
    except NotPermitted:
        raise
    except Refusal as refusal:
        return Tried(message, "", refusal)


def write_key(key: str) -> str:
    """A message as people write it, of what lists know it by: its source, a hyphen, and the digits of its id."""
    return format_message(key[:2], bytes.fromhex(key[3:]))


def read_key(text: str) -> str:
    """The key again. Raises ValueError."""
    try:
        source, message_id = parse_message(text)
    except MalformedMessageId as error:
        raise ValueError(text) from error
    return f"{source}-{message_id.hex()}"

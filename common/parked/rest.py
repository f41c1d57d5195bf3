"""Messages that could not be processed, over the public REST interface: seen, tried again, ended, also many at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from pydantic import Field
from starlette.responses import Response

from common.access_control.desk import Desk
from common.db.expressions import Hexadecimal
from common.ids import ID_BYTES, format_leg
from common.messaging.inbox import IS_OPEN, PARKED, WAITING, inbox
from common.parked.commands import EndParked, RetryParked
from common.parked.desk import Tried, Wish, read_key, try_one, write_key
from common.parked.permissions import END, READ, RETRY
from common.parked.queries import show_parked
from common.program.node import Node
from common.rest.attributes import INTEGER, MOMENT, Attribute, Form, listed, not_empty
from common.rest.bodies import Body, Told
from common.rest.calls import Call, telling
from common.rest.resource import Resource, Task, View
from common.web import language_of

AT_ONCE_MAX = 100
ID_CHARACTERS_MAX = 64
REASON_CHARACTERS_MAX = 512
ID_FORM = "as in the list, such as 31-0192f0c4-7b1e-7c3a-9d55-2f6f3c1a8b90"


class MessagesNamed(Body):
    """Which messages, by their ids."""

    id: list[str] = Field(min_length=1, max_length=AT_ONCE_MAX)


class MessagesEnded(MessagesNamed):
    """Which messages are given up, and why."""

    reason: str = Field(min_length=1, max_length=REASON_CHARACTERS_MAX)


class MessageOutcome(Told):
    """What became of one: its state now, or why nothing was done with it."""

    id: str
    state: str
    code: str
    reason: str


class MessageOutcomes(Told):
    """What became of each, in the order in which they were named."""

    outcome: list[MessageOutcome]


class MessageShown(Told):
    """What of a message is known without its content."""

    phase: str
    message_type: str


def _leg(leg_id: bytes) -> str:
    return format_leg(leg_id) if len(leg_id) > ID_BYTES else ""


def _message(connection: sa.Connection, key: str) -> Mapping[str, Any]:
    shown = show_parked(connection, key[:2], bytes.fromhex(key[3:]))
    return {"phase": shown["phase"], "messageType": shown["message_type"]}


_AS_WRITTEN = Form("text", "文本", {"type": "string"}, _leg, str)

PARKED_MESSAGE = Resource(
    "parkedMessage",
    READ,
    inbox,
    Attribute(
        "id",
        inbox.c.source + "-" + Hexadecimal(inbox.c.message_id),
        Form(ID_FORM, ID_FORM, {"type": "string"}, write_key, read_key),
    ),
    (
        Attribute("source", inbox.c.source, en="The node whose message it is."),
        Attribute("state", inbox.c.state, listed((PARKED, WAITING)), en="waiting: it is tried again by itself."),
        Attribute("problem", not_empty(inbox.c.problem), en="The code for which it could not be processed."),
        Attribute("detail", not_empty(inbox.c.detail), filterable=False, sortable=False),
        Attribute("leg", inbox.c.leg_id, _AS_WRITTEN, filterable=False, sortable=False),
        Attribute("link", inbox.c.link),
        Attribute("sealNumber", inbox.c.seal_number, INTEGER),
        Attribute("entryIndex", inbox.c.entry_index, INTEGER, en="Its place in the batch, from 0."),
        Attribute("attempts", inbox.c.attempts, INTEGER),
        Attribute("nextAttemptDate", inbox.c.next_attempt_at_us, MOMENT),
        Attribute("receivedDate", inbox.c.received_at_us, MOMENT),
    ),
    where=IS_OPEN,
    default_sort="-receivedDate",
    views=(View("message", MessageShown, _message, "What kind of message it is."),),
    en="A message that was received, and could not be processed yet.",
)


def parked_tasks(node: Node) -> tuple[Task, ...]:
    """What is done with such messages at one node. Each is a command of its own: what is refused keeps no other from
    being done."""

    async def each(call: Call, given: MessagesNamed, wish: Wish) -> Response:
        desk, language = Desk(node.writer, call.actor), language_of(call.header("accept-language"))
        tried = [await try_one(desk, text, wish) for text in given.id]
        return telling(MessageOutcomes(outcome=[_outcome(one, language) for one in tried]))

    async def retry(call: Call, given: MessagesNamed) -> Response:
        return await each(call, given, RetryParked)

    async def end(call: Call, given: MessagesEnded) -> Response:
        return await each(call, given, lambda source, message_id: EndParked(source, message_id, given.reason))

    return (
        Task("retryParkedMessage", "POST", RETRY, retry, MessagesNamed, MessageOutcomes, "Have messages tried again."),
        Task("endParkedMessage", "POST", END, end, MessagesEnded, MessageOutcomes, "Give messages up for good."),
    )


def _outcome(tried: Tried, language: str) -> MessageOutcome:
    refusal = tried.refusal
    code, reason = ("", "") if refusal is None else (refusal.code, refusal.text(language))
    return MessageOutcome(id=tried.message, state=tried.state, code=code, reason=reason)

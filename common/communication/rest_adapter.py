"""Messages to a gateway that has the interface TMF681 (Communication Management, v4)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common.communication.model import APP, EMAIL, SMS, Message, decode_message
from common.errors import QuanwangError
from common.ids import format_id
from common.interfaces.model import Answer, Call, done, failed, refused
from common.outbound.calling import HttpAnswer, OutboundCaller
from common.security.private_files import read_private

MESSAGE_TYPES = {SMS: "SMS", EMAIL: "Email", APP: "Mobile app push notification"}
RECEIVERS = {SMS: "phoneNumber", EMAIL: "email", APP: "appUserId"}
ANSWER_BYTES_MAX = 65_536
NOT_SENT = ("failed", "cancelled")
TOKEN_UNREADABLE = "TOKEN_UNREADABLE"  # noqa: S105 - the code of an error.
_REFERENCE = re.compile(r"[A-Za-z0-9._:-]{1,64}")


class RestAdapter:
    """`gateway`, `sender`: asked at each call; `token_file`: holds the bearer token, read at each call (None: none)."""

    def __init__(
        self,
        caller: OutboundCaller,
        gateway: Callable[[], str],
        sender: Callable[[], str],
        token_file: Path | None = None,
    ) -> None:
        self._caller = caller
        self._gateway = gateway
        self._sender = sender
        self._token_file = token_file

    def lacks(self) -> tuple[str, str] | None:
        """The gateway's address."""
        if self._gateway():
            return None
        return "set the parameter communication.gateway first", "请先设置参数 communication.gateway"

    async def make(self, call: Call) -> Answer:
        """Creates a communication message. The gateway knows a repeated call by its key."""
        document = message_document(decode_message(call.content), self._sender())
        # What the gateway does not know it passes over; that tells the same key as the header.
        document["characteristic"] = [{"name": "callId", "value": format_id(call.call_id)}]
        body = json.dumps(document, ensure_ascii=False).encode()
        answer = await self._ask("POST", {"Idempotency-Key": format_id(call.call_id)}, body)
        return _answer(answer) if isinstance(answer, HttpAnswer) else answer

    async def probe(self) -> Answer:
        """Reads an empty page: that needs address, certificate and token to be right."""
        answer = await self._ask("GET", {})
        if isinstance(answer, Answer):
            return answer
        # There may be more than may be read on one page; and some gateways let nobody read.
        return done() if answer.good or answer.status == 405 else failed(answer.failure)

    async def _ask(self, method: str, headers: dict[str, str], body: bytes = b"") -> HttpAnswer | Answer:
        given = {"Content-Type": "application/json;charset=utf-8", "Accept": "application/json", **headers}
        if self._token_file is not None:
            try:
                token = read_private(self._token_file).decode("ascii").strip()
            except (OSError, UnicodeDecodeError, QuanwangError):
                return failed(TOKEN_UNREADABLE)
            given["Authorization"] = f"Bearer {token}"
        address = f"{self._gateway().rstrip('/')}/communicationMessage"
        return await self._caller.call(method, address, given, body, ANSWER_BYTES_MAX)


def message_document(message: Message, sender: str) -> dict[str, Any]:
    """A message as TMF681 has it."""
    document = {
        "messageType": MESSAGE_TYPES[message.channel],
        "content": message.text,
        # The gateway's own log is beyond this node's reach.
        "logFlag": False,
        "receiver": [{RECEIVERS[message.channel]: message.receiver}],
        "sender": {"id": sender},
    }
    return {**document, "subject": message.subject} if message.subject else document


def _answer(answer: HttpAnswer) -> Answer:
    if answer.refused:
        return refused(answer.failure)
    if not answer.good:
        return failed(answer.failure)
    try:
        said = json.loads(answer.body)
    except ValueError:
        said = {}
    said = said if isinstance(said, dict) else {}
    if said.get("state") in NOT_SENT:
        return refused("NOT_SENT")
    reference = str(said.get("id", ""))
    return done(reference if _REFERENCE.fullmatch(reference) else "")

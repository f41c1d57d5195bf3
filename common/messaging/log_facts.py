"""What a log line says of the message or command that it is about: which request, and never whose."""

from __future__ import annotations

from typing import Any

from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.ids import ID_BYTES, format_id
from common.messaging.incoming import Incoming


def message_facts(incoming: Incoming) -> dict[str, Any]:
    """The place of a message on its link; and its request, leg, class and phase, where it could be read."""
    facts: dict[str, Any] = {
        "peer": incoming.peer,
        "link": incoming.link,
        "seal_number": incoming.seal_number,
        "index": incoming.index,
    }
    if incoming.envelope is None:
        return facts
    routing = incoming.envelope.routing
    return facts | {
        "request_id": format_id(routing.request_id),
        "leg_destination": routing.leg_destination,
        "message_class": _name(pb.MessageClass, routing.message_class, "MESSAGE_CLASS_"),
        "phase": _name(pb.Phase, routing.phase, "PHASE_"),
    }


def command_facts(command: Any) -> dict[str, Any]:
    """The command's name, and its request where it is about one that is known already."""
    facts: dict[str, Any] = {"command": type(command).__name__}
    request_id = getattr(command, "request_id", None)
    if isinstance(request_id, bytes) and len(request_id) == ID_BYTES:
        facts["request_id"] = format_id(request_id)
    return facts


def _name(values: Any, number: int, prefix: str) -> str:
    """A number of an enumeration by name; one of a later release stays a number."""
    if number not in values.values():
        return str(number)
    return str(values.Name(number)).removeprefix(prefix).lower()

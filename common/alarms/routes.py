"""Alarms over HTTP: list, show with history, acknowledge."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from common.alarms.commands import AcknowledgeAlarm
from common.alarms.model import NAME_CHARACTERS_MAX, NOTE_CHARACTERS_MAX, format_alarm, parse_alarm
from common.alarms.queries import list_alarms, show_alarm
from common.program.node import Node
from common.routing import Router
from common.web import Language, language_of

ALARMS_MAX = 1_000


class Acknowledgement(BaseModel):
    """Who takes care of an alarm, and how."""

    model_config = ConfigDict(extra="forbid")

    by: str = Field(min_length=1, max_length=NAME_CHARACTERS_MAX)
    note: str = Field(default="", max_length=NOTE_CHARACTERS_MAX)


def alarm_routes(node: Node) -> Router:
    """The routes of one node."""
    router = Router(prefix="/alarms")

    @router.get("")
    async def alarms(
        language: Language = None,
        all: bool = False,
        limit: Annotated[int, Field(ge=1, le=ALARMS_MAX)] = 200,
    ) -> dict[str, Any]:
        return {"items": await node.reads.run(list_alarms, language_of(language), limit, cleared=all)}

    @router.get("/{name:path}")
    async def show(name: str, language: Language = None) -> dict[str, Any]:
        return await node.reads.run(show_alarm, *parse_alarm(name), language_of(language))

    @router.post("/{name:path}/acknowledgement")
    async def acknowledge(name: str, given: Acknowledgement) -> dict[str, Any]:
        kind, subject = parse_alarm(name)
        state = await node.local_desk.execute(AcknowledgeAlarm(kind, subject, given.by, given.note))
        return {"name": format_alarm(kind, subject), "state": state, "by": given.by, "note": given.note}

    return router

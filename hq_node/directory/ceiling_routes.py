"""What provinces may give their people at most, over HTTP: set it, take it away. `GET /ceilings` is every node's."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from common.access_control.ceilings import SUBJECT_CHARACTERS_MAX
from common.directory.ceilings_wire import CEILING_REASON_CHARACTERS_MAX
from common.directory.regions import PROVINCES
from common.directory.repository import newest_version
from common.program.node import Node
from common.routing import Router
from hq_node.directory.commands import RemoveCeiling, SetCeiling

TEXT_CHARACTERS_MAX = 64

Text = Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX)]


class Removal(BaseModel):
    """Which ceiling ends: for the provinces named, or the one for all; and why."""

    model_config = ConfigDict(extra="forbid")

    subject: str = Field(max_length=SUBJECT_CHARACTERS_MAX)
    provinces: list[Text] = Field(default=[], max_length=len(PROVINCES))
    reason: str = Field(max_length=CEILING_REASON_CHARACTERS_MAX)


class Limit(Removal):
    """The most that may be given of something."""

    most: Text


def ceiling_routes(node: Node) -> Router:
    """The routes of HQ."""
    router = Router(prefix="/ceilings")

    async def decided(command: SetCeiling | RemoveCeiling) -> dict[str, Any]:
        directory = await node.local_desk.execute(command)
        return {
            "subject": command.subject,
            "provinces": list(command.nodes),
            "directory_version": directory.version,
            "waits_for_root": directory.version > await node.reads.run(newest_version),
        }

    @router.post("/set")
    async def set_ceiling(given: Limit) -> dict[str, Any]:
        wish = SetCeiling(given.subject, given.most, given.reason, tuple(given.provinces))
        return {**await decided(wish), "most": given.most.upper()}

    @router.post("/remove")
    async def remove_ceiling(given: Removal) -> dict[str, Any]:
        return await decided(RemoveCeiling(given.subject, given.reason, tuple(given.provinces)))

    return router

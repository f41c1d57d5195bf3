"""One-time passwords and sessions over HTTP, for who administers the node."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from common.ids import format_id
from common.program.node import Node
from common.routing import Router
from common.sign_in.commands import EndSession
from common.sign_in.queries import ROWS_MAX, list_sessions
from common.web import id_of

TEXT_CHARACTERS_MAX = 512


class EndedBecause(BaseModel):
    """Why a session ends."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(default="", max_length=TEXT_CHARACTERS_MAX)


def sign_in_routes(node: Node) -> Router:
    """The routes of one node."""
    router = Router()

    @router.post("/operators/{operator}/one-time-password")
    async def reset_password(operator: str) -> dict[str, Any]:
        password, expires_at_us = await node.sign_in.set_one_time_password(node.local_desk.actor, operator)
        return {"operator": operator, "one_time_password": password, "expires_at_us": expires_at_us}

    @router.get("/sessions")
    async def sessions(
        operator: Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX)] = "",
        after: Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX)] = "",
        limit: Annotated[int, Field(ge=1, le=ROWS_MAX)] = 50,
    ) -> dict[str, Any]:
        return await node.reads.run(list_sessions, operator, id_of(after) if after else b"", limit)

    @router.post("/sessions/{session}/end")
    async def end(session: str, given: EndedBecause) -> dict[str, Any]:
        ended = await node.local_desk.execute(EndSession(id_of(session), given.reason))
        return {"session_id": format_id(ended.session_id), "operator": ended.operator}

    return router

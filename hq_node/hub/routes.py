"""The hub over HTTP: what an operator may do to legs."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from common.program.node import Node
from hq_node.hub.commands import EndLegsOfLostHome


class ForcedEnd(BaseModel):
    """Why the legs of a node are ended that will never answer, and who says so."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=400)
    by: str = Field(default="admin", max_length=100)


def hub_routes(node: Node) -> APIRouter:
    """The routes of the hub."""
    router = APIRouter(prefix="/nodes", tags=["hub"])

    @router.post("/{code}/end-legs")
    async def end_legs(code: str, wish: ForcedEnd) -> dict[str, Any]:
        ended = 0
        while more := await node.writer.execute(EndLegsOfLostHome(code, wish.reason, wish.by), bulk=True):
            ended += more
        return {"node": code, "ended_legs": ended}

    return router

"""The journals over HTTP, for the node's operators: prune, erase."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from common.journal.erasing import erase
from common.journal.pruning import prune
from common.program.node import Node
from common.web import id_of

SLICES_MAX = 1_000


def journal_routes(node: Node) -> APIRouter:
    """The routes of one node."""
    router = APIRouter(tags=["journal"])

    @router.post("/journal/prune")
    async def prune_now(slices: Annotated[int, Query(ge=1, le=SLICES_MAX)] = 16) -> dict[str, Any]:
        return (await prune(node, node.settings.retention, slices)).to_dict()

    @router.post("/private-bodies/{request_id}/erase")
    async def erase_private_bodies(request_id: str) -> dict[str, Any]:
        return {"request_id": request_id, **await erase(node, id_of(request_id))}

    return router

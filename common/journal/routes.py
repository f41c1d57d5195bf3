"""The journals over HTTP, for the node's operators: verify, digest, prune, erase."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request

from common.journal.erasing import erase
from common.journal.pruning import prune
from common.journal.queries import digest_slice, list_journals, verify_slice
from common.program.node import Node
from common.web import id_of

SLICES_MAX = 1_000

LinkName = Annotated[str, Path(pattern="^[0-9]{2}-[0-9]{2}$")]
After = Annotated[int, Query(ge=0, lt=2**62)]


def journal_routes(node: Node) -> APIRouter:
    """The routes of one node."""
    router = APIRouter(tags=["journal"])

    @router.post("/journal/prune")
    async def prune_now(slices: Annotated[int, Query(ge=1, le=SLICES_MAX)] = 16) -> dict[str, Any]:
        return (await prune(node, node.settings.retention, slices)).to_dict()

    @router.get("/journal")
    async def journals() -> dict[str, Any]:
        return {"items": await node.reads.run(list_journals, node.archive, node.context.node)}

    @router.get("/journal/{link}/verify")
    async def verify(link: LinkName, request: Request, after: After = 0) -> dict[str, Any]:
        name, language = link.replace("-", ">"), request.headers.get("accept-language", "en")
        return await node.reads.run(verify_slice, node.archive, node.context, name, after, language)

    @router.get("/journal/{link}/digest")
    async def digest(link: LinkName, after: After = 0) -> dict[str, Any]:
        return await node.reads.run(digest_slice, node.archive, link.replace("-", ">"), after)

    @router.post("/private-bodies/{request_id}/erase")
    async def erase_private_bodies(request_id: str) -> dict[str, Any]:
        return {"request_id": request_id, **await erase(node, id_of(request_id))}

    return router

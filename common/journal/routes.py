"""The journals over HTTP, for the node's operators: verify, digest, compare, prune, erase."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from starlette.requests import Request

from common.journal.commands import PruneNow
from common.journal.comparison import SEALS_MAX, Question, Ranges, other_end
from common.journal.erasing import FILES_MAX, erase
from common.journal.permissions import PRUNE
from common.journal.pruning import Pruned, prune
from common.journal.queries import count_old, digest_slice, list_journals, range_digests, verify_slice
from common.program.node import Node
from common.routing import Router
from common.web import id_of

SLICES_MAX = 1_000

LinkName = Annotated[str, Field(pattern="^[0-9]{2}-[0-9]{2}$")]
After = Annotated[int, Field(ge=0, lt=2**62)]
SealNumber = Annotated[int, Field(ge=1, lt=2**62)]
Every = Annotated[int, Field(ge=1, le=SEALS_MAX)]


def journal_routes(node: Node) -> Router:
    """The routes of one node."""
    router = Router()

    @router.post("/journal/prune")
    async def prune_now(slices: Annotated[int, Field(ge=1, le=SLICES_MAX)] = 16) -> dict[str, Any]:
        async def work() -> Pruned:
            return await prune(node, node.settings.retention, slices)

        return (await node.local_desk.perform(PruneNow(), PRUNE, work)).to_dict()

    @router.get("/journal/old")
    async def old() -> dict[str, Any]:
        return await node.reads.run(count_old, node.context, node.settings.retention, node.clock.now_us())

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

    @router.get("/journal/{link}/ranges")
    async def ranges(link: LinkName, first: SealNumber, last: After, every: Every) -> dict[str, Any]:
        question = _question(link, first, last, every)
        return _described(await node.reads.run(range_digests, node.archive, node.context.node, question))

    @router.get("/journal/{link}/peer-ranges")
    async def peer_ranges(link: LinkName, first: SealNumber, last: After, every: Every) -> dict[str, Any]:
        question = _question(link, first, last, every)
        peer = other_end(question.link, node.context.node)
        return _described(await node.ask_peer(peer, question))

    @router.post("/private-bodies/{request_id}/erase")
    async def erase_private_bodies(
        request_id: str,
        after: Annotated[str, Field(max_length=16)] = "",
        files: Annotated[int, Field(ge=1, le=FILES_MAX)] = FILES_MAX,
    ) -> dict[str, Any]:
        erased = await erase(node, id_of(request_id), after, files)
        return {"request_id": request_id, **erased.to_dict()}

    return router


def _question(link: str, first: int, last: int, every: int) -> Question:
    question = Question(link.replace("-", ">"), first, last, every)
    question.require_fit()
    return question


def _described(ranges: Ranges) -> dict[str, Any]:
    return {"last_seal": ranges.last_seal, "digests": [digest.hex() for digest in ranges.digests]}

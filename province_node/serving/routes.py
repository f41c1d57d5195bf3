"""The legs that this province carries out, over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from common.program.node import Node
from common.requests.leg_pages import LEGS_MAX, Wanted
from common.routing import Router
from province_node.serving.queries import list_served_legs


def serving_routes(node: Node) -> Router:
    """For the admin socket."""
    router = Router()

    @router.get("/legs")
    async def legs(
        origin: str = "", state: str = "", limit: Annotated[int, Field(ge=1, le=LEGS_MAX)] = 50, before: str = ""
    ) -> dict[str, Any]:
        wanted = Wanted({"source": origin}, state, limit, before)
        found = await node.reads.run(list_served_legs, node.context.kinds, wanted)
        return found | {"now_us": node.clock.now_us()}

    return router

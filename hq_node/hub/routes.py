"""The legs that the hub relays, over HTTP: listed, and ended where their home is lost for good."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from common.directory.wire import REASON_CHARACTERS_MAX
from common.program.node import Node
from common.requests.leg_pages import LEGS_MAX, Wanted
from common.routing import Router
from hq_node.hub.commands import EndLegsOfLostHome
from hq_node.hub.queries import list_relayed_legs


class Ending(BaseModel):
    """Why the legs of a node end, and who says so."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=REASON_CHARACTERS_MAX)
    by: str = Field(default="admin", max_length=100)


def hub_routes(node: Node) -> Router:
    """For the admin socket."""
    router = Router()

    @router.get("/legs")
    async def legs(
        origin: str = "",
        home: str = "",
        state: str = "",
        limit: Annotated[int, Field(ge=1, le=LEGS_MAX)] = 50,
        before: str = "",
    ) -> dict[str, Any]:
        wanted = Wanted({"origin": origin, "home": home}, state, limit, before)
        found = await node.reads.run(list_relayed_legs, node.context.kinds, wanted)
        return found | {"now_us": node.clock.now_us()}

    @router.post("/nodes/{code}/end-legs")
    async def end_legs(code: str, wish: Ending) -> dict[str, Any]:
        ended = 0
        # A group at a time, until nothing is left that this home will never answer.
        while more := await node.local_desk.execute(EndLegsOfLostHome(code, wish.reason, wish.by)):
            ended += more
        return {"node": code, "ended_legs": ended}

    return router

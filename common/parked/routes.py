"""Messages that could not be processed, over HTTP: list, show, retry, end."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from common.parked.commands import EndParked, RetryParked
from common.parked.model import parse_message
from common.parked.queries import MESSAGES_MAX, list_parked, show_parked
from common.program.node import Node
from common.routing import Router


class Ending(BaseModel):
    """Why an operator gives a message up."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=512)


def parked_routes(node: Node) -> Router:
    """The routes of one node."""
    router = Router(prefix="/parked")

    @router.get("")
    async def parked(
        state: Literal["parked", "waiting", "all"] = "parked",
        limit: Annotated[int, Field(ge=1, le=MESSAGES_MAX)] = 100,
    ) -> dict[str, Any]:
        return {"items": await node.reads.run(list_parked, state, limit)}

    @router.get("/{message}")
    async def show(message: str) -> dict[str, Any]:
        return await node.reads.run(show_parked, *parse_message(message))

    @router.post("/{message}/retry")
    async def retry(message: str) -> dict[str, Any]:
        return {"id": message, "state": await node.local_desk.execute(RetryParked(*parse_message(message)))}

    @router.post("/{message}/end")
    async def end(message: str, ending: Ending) -> dict[str, Any]:
        command = EndParked(*parse_message(message), ending.reason)
        return {"id": message, "state": await node.local_desk.execute(command)}

    return router

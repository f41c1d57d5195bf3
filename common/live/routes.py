"""The live view over HTTP: the node now, and its past in buckets."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from common.live.queries import history
from common.live.snapshot import live_view
from common.live.spans import Span
from common.program.node import Node
from common.routing import Router
from common.web import Language, language_of


def live_routes(node: Node) -> Router:
    """The routes of one node."""
    router = Router(prefix="/live")

    @router.get("")
    async def live(language: Language = None) -> dict[str, Any]:
        return await node.reads.run(live_view, node, language_of(language))

    @router.get("/history")
    async def past(
        span_s: Annotated[int, Field(ge=1)] = 3_600,
        until_us: Annotated[int, Field(ge=0)] = 0,
        width_s: Annotated[int, Field(ge=0)] = 0,
        by: Literal["total", "peer", "class", "peer-class"] = "peer-class",
        role: Literal["", "origin", "hub", "home"] = "",
        peer: Annotated[str, Field(max_length=8)] = "",
        message_class: Annotated[str, Field(alias="class", max_length=32)] = "",
    ) -> dict[str, Any]:
        span = Span.of(node.settings.live.widths, node.clock.now_us(), span_s, until_us, width_s)
        chosen = {"by": by, "role": role, "peer": peer, "message_class": message_class}
        return await node.reads.run(history, width_s=span.width_s, from_s=span.from_s, to_s=span.to_s, **chosen)

    return router

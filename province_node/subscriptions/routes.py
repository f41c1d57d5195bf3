"""Subscriptions over HTTP: lists."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from common.program.node import Node
from common.routing import Router
from province_node.subscriptions.queries import ROWS_MAX, list_subscriptions


def subscription_routes(node: Node) -> Router:
    """The routes of a province."""
    router = Router(prefix="/subscriptions")

    @router.get("")
    async def subscriptions(
        status: Literal["", "active", "suspended", "terminated"] = "",
        limit: Annotated[int, Field(ge=1, le=ROWS_MAX)] = 50,
        customer: str = "",
        after: str = "",
    ) -> dict[str, Any]:
        return await node.reads.run(list_subscriptions, status, limit, customer, after)

    return router

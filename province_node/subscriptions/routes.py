"""Subscriptions over HTTP: lists."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from common.program.node import Node
from province_node.subscriptions.queries import ROWS_MAX, list_subscriptions


def subscription_routes(node: Node) -> APIRouter:
    """The routes of a province."""
    router = APIRouter(prefix="/subscriptions", tags=["subscriptions"])

    @router.get("")
    async def subscriptions(
        status: Literal["", "active", "suspended", "terminated"] = "",
        limit: Annotated[int, Query(ge=1, le=ROWS_MAX)] = 50,
        customer: str = "",
        after: str = "",
    ) -> dict[str, Any]:
        return await node.reads.run(list_subscriptions, status, limit, customer, after)

    return router

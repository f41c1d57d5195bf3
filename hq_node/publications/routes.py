"""Publishing parameters over HTTP, and who has taken them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from common.parameters.fields import INTEGER_MAX, Bound, Line, Reason, Value
from common.parameters.routes import Withdrawal
from common.program.node import Node
from common.routing import Router
from hq_node.publications.commands import PublishParameter, WithdrawPublished
from hq_node.publications.queries import list_deliveries


class NewPublished(BaseModel):
    """A value for the whole network, the bounds of provinces' own, from when on (µs since 1970; 0: at once), and why.
    `value` null: headquarters says nothing of the parameter any more."""

    model_config = ConfigDict(extra="forbid")

    value: Value | Line | None
    least: Bound | None = None
    most: Bound | None = None
    fixed: StrictBool = False
    effective_from_us: int = Field(default=0, ge=0, le=INTEGER_MAX)
    reason: Reason


def publication_routes(node: Node) -> Router:
    """The routes of HQ."""
    router = Router(prefix="/published-parameters")

    @router.get("")
    async def deliveries() -> dict[str, Any]:
        return await node.reads.run(list_deliveries, node.context.directory.active_provinces())

    @router.post("/{name}/versions")
    async def publish(name: str, given: NewPublished) -> dict[str, Any]:
        wish = PublishParameter(
            name, given.value, given.reason, given.least, given.most, given.fixed, given.effective_from_us
        )
        return asdict(await node.local_desk.execute(wish))

    @router.post("/{name}/versions/{version}/withdrawal")
    async def withdraw(name: str, version: int, given: Withdrawal) -> dict[str, Any]:
        return asdict(await node.local_desk.execute(WithdrawPublished(name, version, given.reason)))

    return router

"""Parameters over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from common.parameters.commands import SetParameter, WithdrawParameter
from common.parameters.fields import INTEGER_MAX, Line, Reason, Value
from common.parameters.queries import VERSIONS_MAX, list_parameters, show_parameter
from common.program.node import Node
from common.routing import Router


class NewValue(BaseModel):
    """A value, from when on it counts (µs since 1970; 0: at once), and why. `value` null: the default."""

    model_config = ConfigDict(extra="forbid")

    value: Value | Line | None
    effective_from_us: int = Field(default=0, ge=0, le=INTEGER_MAX)
    reason: Reason


class Withdrawal(BaseModel):
    """Why a value is not to come into force."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


def parameter_routes(node: Node) -> Router:
    """The routes of one node."""
    router = Router(prefix="/parameters")

    @router.get("")
    async def parameters() -> dict[str, Any]:
        return list_parameters(node.context.parameters, node.clock.now_us())

    @router.get("/{name}")
    async def show(
        name: str,
        before: Annotated[int, Field(ge=0, le=INTEGER_MAX)] = 0,
        limit: Annotated[int, Field(ge=1, le=VERSIONS_MAX)] = 50,
    ) -> dict[str, Any]:
        book, now_us = node.context.parameters, node.clock.now_us()
        return await node.reads.run(show_parameter, book, name, now_us, before, limit)

    @router.post("/{name}/versions")
    async def set_value(name: str, given: NewValue) -> dict[str, Any]:
        command = SetParameter(name, given.value, given.reason, given.effective_from_us)
        return asdict(await node.local_desk.execute(command))

    @router.post("/{name}/versions/{version}/withdrawal")
    async def withdraw(name: str, version: int, given: Withdrawal) -> dict[str, Any]:
        return asdict(await node.local_desk.execute(WithdrawParameter(name, version, given.reason)))

    return router

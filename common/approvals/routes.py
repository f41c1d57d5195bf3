"""Requests for approval and substitutes over HTTP, for the owner of the data directory."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from common.approvals.commands import Approve, BreakGlass, EndSubstitution, NameSubstitute, Refuse, Withdraw
from common.approvals.handlers import Decided
from common.approvals.model import REASON_CHARACTERS_MAX
from common.approvals.queries import ROWS_MAX, list_approvals, list_substitutions, show_approval
from common.ids import format_id
from common.program.node import Node
from common.routing import Router
from common.web import id_of

TEXT_CHARACTERS_MAX = 128
TIME_US_MAX = 2**62

Text = Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX)]
Moment = Annotated[int, Field(ge=0, lt=TIME_US_MAX)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Why(_Body):
    """Why it is decided so."""

    reason: str = Field(default="", max_length=REASON_CHARACTERS_MAX)


class NewSubstitute(_Body):
    """Who stands in, from when until when (µs since 1970; `from_us` 0: now), and why."""

    substitute: Text
    from_us: Moment = 0
    until_us: Moment
    reason: str = Field(max_length=REASON_CHARACTERS_MAX)


def approval_routes(node: Node) -> Router:
    """The routes of one node."""
    router = Router()

    async def decided(command: Approve | Refuse | Withdraw | BreakGlass) -> dict[str, Any]:
        done: Decided = await node.local_desk.execute(command)
        return await node.reads.run(show_approval, done.approval_id)

    @router.get("/approvals")
    async def approvals(
        state: Text = "",
        asker: Text = "",
        before: Text = "",
        limit: Annotated[int, Field(ge=1, le=ROWS_MAX)] = 50,
    ) -> dict[str, Any]:
        return await node.reads.run(list_approvals, state, asker, id_of(before) if before else b"", limit)

    @router.get("/approvals/{approval}")
    async def show(approval: str) -> dict[str, Any]:
        return await node.reads.run(show_approval, id_of(approval))

    @router.post("/approvals/{approval}/approve")
    async def approve(approval: str, given: Why) -> dict[str, Any]:
        return await decided(Approve(id_of(approval), given.reason))

    @router.post("/approvals/{approval}/refuse")
    async def refuse(approval: str, given: Why) -> dict[str, Any]:
        return await decided(Refuse(id_of(approval), given.reason))

    @router.post("/approvals/{approval}/withdraw")
    async def withdraw(approval: str, given: Why) -> dict[str, Any]:
        return await decided(Withdraw(id_of(approval), given.reason))

    @router.post("/approvals/{approval}/break-glass")
    async def break_glass(approval: str, given: Why) -> dict[str, Any]:
        return await decided(BreakGlass(id_of(approval), given.reason))

    @router.get("/substitutions")
    async def substitutions(operator: Text = "", over: bool = False) -> dict[str, Any]:
        now_us = node.clock.now_us()

        def read(connection: Any) -> list[dict[str, Any]]:
            return list_substitutions(connection, now_us, operator, over=over)

        return {"items": await node.reads.run(read)}

    @router.post("/operators/{operator}/substitutes")
    async def name_substitute(operator: str, given: NewSubstitute) -> dict[str, Any]:
        wish = NameSubstitute(operator, given.substitute, given.from_us, given.until_us, given.reason)
        named = await node.local_desk.execute(wish)
        return {**named._asdict(), "substitution_id": format_id(named.substitution_id)}

    @router.post("/substitutions/{substitution}/end")
    async def end_substitution(substitution: str, given: Why) -> dict[str, Any]:
        ended = await node.local_desk.execute(EndSubstitution(id_of(substitution), given.reason))
        return {**ended._asdict(), "substitution_id": format_id(ended.substitution_id)}

    return router

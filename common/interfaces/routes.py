"""Interfaces over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from common.ids import ID_BYTES
from common.interfaces.call_states import STATES
from common.interfaces.commands import ReplayCalls, SwitchAdapter
from common.interfaces.model import NAME_CHARS_MAX, read_call_id
from common.interfaces.queries import (
    CALLS_SHOWN_MAX,
    adapter_figures,
    describe_interface,
    list_calls,
    list_interfaces,
)
from common.parameters.model import REASON_CHARACTERS_MAX
from common.program.node import Node
from common.routing import Router

Name = Annotated[str, Field(max_length=NAME_CHARS_MAX)]
Reason = Annotated[str, Field(max_length=REASON_CHARACTERS_MAX)]
WrittenId = Annotated[str, Field(max_length=2 * ID_BYTES + 4)]


class TestedAdapter(BaseModel):
    """Through which adapter a test call goes; empty: the one in use."""

    model_config = ConfigDict(extra="forbid")

    adapter: Name = ""


class ChosenAdapter(BaseModel):
    """Through which adapter calls go from now on, and why."""

    model_config = ConfigDict(extra="forbid")

    adapter: Name
    reason: Reason


class Replay(BaseModel):
    """Which call is made again (empty: all that failed), and why."""

    model_config = ConfigDict(extra="forbid")

    call: WrittenId = ""
    reason: Reason


def interface_routes(node: Node) -> Router:
    """The routes of one node."""
    router, desk = Router(prefix="/interfaces"), node.interfaces

    @router.get("")
    async def interfaces() -> dict[str, Any]:
        context, now_us = node.context, node.clock.now_us()
        return {"items": await node.reads.run(list_interfaces, context.ports, context.parameters, now_us)}

    @router.get("/{port}")
    async def show(port: Name) -> dict[str, Any]:
        found, book, now_us = desk.port(port), node.context.parameters, node.clock.now_us()
        described = await node.reads.run(describe_interface, found, book, now_us)
        adapters = await node.reads.run(adapter_figures, found)
        for each in adapters:
            lacks = desk.lacks(found.name, each["adapter"])
            each["lacks_en"], each["lacks_zh"] = lacks or ("", "")
        return {**described, "adapters": adapters}

    @router.get("/{port}/calls")
    async def calls(
        port: Name,
        state: Literal["", *STATES] = "",  # type: ignore[valid-type]
        before: WrittenId = "",
        limit: Annotated[int, Field(ge=1, le=CALLS_SHOWN_MAX)] = 50,
    ) -> dict[str, Any]:
        found = desk.port(port)
        earlier = read_call_id(found.name, before) if before else None
        items = await node.reads.run(list_calls, found.name, state, earlier, limit + 1)
        more = items[limit - 1]["call"] if len(items) > limit else ""
        return {"items": items[:limit], "next": more}

    @router.post("/{port}/test")
    async def test(port: Name, given: TestedAdapter) -> dict[str, Any]:
        adapter, answer, took_us = await desk.test(node.local_desk, port, given.adapter)
        return {"port": port, "adapter": adapter, **asdict(answer), "took_us": took_us}

    @router.post("/{port}/adapter")
    async def switch(port: Name, given: ChosenAdapter) -> dict[str, Any]:
        return asdict(await desk.switch(node.local_desk, SwitchAdapter(port, given.adapter, given.reason)))

    @router.post("/{port}/replay")
    async def replay(port: Name, given: Replay) -> dict[str, Any]:
        call_id = read_call_id(port, given.call) if given.call else b""
        return asdict(await node.local_desk.execute(ReplayCalls(port, given.reason, call_id)))

    return router

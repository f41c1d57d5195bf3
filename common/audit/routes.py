"""The audit log over HTTP: search, verify."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from common.audit.commands import Deed, DeedFailedOutside, Noted
from common.audit.entry import DONE
from common.audit.queries import ENTRIES_MAX, Sought, log_size, search, verify_slice
from common.audit.sealed import verify_sealed_slice
from common.errors import REASON_CODE_PATTERN, Refusal
from common.program.node import Node
from common.routing import InQuery, Router

TEXT_CHARACTERS_MAX = 128
TIME_US_MAX = 2**62

LinkName = Annotated[str, Field(pattern="^[0-9]{2}-[0-9]{2}$")]


class Search(BaseModel):
    """What is sought; what is left out may be anything."""

    model_config = ConfigDict(extra="forbid")

    actor: str = Field(default="", max_length=TEXT_CHARACTERS_MAX)
    resource: str = Field(default="", max_length=TEXT_CHARACTERS_MAX)
    action: str = Field(default="", max_length=TEXT_CHARACTERS_MAX)
    record: str = Field(default="", max_length=TEXT_CHARACTERS_MAX)
    customer: str = Field(default="", max_length=TEXT_CHARACTERS_MAX)
    outcome: str = Field(default="", max_length=TEXT_CHARACTERS_MAX)
    from_us: int = Field(default=0, ge=0, lt=TIME_US_MAX)
    until_us: int = Field(default=0, ge=0, lt=TIME_US_MAX)


class DeedOutside(BaseModel):
    """What the command line did by itself, beside the node, and how it ended: DONE, or the code of what failed."""

    model_config = ConfigDict(extra="forbid")

    deed: str = Field(max_length=TEXT_CHARACTERS_MAX)
    record: str = Field(default="", max_length=TEXT_CHARACTERS_MAX)
    outcome: str = Field(pattern=f"^{REASON_CODE_PATTERN.pattern}$")


class DeedUnknown(Refusal):
    """Nothing of that name is done beside the node."""

    en = "{deed} is nothing that is done beside the node; there are: {known}."
    zh = "{deed} 不是可在节点之外执行的操作，可选：{known}。"


MakeDeed = Callable[[str], Deed]
"""The deed about a record."""


def audit_routes(node: Node, outside: Mapping[str, MakeDeed]) -> Router:
    """The routes of one node. `outside`: what its command line does by itself, by name."""
    router = Router(prefix="/audit")

    @router.get("")
    async def entries(
        sought: Annotated[Search, InQuery],
        before: Annotated[int, Field(ge=0, lt=TIME_US_MAX)] = 0,
        limit: Annotated[int, Field(ge=1, le=ENTRIES_MAX)] = 50,
    ) -> dict[str, Any]:
        return await node.reads.run(search, Sought(**sought.model_dump()), before, limit)

    @router.post("/deeds")
    async def deeds(given: DeedOutside) -> dict[str, Any]:
        make = outside.get(given.deed)
        if make is None:
            raise DeedUnknown(deed=repr(given.deed), known=", ".join(sorted(outside)))
        failed = None if given.outcome == DONE else DeedFailedOutside(outcome=given.outcome)
        with suppress(DeedFailedOutside):
            await node.local_desk.execute(Noted(make(given.record), failed))
        return {"noted": True}

    @router.get("/size")
    async def size() -> dict[str, int]:
        return {"entries": await node.reads.run(log_size)}

    @router.get("/verify")
    async def verify(after: Annotated[int, Field(ge=0, lt=TIME_US_MAX)] = 0) -> dict[str, Any]:
        return asdict(await node.reads.run(verify_slice, after))

    @router.get("/verify-sealed/{link}")
    async def verify_sealed(link: LinkName, after: Annotated[int, Field(ge=0, lt=TIME_US_MAX)] = 0) -> dict[str, Any]:
        name = link.replace("-", ">")
        return asdict(await node.reads.run(verify_sealed_slice, node.archive, name, after))

    return router

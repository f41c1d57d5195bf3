"""The audit log over HTTP: search, verify."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from common.audit.queries import ENTRIES_MAX, Sought, log_size, search, verify_slice
from common.audit.sealed import verify_sealed_slice
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


def audit_routes(node: Node) -> Router:
    """The routes of one node."""
    router = Router(prefix="/audit")

    @router.get("")
    async def entries(
        sought: Annotated[Search, InQuery],
        before: Annotated[int, Field(ge=0, lt=TIME_US_MAX)] = 0,
        limit: Annotated[int, Field(ge=1, le=ENTRIES_MAX)] = 50,
    ) -> dict[str, Any]:
        return await node.reads.run(search, Sought(**sought.model_dump()), before, limit)

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

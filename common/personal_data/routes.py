"""The keys of personal data over the admin socket: status, rotation, the master key."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from common.personal_data.desk import PersonalDataDesk
from common.personal_data.queries import CountAll, CountBelow, key_status
from common.program.reads import Reads
from common.routing import Router

SLICES_MAX = 100


def personal_data_routes(desk: PersonalDataDesk, reads: Reads, left: CountBelow, total: CountAll) -> Router:
    """The routes of one node. `left` and `total`: how many records there are, of the features that keep them."""
    router = Router(prefix="/personal-data")

    @router.get("")
    async def status() -> dict[str, Any]:
        return await reads.run(key_status, left, total)

    @router.post("/rotate")
    async def rotate() -> dict[str, Any]:
        return {"generation": (await desk.rotate()).generation}

    @router.post("/renew")
    async def renew(slices: Annotated[int, Field(ge=1, le=SLICES_MAX)] = 16) -> dict[str, Any]:
        records, more = await desk.renew(slices)
        return {"records": records, "more": more, **await reads.run(key_status, left, total)}

    @router.post("/master-key")
    async def replace_master_key() -> dict[str, Any]:
        return {"master_key": await desk.replace_master_key()}

    @router.post("/master-key/forget-former")
    async def forget_former() -> dict[str, Any]:
        return {"forgotten": await desk.forget_former_master_keys()}

    return router

"""The keys of personal data over the admin socket: status, rotation, the master key."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from common.personal_data.commands import ForgetFormerMasterKeys, RenewNow, ReplaceMasterKey
from common.personal_data.permissions import FORGET_FORMER, RENEW, REPLACE_MASTER_KEY
from common.personal_data.queries import CountAll, CountBelow, key_status
from common.program.node import Node
from common.routing import Router

SLICES_MAX = 100


def personal_data_routes(node: Node, left: CountBelow, total: CountAll) -> Router:
    """The routes of one node. `left` and `total`: how many records there are, of the features that keep them."""
    router = Router(prefix="/personal-data")
    desk = node.personal_data

    @router.get("")
    async def status() -> dict[str, Any]:
        return await node.reads.run(key_status, left, total)

    @router.post("/rotate")
    async def rotate() -> dict[str, Any]:
        return {"generation": (await desk.rotate(node.local_desk)).generation}

    @router.post("/renew")
    async def renew(slices: Annotated[int, Field(ge=1, le=SLICES_MAX)] = 16) -> dict[str, Any]:
        async def work() -> tuple[int, bool]:
            return await desk.renew(slices)

        records, more = await node.local_desk.perform(RenewNow(), RENEW, work)
        return {"records": records, "more": more, **await node.reads.run(key_status, left, total)}

    @router.post("/master-key")
    async def replace_master_key() -> dict[str, Any]:
        name = await node.local_desk.perform(ReplaceMasterKey(), REPLACE_MASTER_KEY, desk.replace_master_key)
        return {"master_key": name}

    @router.post("/master-key/forget-former")
    async def forget_former() -> dict[str, Any]:
        work = desk.forget_former_master_keys
        return {"forgotten": await node.local_desk.perform(ForgetFormerMasterKeys(), FORGET_FORMER, work)}

    return router

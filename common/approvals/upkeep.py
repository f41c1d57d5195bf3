"""What nobody has decided in time expires: looked at by whichever of the node's processes does what time asks."""

from __future__ import annotations

import asyncio

from common.approvals.commands import ExpireApprovals
from common.errors import QuanwangError
from common.log import get_logger
from common.program.node import Node

log = get_logger()

EVERY_S = 60.0
EXPIRED_A_SLICE = 200


async def expire_by_schedule(node: Node, every_s: float = EVERY_S) -> None:
    """For as long as the node serves."""
    while True:
        await asyncio.sleep(every_s)
        if not node.leads():
            continue
        try:
            await node.writer.execute(node.under_lease(ExpireApprovals(EXPIRED_A_SLICE)), bulk=True)
        except QuanwangError as error:
            log.error("expiring approvals failed", error=str(error))

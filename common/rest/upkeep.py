"""What the REST kit looks after by itself: kept answers whose time is over are forgotten."""

from __future__ import annotations

import asyncio

from common.errors import QuanwangError
from common.log import get_logger
from common.program.node import Node
from common.rest.commands import ForgetAnswers

log = get_logger()

EVERY_S = 600.0
ANSWERS_A_SLICE = 500
SLICES_A_RUN_MAX = 1_000


async def forget_by_schedule(node: Node, every_s: float = EVERY_S) -> None:
    """Forgets now and then, for as long as the node serves."""
    while True:
        await asyncio.sleep(every_s)
        try:
            await forget(node)
        except QuanwangError as error:
            log.error("forgetting answers failed", error=str(error))


async def forget(node: Node) -> int:
    """Forgets all kept answers whose time is over, in slices behind everything else. How many there were."""
    forgotten = 0
    for _ in range(SLICES_A_RUN_MAX):
        in_slice = await node.writer.execute(ForgetAnswers(ANSWERS_A_SLICE), bulk=True)
        forgotten += in_slice
        if in_slice < ANSWERS_A_SLICE:
            break
    return forgotten

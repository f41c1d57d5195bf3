"""What goes on by itself: uses of sessions and tokens are stored now and then, and what is over is forgotten."""

from __future__ import annotations

import asyncio

from common.api_tokens.commands import NoteTokenUses
from common.errors import QuanwangError
from common.log import get_logger
from common.program.node import Node
from common.sign_in.commands import ForgetSignIns, NoteSessionUses

log = get_logger()

EVERY_S = 60.0
USES_A_SLICE = 500
FORGOTTEN_A_SLICE = 500


async def look_after_by_schedule(node: Node, every_s: float = EVERY_S) -> None:
    """For as long as the node serves."""
    while True:
        await asyncio.sleep(every_s)
        try:
            await look_after(node)
        except QuanwangError as error:
            log.error("looking after sessions failed", error=str(error))


async def look_after(node: Node) -> None:
    """One look, in slices behind everything else."""
    callers = node.sign_in.callers
    for kept, note in ((callers.sessions, NoteSessionUses), (callers.tokens, NoteTokenUses)):
        uses = kept.uses()
        for start in range(0, len(uses), USES_A_SLICE):
            await node.writer.execute(note(uses[start : start + USES_A_SLICE]), bulk=True)
    await node.writer.execute(ForgetSignIns(FORGOTTEN_A_SLICE), bulk=True)

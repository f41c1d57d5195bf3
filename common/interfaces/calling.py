"""The caller: takes the calls that are due, makes them through the adapter in use, and notes what became of them."""

from __future__ import annotations

import asyncio
from collections import Counter

from common.errors import QuanwangError
from common.ids import format_id
from common.interfaces.commands import ClaimCalls, NoteAnswer, TidyCalls
from common.interfaces.desk import InterfaceDesk
from common.interfaces.events import CallsWait
from common.interfaces.handlers import Claimed
from common.interfaces.model import CLAIMED_MAX, Answer
from common.interfaces.parameters import CALLS_KEPT_DAYS
from common.interfaces.queries import due_ports
from common.log import get_logger
from common.outbound.worker import LOOK_EVERY_S, Worker
from common.program.node import Node

log = get_logger()

DAY_US = 86_400_000_000
TIDIED_AT_ONCE = 500


class Caller(Worker):
    """Calls for as long as the node serves. An interface that is slow holds up its own calls only."""

    failing = "calling other systems failed"
    tidy_every_us = 60_000_000

    def __init__(self, node: Node, desk: InterfaceDesk, look_every_s: float = LOOK_EVERY_S) -> None:
        super().__init__(node, CallsWait, look_every_s)
        self._desk = desk
        self._on_the_way: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until it is cancelled; calls on the way are cut off then, and made again after the next start."""
        self._desk.tells = self.tell
        try:
            await super().run()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def work(self) -> int:
        """Sets what is due on its way. How many calls."""
        free = {port: CLAIMED_MAX - self._on_the_way[port] for port in self._node.context.ports}
        ready = [port for port, places in free.items() if places]
        due = await self._node.reads.run(due_ports, ready, self._node.clock.now_us()) if ready else []
        if not due:
            return 0
        claimed: tuple[Claimed, ...] = await self._node.writer.execute(
            ClaimCalls(tuple((port, free[port]) for port in due))
        )
        for each in claimed:
            self._on_the_way[each.port] += 1
            task = asyncio.create_task(self._make(each))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return len(claimed)

    async def settle(self) -> None:
        """Until no call is on its way, and what was due is done."""
        while await self.work() or self._tasks:
            await asyncio.gather(*self._tasks)

    async def _make(self, claimed: Claimed) -> None:
        try:
            answer, took_us = await self._desk.call(claimed.port, claimed.adapter, claimed.call)
            await self.tell(claimed.call.call_id, answer, claimed.adapter, took_us)
        finally:
            self._on_the_way[claimed.port] -= 1
            self._something_waits.set()

    async def tell(self, call_id: bytes, answer: Answer, adapter: str, took_us: int = 0) -> None:
        """Notes an answer. Where that fails the call counts as not made, and is made again."""
        try:
            state = await self._node.writer.execute(NoteAnswer(call_id, adapter, answer, took_us))
        except QuanwangError as error:
            log.error("answer of other system not noted", call=format_id(call_id), error=str(error))
            return
        if answer.error:
            log.info("call to other system failed", call=format_id(call_id), error=answer.error, state=state)

    async def tidy(self, now_us: int) -> None:
        """Ends what nobody wants any more, and forgets what ended long ago."""
        kept_us = self._node.context.parameters.value(CALLS_KEPT_DAYS, now_us) * DAY_US
        command = TidyCalls(now_us - kept_us, TIDIED_AT_ONCE)
        while await self._node.writer.execute(command, bulk=True) >= TIDIED_AT_ONCE:
            pass


def make_caller(node: Node) -> Caller:
    """Who calls, not running yet."""
    return Caller(node, node.interfaces)

"""A worker beside the writer: does what is due, woken by an event or by time, for as long as the node serves.

What it does is claimed in one transaction and noted in another; in between it calls outside, and holds nothing. So a
process that dies leaves a claim that lapses, and several processes of a node may work side by side.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Any

from common.errors import QuanwangError
from common.log import get_logger
from common.program.node import Node

log = get_logger()

LOOK_EVERY_S = 1.0
TIDY_EVERY_US = 600_000_000


class Worker(ABC):
    """`wakes`: the in-process event that says that something may be due."""

    failing = "outbound work failed"
    """What the log says where a transaction failed."""
    tidy_every_us = TIDY_EVERY_US

    def __init__(self, node: Node, wakes: type, look_every_s: float = LOOK_EVERY_S) -> None:
        self._node = node
        self._look_every_s = look_every_s
        self._something_waits = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tidy_at_us = 0
        node.core.dispatcher.subscribe(wakes, self._wake)

    @abstractmethod
    async def work(self) -> int:
        """Does what is due. How much it was; 0: nothing is due any more."""

    @abstractmethod
    async def tidy(self, now_us: int) -> None:
        """Forgets what is old. Called now and then."""

    async def run(self) -> None:
        """Until it is cancelled."""
        self._loop = asyncio.get_running_loop()
        while True:
            # Before looking, so that what comes meanwhile is not missed.
            self._something_waits.clear()
            try:
                while await self.work():
                    pass
                await self._tidy_now_and_then()
            except QuanwangError as error:
                log.error(self.failing, error=str(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._something_waits.wait(), self._look_every_s)

    def _wake(self, _event: Any) -> None:
        """After a commit, on the writer's thread."""
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._something_waits.set)

    async def _tidy_now_and_then(self) -> None:
        now_us = self._node.clock.now_us()
        if now_us >= self._tidy_at_us:
            self._tidy_at_us = now_us + self.tidy_every_us
            await self.tidy(now_us)

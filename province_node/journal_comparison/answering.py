"""Answering questions about this node's journals, beside the writer: one after the other, a few waiting.

What waits is in memory alone. A node that stops forgets it; the legs then end when their time is over, and whoever
asked asks again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import sqlalchemy as sa

from common.errors import QuanwangError
from common.journal.comparison import Question, Ranges
from common.journal.model import ComparisonBusy
from common.journal.wire import encode_ranges
from common.log import get_logger
from province_node.journal_comparison.events import ComparisonAsked

log = get_logger()

T = TypeVar("T")

WAITING_MAX = 16

Read = Callable[[Question], Awaitable[Ranges]]
Finish = Callable[[bytes, bytes], Awaitable[None]]
"""`finish(leg_id, body)`: ends the leg with the answer."""
Refuse = Callable[[bytes, str], Awaitable[None]]
"""`refuse(leg_id, reason_code)`."""


class ComparisonDesk:
    """On the event loop; `asked` hands over what was committed."""

    def __init__(self, read: Read, finish: Finish, refuse: Refuse) -> None:
        self._read, self._finish, self._refuse = read, finish, refuse
        self._waiting: asyncio.Queue[ComparisonAsked] = asyncio.Queue(WAITING_MAX)
        self._refusing: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to answer."""
        self._task = asyncio.create_task(self._answer_all())

    async def stop(self) -> None:
        """Answers nothing more."""
        tasks = [task for task in (self._task, *self._refusing) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def asked(self, event: ComparisonAsked) -> None:
        """A question was taken."""
        try:
            self._waiting.put_nowait(event)
        except asyncio.QueueFull:
            refusing = asyncio.create_task(self._end(event.leg_id, self._refuse, ComparisonBusy.code))
            self._refusing.add(refusing)
            refusing.add_done_callback(self._refusing.discard)

    async def _answer_all(self) -> None:
        while True:
            event = await self._waiting.get()
            try:
                ranges = await self._read(event.question)
            except (QuanwangError, OSError, sa.exc.SQLAlchemyError) as error:
                log.error("journal could not be compared", link=event.question.link, error=str(error))
                code = error.code if isinstance(error, QuanwangError) else "INTERNAL_FAULT"
                await self._end(event.leg_id, self._refuse, code)
                continue
            await self._end(event.leg_id, self._finish, encode_ranges(ranges).SerializeToString())

    async def _end(self, leg_id: bytes, end: Callable[[bytes, T], Awaitable[None]], said: T) -> None:
        try:
            await end(leg_id, said)
        except QuanwangError as error:
            # It was withdrawn meanwhile, or the database is away: its time limit ends it.
            log.warning("comparison not answered", leg_id=leg_id.hex(), error=str(error))

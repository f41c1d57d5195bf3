"""Waiting for a request to end, without asking again and again: legs that end wake whoever waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from common.program.reads import Reads
from common.requests.events import LegEnded
from common.requests.queries import has_ended


class RequestWatch:
    """Who waits for which request. Waiters live on the event loop; legs end on the writer's thread."""

    def __init__(self) -> None:
        self._waiting: dict[bytes, set[asyncio.Event]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def leg_ended(self, event: LegEnded) -> None:
        """After the commit, on the writer's thread. Costs nothing while nobody waits."""
        loop = self._loop
        # Whoever waits has registered before it looked at the database, so it saw this end there or is found here.
        if loop is not None and event.request_id in self._waiting:
            loop.call_soon_threadsafe(self._wake, event.request_id)

    @asynccontextmanager
    async def changes(self, request_id: bytes) -> AsyncIterator[asyncio.Event]:
        """An event that is set whenever a leg of the request has ended; whoever waits clears it."""
        self._loop = asyncio.get_running_loop()
        changed = asyncio.Event()
        waiting = self._waiting.setdefault(request_id, set())
        waiting.add(changed)
        try:
            yield changed
        finally:
            waiting.discard(changed)
            if not waiting:
                self._waiting.pop(request_id, None)

    def _wake(self, request_id: bytes) -> None:
        for changed in self._waiting.get(request_id, ()):
            changed.set()


async def wait_for_end(watch: RequestWatch, reads: Reads, request_id: bytes, wait_ms: int) -> None:
    """Returns when all legs of the request have ended, or when the time is over. Raises RequestNotFound."""
    with suppress(TimeoutError):
        async with asyncio.timeout(wait_ms / 1000), watch.changes(request_id) as changed:
            while not await reads.run(has_ended, request_id):
                await changed.wait()
                changed.clear()

"""What provinces give to a recovering HQ, brought to whoever takes it back: one wish at a time for each province."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from common.gen.quanwang.federation.v1 import directory_pb2
from common.log import get_logger
from common.recovery.taking_back import Fetch, Given, Progress
from hq_node.recovery.model import MalformedJournalGiven

log = get_logger()

WISH_AWAITED_S = 5.0
"""So long a province's call waits for the next wish; then it is told to call again."""

BATCHES_AT_ONCE_MAX = 4_096
"""In one message."""


@dataclass(slots=True)
class _Wish:
    link: str
    after: int
    given: asyncio.Future[Given]


class Collecting:
    """On the event loop alone. `expected`: the provinces that must give, by the directory in force at that moment."""

    def __init__(
        self,
        expected: Callable[[], Sequence[str]],
        take_directory: Callable[[directory_pb2.SignedDirectory], object],
        progress: Progress,
    ) -> None:
        self._expected, self._take_directory, self._progress = expected, take_directory, progress
        self._wishes: dict[str, _Wish] = {}
        self._there: set[str] = set()
        self._changed = asyncio.Condition()

    # Towards whoever takes back

    async def all_there(self) -> None:
        """Waits until each province that must give has come, with its directory."""
        async with self._changed:
            while missing := [node for node in self._expected() if node not in self._there]:
                for node in self._expected():
                    self._progress(node, int(node in self._there), 1)
                log.warning("waits for provinces", provinces=" ".join(missing))
                await self._changed.wait()

    def fetch_from(self, node: str) -> Fetch:
        """Asks one province."""

        async def fetch(link: str, after: int) -> Given:
            wish = _Wish(link, after, asyncio.get_running_loop().create_future())
            async with self._changed:
                self._wishes[node] = wish
                self._changed.notify_all()
            return await wish.given

        return fetch

    # Towards the provinces

    def offered_directory(self, signed: directory_pb2.SignedDirectory) -> None:
        """The directory that a province works by. Raises what taking it back raises."""
        self._take_directory(signed)

    async def came(self, node: str) -> None:
        """A province is there, as itself."""
        if node not in self._there:
            async with self._changed:
                self._there.add(node)
                self._progress(node, 1, 1)
                self._changed.notify_all()

    def given(self, node: str, link: str, after: int, given: Given) -> None:
        """What a province was asked for; what was not asked, or was given before, is passed over. Raises
        MalformedJournalGiven."""
        if len(given.batches) > BATCHES_AT_ONCE_MAX:
            raise MalformedJournalGiven(node=node, count=len(given.batches), most=BATCHES_AT_ONCE_MAX)
        wish = self._wishes.get(node)
        if wish is not None and (wish.link, wish.after) == (link, after):
            del self._wishes[node]
            if not wish.given.done():
                wish.given.set_result(given)

    async def next_wish(self, node: str) -> tuple[str, int]:
        """What the province is asked for next, soon; an empty link: nothing for now."""
        try:
            async with asyncio.timeout(WISH_AWAITED_S), self._changed:
                await self._changed.wait_for(lambda: node in self._wishes)
        except TimeoutError:
            return "", 0
        wish = self._wishes[node]
        return wish.link, wish.after

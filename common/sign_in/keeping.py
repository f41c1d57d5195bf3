"""Sessions and tokens in memory, so that a call needs no query for who makes it; forgotten when they change."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

import sqlalchemy as sa

from common.clock import Clock
from common.program.reads import Reads

KEPT_MAX = 10_000
"""Of more, those are forgotten that were asked for longest ago."""
LOOK_EVERY_US = 1_000_000
"""Where other processes write to the same database, a row is looked at again after so long."""

R = TypeVar("R")


class Kept(Generic[R]):
    """Rows by their ids. `look(connection, id)` finds one, or None. For any thread."""

    def __init__(
        self, reads: Reads, clock: Clock, look: Callable[[sa.Connection, bytes], R | None], *, shared: bool
    ) -> None:
        self._reads = reads
        self._clock = clock
        self._look = look
        self._shared = shared
        self._lock = threading.Lock()
        self._rows: OrderedDict[bytes, tuple[R, int]] = OrderedDict()
        self._used: OrderedDict[bytes, int] = OrderedDict()
        self._to_note: set[bytes] = set()
        self._changes = 0

    async def find(self, key: bytes) -> R | None:
        """The row, or None. Raises StorageUnavailable: who calls is not known then, so nobody is let in."""
        with self._lock:
            known = self._rows.get(key)
            changes = self._changes
            if known is not None and not self._stale(known[1]):
                self._rows.move_to_end(key)
                return known[0]
        looked_us = self._clock.monotonic_us()
        row = await self._reads.run(self._look, key)
        with self._lock:
            self._rows.pop(key, None)
            # What changed while it was read may be this very row.
            if row is not None and changes == self._changes:
                self._rows[key] = (row, looked_us)
                while len(self._rows) > KEPT_MAX:
                    self._rows.popitem(last=False)
        return row

    def changed(self, keys: Iterable[bytes]) -> None:
        """These rows are to be looked at again. On any thread."""
        with self._lock:
            self._changes += 1
            for key in keys:
                self._rows.pop(key, None)
                self._used.pop(key, None)
                self._to_note.discard(key)

    def use(self, key: bytes, now_us: int) -> None:
        """It was used now; `uses` tells it, to be stored."""
        with self._lock:
            self._used[key] = now_us
            self._used.move_to_end(key)
            self._to_note.add(key)
            while len(self._used) > KEPT_MAX:
                self._used.popitem(last=False)

    def used_at_us(self, key: bytes) -> int:
        """When it was last used here; 0: not that it were known."""
        return self._used.get(key, 0)

    def uses(self) -> tuple[tuple[bytes, int], ...]:
        """When each was last used that was used since this was last asked."""
        with self._lock:
            noted, self._to_note = self._to_note, set()
            return tuple((key, self._used[key]) for key in sorted(noted) if key in self._used)

    def _stale(self, looked_us: int) -> bool:
        return self._shared and self._clock.monotonic_us() - looked_us >= LOOK_EVERY_US

"""Keeps the access book of a node in memory, and reads it anew when something has changed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from common.access_control.ceilings import NO_LIMITS, AccessLimits
from common.access_control.version import access_version_of
from common.clock import Clock
from common.operators.book import AccessBook
from common.operators.queries import load_book
from common.program.reads import Reads

LOOK_EVERY_US = 1_000_000
"""Where other processes change the same database, a notice may be lost: after so long the version is looked at."""


class AccessKeeper:
    """The book as it is now. For any thread."""

    def __init__(
        self, reads: Reads, clock: Clock, *, shared: bool, limits: Callable[[], AccessLimits] = lambda: NO_LIMITS
    ) -> None:
        """`shared`: other processes write to the same database. `limits`: what headquarters lets this node give at
        most; another object once it is something else."""
        self._reads = reads
        self._limits = limits
        self._clock = clock
        self._shared = shared
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._changed.set()
        self._looked_us = 0
        self._book: AccessBook | None = None

    def changed(self, _event: Any = None) -> None:
        """Something was changed, or may have been: the book is looked at before it is used again."""
        self._changed.set()

    async def current(self) -> AccessBook:
        """The book; without a query where nothing has changed. Raises StorageUnavailable: who may do what is not known
        then, so nobody may do anything."""
        book = self._book
        return book if book is not None and not self._due(book) else await self._reads.run(self._look)

    def now(self) -> AccessBook:
        """The same in the calling thread."""
        book = self._book
        return book if book is not None and not self._due(book) else self._reads.now(self._look)

    def _due(self, book: AccessBook) -> bool:
        if self._changed.is_set() or book.limits is not self._limits():
            return True
        return self._shared and self._clock.monotonic_us() - self._looked_us >= LOOK_EVERY_US

    def _look(self, connection: sa.Connection) -> AccessBook:
        with self._lock:
            if self._book is not None and not self._due(self._book):
                return self._book
            # Cleared before reading: what changes meanwhile sets it again.
            self._changed.clear()
            try:
                self._looked_us = self._clock.monotonic_us()
                if self._book is None or access_version_of(connection) != self._book.version:
                    self._book = load_book(connection)
                limits = self._limits()
                if self._book.limits is not limits:
                    self._book = self._book.under(limits)
                return self._book
            except BaseException:
                self._changed.set()
                raise

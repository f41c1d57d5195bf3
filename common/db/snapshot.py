"""A database at one moment, to be taken away in pieces and put back into an empty one; what both stores have in
common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Protocol, Self

import sqlalchemy as sa

PIECE_BYTES = 1_048_576

Pieces = Iterator[bytes]
Copied = Callable[[int, int], None]
"""Is told how many of how many bytes of the database are copied. What it raises ends the copying."""


class Snapshot(Protocol):
    """One moment of a database, for as long as this is open. A node may write meanwhile."""

    @property
    def connection(self) -> sa.Connection:
        """Sees that moment."""

    @property
    def bytes_about(self) -> int:
        """About how much `files` will give."""

    def files(self) -> Iterator[tuple[str, Pieces]]:
        """What must be kept of the database, file by file; each must be read before the next."""

    def rows(self) -> dict[str, int]:
        """The rows of each table."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Refill(Protocol):
    """Puts the files of a snapshot into an empty database. Nothing of it counts before `finish`."""

    def take(self, name: str, pieces: Pieces) -> None:
        """One file, in the order in which the snapshot gave them. Raises ValueError for one that is none of its."""

    def finish(self) -> None:
        """Everything was given: makes it durable."""

    def abandon(self) -> None:
        """Leaves the database empty."""

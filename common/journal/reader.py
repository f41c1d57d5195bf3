"""Reads a node's journals."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from common.evidence.windows import Window
from common.journal.archive import JournalArchive
from common.messaging.links import journal, journal_batch

FETCH_ROWS = 16
"""Batches in memory at a time; one may have megabytes."""


class WholeJournal:
    """The journals from their beginnings: what was archived, then what stands in the database.

    A batch may come twice, once from each, while pruning is under way; it is the same.
    """

    def __init__(self, connection: sa.Connection, archive: JournalArchive) -> None:
        self._live = LiveJournal(connection)
        self._archive = archive

    def between(self, window: Window) -> Iterator[bytes]:
        """The batches of a link that were stored in that time, in their order."""
        for row in self._archive.between(window.link, window.from_us, window.to_us):
            yield row.batch
        yield from self._live.between(window)

    def batch(self, link: str, seal_number: int) -> bytes | None:
        """One batch."""
        live = self._live.batch(link, seal_number)
        return live if live is not None else self._archive.batch(link, seal_number)

    def last_seal(self, link: str) -> int:
        """The number of the last batch; 0: none."""
        return self._live.last_seal(link) or self._archive.last_seal(link)


class LiveJournal:
    """The journals as they stand in the database, as one snapshot sees them."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def between(self, window: Window) -> Iterator[bytes]:
        """The batches of a link that were stored in that time, in their order."""
        then = sa.and_(journal.c.link == window.link, journal.c.stored_at_us.between(window.from_us, window.to_us))
        ends = sa.select(sa.func.min(journal.c.seal_number), sa.func.max(journal.c.seal_number)).where(then)
        first, last = self._connection.execute(ends).one()
        while first is not None and first <= last:
            page = (
                sa.select(journal.c.seal_number, journal.c.batch)
                .where(journal.c.link == window.link, journal.c.seal_number.between(first, last))
                .order_by(journal.c.seal_number)
                .limit(FETCH_ROWS)
            )
            rows = self._connection.execute(page).all()
            for _, batch in rows:
                yield batch
            first = rows[-1][0] + 1 if rows else last + 1

    def batch(self, link: str, seal_number: int) -> bytes | None:
        """One batch."""
        return journal_batch(self._connection, link, seal_number)

    def last_seal(self, link: str) -> int:
        """The number of the last batch that is still in the database; 0: none."""
        last = sa.select(sa.func.max(journal.c.seal_number)).where(journal.c.link == link)
        return self._connection.execute(last).scalar() or 0

"""What a live stream reads of its link: where it stands, and the journal. On reading connections, beside the writer."""

from __future__ import annotations

import sqlalchemy as sa

from common.messaging.links import LinkRow, journal_batches, links, new_link


def read_link(connection: sa.Connection, peer: str, incarnation: bytes) -> LinkRow:
    """The durable cursors of the link with `peer`; those of a new link where nothing was said yet."""
    values = connection.execute(sa.select(links).where(links.c.peer == peer)).one_or_none()
    return LinkRow._make(values) if values is not None else new_link(peer, incarnation)


class LinkReader:
    """Reads the links of a node through an engine that cannot write."""

    def __init__(self, engine: sa.Engine, incarnation: bytes) -> None:
        self._engine = engine
        self._incarnation = incarnation

    def link(self, peer: str) -> LinkRow:
        """The durable cursors of the link with `peer`; those of a new link where nothing was said yet."""
        with self._engine.connect() as connection:
            return read_link(connection, peer, self._incarnation)

    def batches(self, link: str, after_seal: int, bytes_max: int) -> list[tuple[int, bytes]]:
        """Batches of a directed link after a seal, in order, up to about `bytes_max` (at least one if there is one)."""
        with self._engine.connect() as connection:
            return journal_batches(connection, link, after_seal, bytes_max)

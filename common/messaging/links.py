"""The durable cursors of each link, one row a peer, and the journal: every batch sealed or received, byte for byte."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork
from common.messaging.seal import NO_HASH

node_identity = sa.Table(
    "node_identity",
    METADATA,
    sa.Column("node", sa.String(2), primary_key=True),
    sa.Column("incarnation", sa.LargeBinary(16), nullable=False),
    sa.Column("initialised_at_us", sa.BigInteger, nullable=False),
)

links = sa.Table(
    "links",
    METADATA,
    sa.Column("peer", sa.String(2), primary_key=True),
    sa.Column("incarnation", sa.LargeBinary(16), nullable=False),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("sealed_seal_number", sa.BigInteger, nullable=False),
    sa.Column("sealed_sequence", sa.BigInteger, nullable=False),
    sa.Column("sealed_hash", sa.LargeBinary(32), nullable=False),
    sa.Column("acked_seal_number", sa.BigInteger, nullable=False),
    sa.Column("acked_sequence", sa.BigInteger, nullable=False),
    sa.Column("peer_incarnation", sa.LargeBinary(16), nullable=False),
    sa.Column("received_seal_number", sa.BigInteger, nullable=False),
    sa.Column("received_sequence", sa.BigInteger, nullable=False),
    sa.Column("received_hash", sa.LargeBinary(32), nullable=False),
    sa.Column("owner", sa.String(64), nullable=False, server_default=""),
)

journal = sa.Table(
    "journal",
    METADATA,
    sa.Column("link", sa.String(5), primary_key=True),
    sa.Column("seal_number", sa.BigInteger, primary_key=True),
    sa.Column("first_sequence", sa.BigInteger, nullable=False),
    sa.Column("entries", sa.Integer, nullable=False),
    sa.Column("stored_at_us", sa.BigInteger, nullable=False),
    sa.Column("batch", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=True,
)

sa.Index("journal_by_time", journal.c.link, journal.c.stored_at_us)
"""One entry a batch: evidence is looked for by when it was said."""


class LinkRow(NamedTuple):
    peer: str
    incarnation: bytes
    epoch: int
    sealed_seal_number: int
    sealed_sequence: int
    sealed_hash: bytes
    acked_seal_number: int
    acked_sequence: int
    peer_incarnation: bytes
    received_seal_number: int
    received_sequence: int
    received_hash: bytes
    owner: str = ""
    """The replica that claimed the link last, for people to read; `epoch` is what decides."""


class JournalRow(NamedTuple):
    link: str
    seal_number: int
    first_sequence: int
    entries: int
    stored_at_us: int
    batch: bytes


LINKS = RowSpec(links, LinkRow)
JOURNAL = RowSpec(journal, JournalRow, key_width=2)


JOURNAL_BATCHES_AT_ONCE = 16


def new_link(peer: str, incarnation: bytes) -> LinkRow:
    """The cursors of a link on which nothing was said yet."""
    return LinkRow(peer, incarnation, 1, 0, 0, NO_HASH, 0, 0, b"", 0, 0, NO_HASH)


def link_of(uow: UnitOfWork, peer: str) -> LinkRow | None:
    """The cursors of the link with `peer`, as this group sees them."""
    row: LinkRow | None = uow.rows(LINKS).get(peer)
    return row


def journal_batches(connection: sa.Connection, link: str, after_seal: int, bytes_max: int) -> list[tuple[int, bytes]]:
    """The batches of a directed link after a seal number, in order, up to about `bytes_max` (at least one)."""
    batches: list[tuple[int, bytes]] = []
    total = 0
    while True:
        # A few at a time: how many there is room for shows only when they are read.
        statement = (
            sa.select(journal.c.seal_number, journal.c.batch)
            .where(journal.c.link == link, journal.c.seal_number > after_seal)
            .order_by(journal.c.seal_number)
            .limit(JOURNAL_BATCHES_AT_ONCE)
        )
        page = connection.execute(statement).all()
        for seal_number, batch in page:
            if batches and total + len(batch) > bytes_max:
                return batches
            batches.append((seal_number, batch))
            total += len(batch)
        if len(page) < JOURNAL_BATCHES_AT_ONCE:
            return batches
        after_seal = batches[-1][0]


def journal_batch(connection: sa.Connection, link: str, seal_number: int) -> bytes | None:
    """One batch of a directed link, or None."""
    statement = sa.select(journal.c.batch).where(journal.c.link == link, journal.c.seal_number == seal_number)
    batch: bytes | None = connection.execute(statement).scalar()
    return batch

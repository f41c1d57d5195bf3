"""Reads journals for audits: slices of a link, from archives and from the database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from common.gen.quanwang.federation.v1 import seal_pb2
from common.journal.archive import JournalArchive, Row
from common.journal.audit import LinkAudit, Position, position_after, short_hashes
from common.journal.reader import WholeJournal
from common.journal.repository import links_of
from common.messaging.links import journal, links
from common.messaging.seal import seal_hash
from common.node_context import NodeContext

SLICE_BATCHES = 256
SLICE_BYTES = 16_777_216


def list_journals(connection: sa.Connection, archive: JournalArchive, node: str) -> list[dict[str, Any]]:
    """Every directed link, and how far its journal goes by the link's own row."""
    return [
        {"link": link, "last_seal": _ends(connection, node, link)[0], "archived_through": archive.last_seal(link)}
        for link in links_of(connection, node)
    ]


def verify_slice(
    connection: sa.Connection, archive: JournalArchive, context: NodeContext, link: str, after: int, language: str
) -> dict[str, Any]:
    """Audits one slice of a link behind a seal. `next`: behind which seal to go on; None: this was the end.

    Raises ArchiveDamaged.
    """
    whole = WholeJournal(connection, archive)
    before = whole.batch(link, after) if after else None
    other = ">".join(reversed(link.split(">")))

    def other_hash(seal_number: int) -> bytes | None:
        batch = whole.batch(other, seal_number)
        return seal_hash(seal_pb2.SealedBatch.FromString(batch).seal) if batch is not None else None

    start = position_after(before) if before is not None else Position(after, sequence=-1) if after else Position()
    audit = LinkAudit(link, start, context.directory.past_signing_key, other_hash)
    rows = list(_slice(connection, archive, link, after))
    for row in rows:
        audit.take(row.seal_number, row.batch)
    ended = not rows
    if ended:
        audit.end(*_ends(connection, context.node, link))
    return {
        "link": link,
        "batches": len(rows),
        "next": None if ended else audit.position.seal_number,
        "faults": [fault.to_dict(language) for fault in audit.faults],
    }


def digest_slice(connection: sa.Connection, archive: JournalArchive, link: str, after: int) -> dict[str, Any]:
    """The short hashes of a slice's seals, for comparing with the other end's."""
    rows = list(_slice(connection, archive, link, after))
    return {
        "link": link,
        "first": rows[0].seal_number if rows else after + 1,
        "next": rows[-1].seal_number if rows else None,
        "hashes": short_hashes(iter(row.batch for row in rows)).hex(),
    }


def _slice(connection: sa.Connection, archive: JournalArchive, link: str, after: int) -> Iterator[Row]:
    """The next batches behind a seal: from archives as far as they go, then from the database."""
    size = count = 0
    for row in archive.following(link, after):
        yield row
        size, count, after = size + len(row.batch), count + 1, row.seal_number
        if count >= SLICE_BATCHES or size >= SLICE_BYTES:
            return
    statement = (
        sa.select(journal.c.seal_number, journal.c.stored_at_us, journal.c.batch)
        .where(journal.c.link == link, journal.c.seal_number > after)
        .order_by(journal.c.seal_number)
        .limit(SLICE_BATCHES - count)
    )
    for values in connection.execute(statement):
        row = Row._make(values)
        yield row
        size += len(row.batch)
        if size >= SLICE_BYTES:
            return


def _ends(connection: sa.Connection, node: str, link: str) -> tuple[int, bytes]:
    """Number and hash of the last seal of a link, by the link's row."""
    sealer, receiver = link.split(">")
    peer = receiver if sealer == node else sealer
    columns = (
        (links.c.sealed_seal_number, links.c.sealed_hash)
        if sealer == node
        else (links.c.received_seal_number, links.c.received_hash)
    )
    found = connection.execute(sa.select(*columns).where(links.c.peer == peer)).one_or_none()
    return (int(found[0]), bytes(found[1])) if found is not None else (0, bytes(32))

"""Reads journals for audits: slices of a link, from archives and from the database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import sqlalchemy as sa

from common.directory.model import Directory
from common.gen.quanwang.federation.v1 import seal_pb2
from common.journal.archive import JournalArchive, Row
from common.journal.audit import LinkAudit, Position, batch_hash, position_after, short_hashes
from common.journal.comparison import Question, Ranges, group_digest
from common.journal.reader import WholeJournal
from common.journal.repository import acked_seal, count_old_batches, count_old_messages, links_of
from common.journal.settings import DAY_US, RetentionSettings
from common.messaging.links import journal, links
from common.messaging.seal import seal_hash
from common.node_context import NodeContext

SLICE_BATCHES = 256
SLICE_BYTES = 16_777_216
ANSWER_BYTES_READ = 67_108_864
"""How much is read for one answer to the other end; a group is finished first."""


class Audited(Protocol):
    """Whose journals are audited, and the directory that names everybody's keys."""

    @property
    def node(self) -> str: ...
    @property
    def directory(self) -> Directory: ...


def list_journals(connection: sa.Connection, archive: JournalArchive, node: str) -> list[dict[str, Any]]:
    """Every directed link, how far its journal goes by the link's own row, and how far the peer has shown that its own
    goes."""
    listed = []
    for link in links_of(connection, node):
        sealer, receiver = link.split(">")
        last_seal = _ends(connection, node, link)[0]
        listed.append(
            {
                "link": link,
                "peer": receiver if sealer == node else sealer,
                "own": sealer == node,
                "last_seal": last_seal,
                "known_of_peer": acked_seal(connection, receiver) if sealer == node else last_seal,
                "archived_through": archive.last_seal(link),
            }
        )
    return listed


def count_old(
    connection: sa.Connection, context: NodeContext, retention: RetentionSettings, now_us: int
) -> dict[str, int]:
    """About how much a run of pruning has before it: what is old enough, whether it may leave yet or not."""
    sources = [entry.node for entry in context.directory.nodes]
    return {
        "batches": count_old_batches(connection, context.node, now_us - retention.journal_days * DAY_US),
        "messages": count_old_messages(connection, sources, now_us - retention.inbox_days * DAY_US),
    }


def verify_slice(
    connection: sa.Connection, archive: JournalArchive, context: Audited, link: str, after: int, language: str
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
    rows = list(journal_slice(connection, archive, link, after))
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
    rows = list(journal_slice(connection, archive, link, after))
    return {
        "link": link,
        "first": rows[0].seal_number if rows else after + 1,
        "next": rows[-1].seal_number if rows else None,
        "hashes": short_hashes(link, rows).hex(),
    }


def range_digests(connection: sa.Connection, archive: JournalArchive, node: str, question: Question) -> Ranges:
    """Answers what the other end of a link asks, from archives and database; ends early, between two groups, where that
    is much to read. Raises ArchiveDamaged."""
    last_seal = _ends(connection, node, question.link)[0]
    groups = list(question.groups(last_seal))
    if not groups:
        return Ranges(last_seal, ())
    rows = _Ahead(_rows_behind(connection, archive, question.link, question.first - 1))
    digests: list[bytes] = []
    for _, last in groups:
        digests.append(group_digest(rows.hashes_through(question.link, last)))
        if rows.bytes_read > ANSWER_BYTES_READ:
            break
    return Ranges(last_seal, tuple(digests))


class _Ahead:
    """Rows in the order of their numbers, taken up to a number at a time."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self._next = next(rows, None)
        self.bytes_read = 0

    def hashes_through(self, link: str, last: int) -> Iterator[tuple[int, bytes]]:
        while self._next is not None and self._next.seal_number <= last:
            row, self._next = self._next, next(self._rows, None)
            self.bytes_read += len(row.batch)
            yield row.seal_number, batch_hash(link, row.seal_number, row.batch)


def _rows_behind(connection: sa.Connection, archive: JournalArchive, link: str, after: int) -> Iterator[Row]:
    """All batches behind a seal, slice by slice. What is archived and still in the database comes once."""
    place = after
    while rows := list(journal_slice(connection, archive, link, place)):
        yield from rows
        place = rows[-1].seal_number


def batches_behind(
    connection: sa.Connection, archive: JournalArchive, link: str, after: int, bytes_max: int
) -> list[bytes]:
    """The next batches of a link behind a seal, up to about so many bytes (at least one, if there is one). Raises
    ArchiveDamaged."""
    batches: list[bytes] = []
    size = 0
    for row in journal_slice(connection, archive, link, after):
        if batches and size + len(row.batch) > bytes_max:
            break
        batches.append(row.batch)
        size += len(row.batch)
    return batches


def link_end(connection: sa.Connection, node: str, link: str) -> int:
    """The last seal of a link, by the link's own row."""
    return _ends(connection, node, link)[0]


def journal_slice(connection: sa.Connection, archive: JournalArchive, link: str, after: int) -> Iterator[Row]:
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

"""The audit log against the node's own seals: what was sealed for others cannot be changed here without its showing."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from common.audit.queries import Break
from common.audit.repository import audit_log
from common.gen.quanwang.federation.v1 import seal_pb2
from common.journal.archive import JournalArchive
from common.journal.queries import journal_slice

SEALED_OTHERWISE = "SEALED_OTHERWISE"


@dataclass(slots=True)
class SealedJudged:
    """How many seals of a slice speak of the log, which entries are not as they were sealed, and behind which seal to
    go on (None: at the end)."""

    heads: int
    breaks: list[Break]
    next: int | None


def verify_sealed_slice(connection: sa.Connection, archive: JournalArchive, link: str, after: int) -> SealedJudged:
    """Compares the log with what one slice of this node's seals on a link says of it. Raises ArchiveDamaged."""
    rows = list(journal_slice(connection, archive, link, after))
    heads = {}
    for row in rows:
        seal = seal_pb2.Seal.FromString(seal_pb2.SealedBatch.FromString(row.batch).seal.seal)
        if seal.audit_number:
            heads[seal.audit_number] = seal.audit_hash
    statement = sa.select(audit_log.c.number, audit_log.c.hash).where(audit_log.c.number.in_(heads))
    stored = dict(connection.execute(statement).tuples().all())
    breaks = [Break(number, SEALED_OTHERWISE) for number, sealed in heads.items() if stored.get(number) != sealed]
    return SealedJudged(len(heads), breaks, rows[-1].seal_number if rows else None)

"""The audit log's tables, and how a group of work adds to it.

Entries are staged by items and chained once, at the end of their group: they are durable with what they tell of, and an
item that fails leaves only the entry that says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import NamedTuple

import sqlalchemy as sa

from common.audit.entry import NO_HASH, TEXT_CHARACTERS_MAX, AuditEntry, entry_hash
from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork

HEAD = 1
"""The key of the one row that says where the chain ends."""

audit_log = sa.Table(
    "audit_log",
    METADATA,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at_us", sa.BigInteger, nullable=False),
    sa.Column("actor_kind", sa.String(16), nullable=False),
    sa.Column("actor", sa.String(64), nullable=False),
    sa.Column("organisation", sa.String(64), nullable=False),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("address", sa.String(64), nullable=False),
    sa.Column("session", sa.String(64), nullable=False),
    sa.Column("resource", sa.String(64), nullable=False),
    sa.Column("action", sa.String(64), nullable=False),
    sa.Column("record", sa.String(128), nullable=False),
    sa.Column("outcome", sa.String(64), nullable=False),
    sa.Column("reason", sa.String(TEXT_CHARACTERS_MAX), nullable=False),
    sa.Column("customer", sa.String(32), nullable=False),
    sa.Column("details", sa.Text, nullable=False),
    sa.Column("hash", sa.LargeBinary(32), nullable=False),
)
sa.Index("audit_log_by_time", audit_log.c.at_us)
sa.Index("audit_log_by_actor", audit_log.c.actor, audit_log.c.number)
sa.Index("audit_log_by_record", audit_log.c.resource, audit_log.c.record, audit_log.c.number)
sa.Index("audit_log_by_customer", audit_log.c.customer, audit_log.c.number)

audit_head = sa.Table(
    "audit_head",
    METADATA,
    sa.Column("head_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.LargeBinary(32), nullable=False),
)


class AuditRow(NamedTuple):
    """A row of `audit_log`."""

    number: int
    at_us: int
    actor_kind: str
    actor: str
    organisation: str
    channel: str
    address: str
    session: str
    resource: str
    action: str
    record: str
    outcome: str
    reason: str
    customer: str
    details: str
    hash: bytes


class AuditHeadRow(NamedTuple):
    """Where the chain ends: the last entry's number and hash."""

    head_id: int
    number: int
    hash: bytes


AUDIT_LOG = RowSpec(audit_log, AuditRow)
AUDIT_HEAD = RowSpec(audit_head, AuditHeadRow)

_LENGTHS = {column.name: column.type.length for column in audit_log.c if isinstance(column.type, sa.String)}


def chain(uow: UnitOfWork, entries: Sequence[AuditEntry]) -> tuple[int, bytes]:
    """Stages the entries behind the last one; returns the new head: number and hash. Where several processes share the
    database, the head's row is locked from here to the commit, so that they stand in one order."""
    heads = uow.rows(AUDIT_HEAD)
    _, number, previous = heads.get(HEAD) or AuditHeadRow(HEAD, 0, NO_HASH)
    log = uow.rows(AUDIT_LOG)
    for entry in map(_fitted, entries):
        number += 1
        previous = entry_hash(number, uow.now_us, entry, previous)
        log.insert(AuditRow._make((number, uow.now_us, *astuple(entry), previous)))
    heads.update(AuditHeadRow(HEAD, number, previous))
    return number, previous


def head(connection: sa.Connection) -> tuple[int, bytes]:
    """The last entry's number (0: there is none) and hash."""
    row = connection.execute(sa.select(audit_head.c.number, audit_head.c.hash)).one_or_none()
    return (0, NO_HASH) if row is None else (row.number, row.hash)


def entry_of(row: sa.Row[tuple[object, ...]] | AuditRow) -> AuditEntry:
    """The entry in a row of the log."""
    return AuditEntry(**{name: getattr(row, name) for name in AuditEntry.__dataclass_fields__})


def _fitted(entry: AuditEntry) -> AuditEntry:
    """The entry with no text longer than its column: what is hashed is what is stored."""
    texts = {name: getattr(entry, name) for name in AuditEntry.__dataclass_fields__}
    long = {name: text for name, text in texts.items() if (most := _LENGTHS.get(name)) and len(text) > most}
    return entry if not long else AuditEntry(**texts | {name: text[: _LENGTHS[name]] for name, text in long.items()})

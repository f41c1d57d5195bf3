"""One row a process. A process that died leaves its row behind until another one notices how old it is."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.replicas.events import ReplicaSeen

replicas = sa.Table(
    "replicas",
    METADATA,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("roles", sa.String(64), nullable=False),
    sa.Column("software_version", sa.String(64), nullable=False),
    sa.Column("started_at_us", sa.BigInteger, nullable=False),
    sa.Column("seen_at_us", sa.BigInteger, nullable=False),
    sa.Column("open_links", sa.String(512), nullable=False),
    sa.Column("leads", sa.Boolean, nullable=False),
    sa.Column("missing_keys", sa.String(512), nullable=False, server_default=""),
)


class ReplicaRow(NamedTuple):
    name: str
    roles: str
    software_version: str
    started_at_us: int
    seen_at_us: int
    open_links: str
    leads: bool
    missing_keys: str


REPLICAS = RowSpec(replicas, ReplicaRow)

MISSING_KEYS_MAX = 512
"""Characters; the beginning of what is longer is enough to act on."""

SILENT_US = 15_000_000
"""A process that has said nothing for so long is taken for gone. Clocks may differ by some seconds."""

GONE_US = 86_400_000_000
"""After so long its row goes as well."""


def seen(row: ReplicaRow) -> ReplicaSeen:
    """A row in words."""
    return ReplicaSeen(
        row.name,
        tuple(row.roles.split()),
        row.software_version,
        row.started_at_us,
        row.seen_at_us,
        tuple(row.open_links.split()),
        bool(row.leads),
        row.missing_keys,
    )


def live_replicas(connection: sa.Connection, now_us: int) -> list[ReplicaSeen]:
    """The processes that have said something lately, by name."""
    statement = sa.select(replicas).where(replicas.c.seen_at_us > now_us - SILENT_US).order_by(replicas.c.name)
    return [seen(ReplicaRow._make(values)) for values in connection.execute(statement)]

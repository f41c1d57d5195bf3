"""One row a lease. Its epoch goes up whenever it changes hands; its beat, whenever its holder says that it is alive."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork

leases = sa.Table(
    "leases",
    METADATA,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("beat", sa.BigInteger, nullable=False),
)


class LeaseRow(NamedTuple):
    name: str
    owner: str
    epoch: int
    beat: int


LEASES = RowSpec(leases, LeaseRow)


def lease_of(uow: UnitOfWork, name: str) -> LeaseRow | None:
    """The lease as this group sees it, locked where others could change it."""
    row: LeaseRow | None = uow.rows(LEASES).get(name)
    return row

"""How many customers and subscriptions there are, kept with them.

Answering HQ's query of a node's status must not count all of them: that happens on the writer's thread, and counting
takes the longer the more customers a province has. So who adds a record adds one here, in the same transaction. A row
is written once for each group that adds records (imports do), never by what only changes them.
"""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork

CUSTOMERS = "customers"
SUBSCRIPTIONS = "subscriptions"

RECORD_TOTALS = sa.Table(
    "record_totals",
    METADATA,
    sa.Column("record", sa.String(32), primary_key=True),
    sa.Column("total", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)


class TotalRow(NamedTuple):
    """A row of `record_totals`."""

    record: str
    total: int


TOTAL_ROWS = RowSpec(RECORD_TOTALS, TotalRow)


def total_of(uow: UnitOfWork, record: str) -> int:
    """How many there are, those that this group adds among them."""
    row = uow.rows(TOTAL_ROWS).get(record)
    return 0 if row is None else row.total


def count_one_more(uow: UnitOfWork, record: str) -> None:
    """Stages that there is one more."""
    uow.rows(TOTAL_ROWS).update(TotalRow(record, total_of(uow, record) + 1))

"""One row that counts the changes of organisations, roles, operators and teams.

Whoever changes any of them holds the row to the end of the group: changes stand in one order, also between processes,
so that two that are sound each by itself (two moves in the tree) cannot spoil it together. Whoever keeps them in memory
sees by the number whether that still holds.
"""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from common.access_control.events import AccessChanged
from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork

VERSION = 1
"""The key of the one row."""

access_version = sa.Table(
    "access_version",
    METADATA,
    sa.Column("version_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("version", sa.BigInteger, nullable=False),
)


class AccessVersionRow(NamedTuple):
    """The row."""

    version_id: int
    version: int


ACCESS_VERSION = RowSpec(access_version, AccessVersionRow)


def begin_change(uow: UnitOfWork) -> None:
    """To be called before anything is looked at that the change depends on; tells of it after the commit."""
    rows = uow.rows(ACCESS_VERSION)
    known = rows.get(VERSION)
    row = AccessVersionRow(VERSION, 1 if known is None else known.version + 1)
    rows.update(row)
    uow.record(AccessChanged(row.version))


def hold(uow: UnitOfWork) -> None:
    """Nobody changes any of them before the group is over: what somebody may do is, at its commit, still what was
    found."""
    uow.rows(ACCESS_VERSION).get(VERSION)


def access_version_of(connection: sa.Connection) -> int:
    """How many changes there were."""
    return connection.execute(sa.select(access_version.c.version)).scalar() or 0

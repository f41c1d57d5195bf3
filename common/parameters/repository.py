"""Values of parameters in the database: a row for each that was ever set, never changed but for being withdrawn."""

from __future__ import annotations

import json
from typing import NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork
from common.parameters.model import REASON_CHARACTERS_MAX, ParameterVersion

parameter_versions = sa.Table(
    "parameter_versions",
    METADATA,
    sa.Column("name", sa.String(100), primary_key=True),
    # Counts up for each parameter, from 1.
    sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
    # JSON; empty: the default counts.
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("effective_from_us", sa.BigInteger, nullable=False),
    sa.Column("set_at_us", sa.BigInteger, nullable=False),
    sa.Column("set_by", sa.String(100), nullable=False),
    sa.Column("reason", sa.String(REASON_CHARACTERS_MAX), nullable=False),
    sa.Column("withdrawn_at_us", sa.BigInteger, nullable=False),
)


class ParameterVersionRow(NamedTuple):
    """A row of `parameter_versions`."""

    name: str
    version: int
    value: str
    effective_from_us: int
    set_at_us: int
    set_by: str
    reason: str
    withdrawn_at_us: int


VERSIONS = RowSpec(parameter_versions, ParameterVersionRow, key_width=2)


class ParameterRepository:
    """The values of parameters within one group."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._rows = uow.rows(VERSIONS)

    def last_version(self, name: str) -> int:
        """The number of the version that was set last; 0: none was."""
        c = parameter_versions.c
        return int(self._uow.query(sa.select(sa.func.max(c.version)).where(c.name == name)).scalar() or 0)

    def count_scheduled(self, name: str) -> int:
        """How many values of a parameter wait for their time."""
        c = parameter_versions.c
        waiting = sa.select(sa.func.count()).select_from(parameter_versions)
        waiting = waiting.where(c.name == name, c.effective_from_us > self._uow.now_us, c.withdrawn_at_us == 0)
        return int(self._uow.query(waiting).scalar_one())

    def find(self, name: str, version: int) -> ParameterVersion | None:
        """One version, if there is one."""
        row = self._rows.get((name, version))
        return None if row is None else version_of(row)

    def add(self, version: ParameterVersion) -> None:
        """Stages a new version."""
        self._rows.insert(_row_of(version))

    def save(self, version: ParameterVersion) -> None:
        """Stages that a version was withdrawn."""
        self._rows.update(_row_of(version))


def version_of(row: ParameterVersionRow) -> ParameterVersion:
    """A stored row as what it means."""
    value = json.loads(row.value) if row.value else None
    return ParameterVersion(row.name, row.version, value, *row[3:])


def _row_of(version: ParameterVersion) -> ParameterVersionRow:
    value = "" if version.value is None else json.dumps(version.value, ensure_ascii=False)
    return ParameterVersionRow(
        version.name,
        version.version,
        value,
        version.effective_from_us,
        version.set_at_us,
        version.set_by,
        version.reason,
        version.withdrawn_at_us,
    )

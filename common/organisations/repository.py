"""Organisations in the database: one row each, and one for each pair of an organisation and one at or above it.

The pairs make "this one and all below" one equality that an index answers, in a tree as well as in the filter of rows
that belong to organisations (`common.operators.row_scope`).
"""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork
from common.organisations.model import (
    ACTIVE,
    ID_CHARACTERS_MAX,
    NAME_CHARACTERS_MAX,
    Organisation,
    OrganisationNotFound,
    OrganisationsTooMany,
)

ORGANISATIONS_MAX = 50_000

organisations = sa.Table(
    "organisations",
    METADATA,
    sa.Column("organisation_id", sa.String(ID_CHARACTERS_MAX), primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("name", sa.String(NAME_CHARACTERS_MAX), nullable=False),
    sa.Column("parent_id", sa.String(ID_CHARACTERS_MAX), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("created_at_us", sa.BigInteger, nullable=False),
    sa.Column("updated_at_us", sa.BigInteger, nullable=False),
)
sa.Index("organisations_by_parent", organisations.c.parent_id, organisations.c.organisation_id)

organisation_closure = sa.Table(
    "organisation_closure",
    METADATA,
    sa.Column("ancestor_id", sa.String(ID_CHARACTERS_MAX), primary_key=True),
    sa.Column("organisation_id", sa.String(ID_CHARACTERS_MAX), primary_key=True),
    sqlite_with_rowid=False,
)
sa.Index("organisation_closure_upwards", organisation_closure.c.organisation_id, organisation_closure.c.ancestor_id)


class OrganisationTableRow(NamedTuple):
    """A row of `organisations`."""

    organisation_id: str
    kind: str
    name: str
    parent_id: str
    state: str
    created_at_us: int
    updated_at_us: int


class ClosureRow(NamedTuple):
    """A pair: an organisation, and one at or above it."""

    ancestor_id: str
    organisation_id: str


ORGANISATIONS = RowSpec(organisations, OrganisationTableRow)
CLOSURE = RowSpec(organisation_closure, ClosureRow, key_width=2)


class OrganisationTree:
    """The tree within one group."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._rows = uow.rows(ORGANISATIONS)
        self._closure = uow.rows(CLOSURE)

    def find(self, organisation_id: str) -> Organisation | None:
        """The organisation, if there is one."""
        row = self._rows.get(organisation_id)
        return None if row is None else Organisation(*row)

    def get(self, organisation_id: str) -> Organisation:
        """The organisation. Raises OrganisationNotFound."""
        found = self.find(organisation_id)
        if found is None:
            raise OrganisationNotFound(organisation=repr(organisation_id[:64]))
        return found

    def is_within(self, organisation_id: str, ancestor_id: str) -> bool:
        """Whether the one is the other, or lies below it."""
        return self._closure.get((ancestor_id, organisation_id)) is not None

    def above(self, organisation_id: str) -> frozenset[str]:
        """The organisation itself and all above it, by id."""
        found: list[str] = []
        while organisation_id:
            found.append(organisation_id)
            organisation_id = self.get(organisation_id).parent_id
        return frozenset(found)

    def active_part_of(self, organisation_id: str) -> str:
        """An active organisation directly below; empty where there is none."""
        c = organisations.c
        statement = sa.select(c.organisation_id).where(c.parent_id == organisation_id, c.state == ACTIVE)
        return self._uow.query(statement.order_by(c.organisation_id).limit(1)).scalar() or ""

    def add(self, organisation: Organisation) -> None:
        """Stages a new organisation."""
        own = organisation.organisation_id
        above = self.above(organisation.parent_id)
        self._rows.insert(_row_of(organisation))
        for ancestor in sorted({own, *above}):
            self._closure.insert(ClosureRow(ancestor, own))

    def save(self, organisation: Organisation) -> None:
        """Stages the new content of an organisation that stays where it is."""
        self._rows.update(_row_of(organisation))

    def hang_anew(self, organisation: Organisation, former: frozenset[str]) -> None:
        """Stages an organisation under another parent, with all below it; `former`: what was above it."""
        self.save(organisation)
        now = self.above(organisation.parent_id)
        below = self._below(organisation.organisation_id)
        for part in below:
            for ancestor in sorted(former - now):
                self._closure.delete((ancestor, part))
            for ancestor in sorted(now - former):
                self._closure.insert(ClosureRow(ancestor, part))

    def _below(self, organisation_id: str) -> list[str]:
        c = organisation_closure.c
        statement = sa.select(c.organisation_id).where(c.ancestor_id == organisation_id).order_by(c.organisation_id)
        return list(self._uow.query(statement).scalars())

    def require_room(self, more: int) -> None:
        """Raises OrganisationsTooMany where there cannot be so many more."""
        count = int(self._uow.query(sa.select(sa.func.count()).select_from(organisations)).scalar_one())
        if count + more > ORGANISATIONS_MAX:
            raise OrganisationsTooMany(most=ORGANISATIONS_MAX)


def within_organisation(column: sa.ColumnElement[str], organisation_id: str) -> sa.ColumnElement[bool]:
    """Rows whose `column` names the organisation or one below it."""
    return column.in_(organisations_within(organisation_id))


def organisations_within(organisation_id: str) -> sa.Select[tuple[str]]:
    """The ids of the organisation and all below it."""
    c = organisation_closure.c
    return sa.select(c.organisation_id).where(c.ancestor_id == organisation_id)


def _row_of(organisation: Organisation) -> OrganisationTableRow:
    return OrganisationTableRow(*(getattr(organisation, name) for name in OrganisationTableRow._fields))

"""What is asked of the organisation tree."""

from __future__ import annotations

from dataclasses import dataclass

IMPORT_ROWS_MAX = 500
"""Rows of one ImportOrganisations, which is one transaction."""


@dataclass(frozen=True, slots=True)
class FoundOrganisations:
    """Set the root: the node's own organisation. Nothing where there is one."""


@dataclass(frozen=True, slots=True)
class CreateOrganisation:
    """A new organisation. A city's id is the GB/T 2260 code of its prefecture, a province's that of the province."""

    organisation_id: str
    kind: str
    name: str
    parent_id: str


@dataclass(frozen=True, slots=True)
class RenameOrganisation:
    """Another name; the id stays."""

    organisation_id: str
    name: str


@dataclass(frozen=True, slots=True)
class MoveOrganisation:
    """Hang an organisation, with all below it, under another one."""

    organisation_id: str
    parent_id: str


@dataclass(frozen=True, slots=True)
class DeactivateOrganisation:
    """The organisation is no more; what it did stays under its id."""

    organisation_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class OrganisationRow:
    """One good row of a file. `line` is where it stands, for reports."""

    line: int
    organisation_id: str
    kind: str
    name: str
    parent_id: str


@dataclass(frozen=True, slots=True)
class ImportOrganisations:
    """Take in some rows of a file, at most IMPORT_ROWS_MAX, parents before what hangs under them: what is new is
    created, what has another name or parent is renamed or moved. A row that cannot be taken in hinders no other."""

    rows: tuple[OrganisationRow, ...]

"""What became of the organisation tree."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OrganisationRowProblem:
    """A row of a file that was not taken in: where, and why, in both languages."""

    line: int
    column: str
    code: str
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class OrganisationsImported:
    """What became of the rows."""

    created: int
    updated: int
    unchanged: int
    problems: tuple[OrganisationRowProblem, ...]

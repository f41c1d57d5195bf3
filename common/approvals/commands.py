"""What is done about requests for approval, and about who stands in for whom. Times are microseconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Approve:
    """Agree: what was asked for is carried out at once, for whoever asked."""

    approval_id: bytes
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Do not agree; it is never carried out."""

    approval_id: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take back what one has asked for."""

    approval_id: bytes
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BreakGlass:
    """Carry it out though nobody agreed: in an emergency, by the owner of the data directory, with an alarm."""

    approval_id: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class ExpireApprovals:
    """End what nobody has decided in time, at most so many."""

    most: int


@dataclass(frozen=True, slots=True)
class NameSubstitute:
    """From `from_us` (a past moment means now) until `until_us`, `substitute` may approve what `operator` could."""

    operator: str
    substitute: str
    from_us: int
    until_us: int
    reason: str


@dataclass(frozen=True, slots=True)
class NameOwnSubstitute:
    """The same of oneself."""

    substitute: str
    from_us: int
    until_us: int
    reason: str


@dataclass(frozen=True, slots=True)
class EndSubstitution:
    """The substitute stands in no longer."""

    substitution_id: bytes
    reason: str = ""


@dataclass(frozen=True, slots=True)
class EndOwnSubstitution:
    """The same of one's own substitute."""

    substitution_id: bytes
    reason: str = ""

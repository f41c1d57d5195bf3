"""What happened to a leg that this province carries out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LegAnswered:
    """The leg has its outcome here; the answer is on its way."""

    leg_id: bytes
    outcome: str
    reason_code: str = ""


@dataclass(frozen=True, slots=True)
class LegBegun:
    """The leg is being worked on, and will be answered later."""

    leg_id: bytes


@dataclass(frozen=True, slots=True)
class LegWithdrawn:
    """The leg was withdrawn before its point of no return: work begun for it is to be undone."""

    leg_id: bytes
    reason: str

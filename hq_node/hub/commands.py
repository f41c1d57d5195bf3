"""What time asks of the hub."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PassTimeLimits:
    """End or withdraw the legs whose time limit has passed."""


@dataclass(frozen=True, slots=True)
class RollBusinessDate:
    """Open the business day of `date` (ISO), if it is later than the open one."""

    date: str


@dataclass(frozen=True, slots=True)
class EndLegsOfLostHome:
    """End what was forwarded to a revoked node and will never be answered; so many legs at a time."""

    home: str
    reason: str
    by: str

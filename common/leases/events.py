"""What was seen of leases."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LeaseSeen:
    """How a lease stood when it was looked at. `held_by_asker`: whether it is the asker's from this commit on."""

    name: str
    owner: str
    epoch: int
    beat: int
    held_by_asker: bool

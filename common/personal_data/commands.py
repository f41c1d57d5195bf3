"""What may be wished of the keys of personal data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OpenPersonalData:
    """Have keys to begin with, all wrapped by the first master key: when the node starts, or its master key changed."""


@dataclass(frozen=True, slots=True)
class BeginKeyRotation:
    """Make new keys, to which every record is then brought."""


@dataclass(frozen=True, slots=True)
class RenewRecords:
    """Bring up to so many records to the current generation of keys; when none is left, do away with former keys."""

    records_max: int

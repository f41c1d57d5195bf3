"""What may be wished of the keys of personal data."""

from __future__ import annotations

from dataclasses import dataclass

from common.audit.commands import Deed


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


@dataclass(frozen=True, slots=True)
class RenewNow(Deed):
    """Bring records to the current generation of keys now, rather than when the node comes to it."""


@dataclass(frozen=True, slots=True)
class ReplaceMasterKey(Deed):
    """A new master key in the file, and everything wrapped by it."""


@dataclass(frozen=True, slots=True)
class ForgetFormerMasterKeys(Deed):
    """Take former master keys out of the file."""

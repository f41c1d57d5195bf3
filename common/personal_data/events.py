"""What happened to the keys of personal data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GenerationsChanged:
    """Keys were made, wrapped anew or destroyed: what is in memory is to be read again."""


@dataclass(frozen=True, slots=True)
class KeyRotationBegun:
    """There is a new generation, and records of former ones."""

    generation: int


@dataclass(frozen=True, slots=True)
class RecordsRenewed:
    """What a slice did. `more`: something is left to do."""

    records: int
    keys_removed: int
    more: bool

"""What became of what headquarters published."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NetworkDictionaryTaken:
    """The province holds this publication, or held a later one already."""

    held_version: int

"""What headquarters asks about dictionaries."""

from __future__ import annotations

from dataclasses import dataclass

from common.dictionaries.model import DictionaryVersion


@dataclass(frozen=True, slots=True)
class TakeNetworkDictionary:
    """Go by this publication: all that headquarters says of one dictionary."""

    dictionary: str
    version: int
    published_at_us: int
    values: tuple[DictionaryVersion, ...]

"""What became of dictionaries."""

from __future__ import annotations

from dataclasses import dataclass

from common.dictionaries.model import DictionaryVersion


@dataclass(frozen=True, slots=True)
class DictionaryChanged:
    """Values of a dictionary were added or changed, by the node or by headquarters. `replaced`: whose values these are
    all; empty: others stay."""

    dictionary: str
    versions: tuple[DictionaryVersion, ...]
    replaced: str = ""

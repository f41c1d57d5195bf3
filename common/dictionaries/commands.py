"""What is asked of dictionaries."""

from __future__ import annotations

from dataclasses import dataclass

from common.dictionaries.model import DictionaryValue


@dataclass(frozen=True, slots=True)
class SetDictionaryValues:
    """Add these values of the node's own, or change them; all others stay. What is as given already stays as it is."""

    dictionary: str
    values: tuple[DictionaryValue, ...]
    reason: str

"""What is published to provinces."""

from __future__ import annotations

from dataclasses import dataclass

from common.dictionaries.model import DictionaryValue


@dataclass(frozen=True, slots=True)
class PublishParameter:
    """Give a parameter a value for the whole network from a moment on (µs since 1970; a past one means now). `value`
    None: from then on headquarters says nothing of it. `least`, `most`: the bounds of provinces' own values; `fixed`:
    they have none."""

    name: str
    value: bool | int | str | None
    reason: str
    least: int | None = None
    most: int | None = None
    fixed: bool = False
    effective_from_us: int = 0


@dataclass(frozen=True, slots=True)
class WithdrawPublished:
    """Take back a published value that has not come into force yet."""

    name: str
    version: int
    reason: str


@dataclass(frozen=True, slots=True)
class PublishDictionaryValues:
    """Add these values to a dictionary for the whole network, or change them; all others stay. What is as given already
    stays as it is."""

    dictionary: str
    values: tuple[DictionaryValue, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class DeliverPublications:
    """Send what is published to provinces that do not hold it, and note which do."""

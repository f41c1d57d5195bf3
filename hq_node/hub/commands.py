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


@dataclass(frozen=True, slots=True)
class TakeBackWord:
    """An entry of a batch that HQ had sealed for `peer`. `origin_seal_number`, `origin_index`: where the message that
    it relays stands in the journal of whoever said it; 0: it relays nothing."""

    peer: str
    entry: bytes
    origin_seal_number: int = 0
    origin_index: int = 0


@dataclass(frozen=True, slots=True)
class TakeForForwarded:
    """Nobody can say what HQ had sealed for `home`: its admitted legs count as sealed for it; so many at a time."""

    home: str


@dataclass(frozen=True, slots=True)
class SettleTakenBack:
    """Go through the messages that wait for the recovery, those behind a key; None: from the first on."""

    after: tuple[str, bytes] | None = None

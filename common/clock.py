"""Time as the core sees it: injected, in whole microseconds, so that a simulated clock can take its place."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

BEIJING_TIME = timezone(timedelta(hours=8), "Asia/Shanghai")


class Clock(Protocol):
    """Two readings of time. Both in microseconds."""

    def now_us(self) -> int:
        """Wall clock: microseconds since 1970-01-01 UTC. May jump."""

    def monotonic_us(self) -> int:
        """Never goes back; its zero means nothing."""


class SystemClock:
    """The clock of the machine."""

    def now_us(self) -> int:
        return time.time_ns() // 1000

    def monotonic_us(self) -> int:
        return time.monotonic_ns() // 1000


def iso(microseconds: int) -> str:
    """A wall-clock reading as ISO 8601 in UTC, with milliseconds."""
    return datetime.fromtimestamp(microseconds / 1e6, UTC).isoformat(timespec="milliseconds")


def business_date(microseconds: int) -> str:
    """The calendar date of a wall-clock reading in Beijing time (all of China, no summer time), ISO."""
    return datetime.fromtimestamp(microseconds / 1e6, BEIJING_TIME).date().isoformat()

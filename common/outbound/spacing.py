"""When something that failed is tried again."""

from __future__ import annotations

FIRST_SPACING_US = 1_000_000
SPACING_MAX_US = 3_600_000_000


def spacing_us(tries: int, first_us: int = FIRST_SPACING_US) -> int:
    """How long to wait after so many failures in a row: twice as long each time, up to an hour."""
    return min(SPACING_MAX_US, first_us << min(max(tries, 1) - 1, 32))

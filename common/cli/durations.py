"""Lengths of time as people type and read them: 30m, 10s, 1h30m, 250ms."""

from __future__ import annotations

import re

UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_WHOLE = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+")


def parse_duration_ms(text: str) -> int:
    """Milliseconds; a number without a unit is seconds. Raises ValueError."""
    written = text.strip().lower()
    if re.fullmatch(r"\d+(?:\.\d+)?", written):
        written += "s"
    if not _WHOLE.fullmatch(written):
        raise ValueError(text)
    return round(sum(float(number) * UNITS_MS[unit] for number, unit in _PART.findall(written)))


def format_duration(microseconds: int) -> str:
    """Short and readable: 480 µs, 4.5 ms, 12.0 s, 3 m 20 s, 5 h 10 m, 2 d 3 h; negative where clocks disagree."""
    sign, left = ("-", -microseconds) if microseconds < 0 else ("", microseconds)
    if left < 1_000:
        return f"{sign}{left} µs"
    if left < 999_950:
        return f"{sign}{left / 1_000:.1f} ms"
    if left < 59_950_000:
        return f"{sign}{left / 1_000_000:.1f} s"
    seconds = round(left / 1_000_000)
    for big, small, big_name, small_name in ((60, 1, "m", "s"), (3_600, 60, "h", "m"), (86_400, 3_600, "d", "h")):
        if seconds < big * (60 if big < 3_600 else 24) or big == 86_400:
            whole, rest = divmod(seconds, big)
            return f"{sign}{whole} {big_name}" + (f" {rest // small} {small_name}" if rest // small else "")
    raise AssertionError("unreachable: days have no upper end")

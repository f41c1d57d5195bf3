"""Moments as people write them: 2026-12-01, 2026-12-01T08:00, with or without a zone."""

from __future__ import annotations

from datetime import datetime


def parse_moment_us(text: str) -> int | None:
    """µs since 1970 of an ISO 8601 date or time; without a zone in this machine's own. None: it is none."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return int(moment.astimezone().timestamp()) * 1_000_000 + moment.microsecond

"""What is asked of the history."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoreBucket:
    """Keep what happened in the span that began at `begin_s` (seconds since 1970 UTC); `content`: a bucket's bytes."""

    begin_s: int
    content: bytes

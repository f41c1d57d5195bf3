"""What a link is doing, for people to look at."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

CLOCK_SAMPLES = 32
CLOCK_SAMPLE_US = 600_000_000
"""For how long a batch says something about the peer's clock."""


@dataclass(slots=True)
class LinkActivity:
    """A link since the node started. Times are wall clock, µs; 0: never."""

    peer: str
    open: bool = False
    opened_at_us: int = 0
    ended_at_us: int = 0
    """When the last stream that had opened ended."""
    streams: int = 0
    next_attempt_at_us: int = 0
    """When the link is dialled next; 0 while it is, and where the peer is the one that dials."""
    last_frame_at_us: int = 0
    reason_code: str = ""
    """Why the last stream ended; `common.reasons.link_reason` says it in words."""
    detail: str = ""
    peer_software_version: str = ""
    peer_directory_version: int = 0
    frames_received: int = 0
    bytes_received: int = 0
    checking_us: int = 0
    """Time spent on judging what was received: signatures, chain, Merkle roots, proofs of origin."""
    batches_received: int = 0
    entries_received: int = 0
    frames_sent: int = 0
    bytes_sent: int = 0
    seal_times_us: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=CLOCK_SAMPLES))
    """Of the latest batches: received here, sealed there; each by its own clock, µs."""

    def clock_difference_us(self, now_us: int) -> int | None:
        """By how much this node's clock is ahead of the peer's, at most: what took long on the way only adds to it.
        None: too few batches came lately to tell."""
        latest = [
            received - sealed for received, sealed in list(self.seal_times_us) if now_us - received < CLOCK_SAMPLE_US
        ]
        return min(latest) if len(latest) == CLOCK_SAMPLES else None

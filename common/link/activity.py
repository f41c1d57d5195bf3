"""What a link is doing, for people to look at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class LinkActivity:
    """A link since the node started. Times are wall clock, µs; 0: never."""

    peer: str
    open: bool = False
    opened_at_us: int = 0
    ended_at_us: int = 0
    streams: int = 0
    last_frame_at_us: int = 0
    reason_code: str = ""
    """Why the last stream ended; `common.link.effects.reason_text` says it in words."""
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

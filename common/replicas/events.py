"""What was seen of a node's processes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReplicaSeen:
    """A process as it last said it is. Times are microseconds of its own wall clock."""

    name: str
    roles: tuple[str, ...]
    software_version: str
    started_at_us: int
    seen_at_us: int
    open_links: tuple[str, ...]
    leads: bool
    missing_keys: str


@dataclass(frozen=True, slots=True)
class ReplicasSeen:
    """All processes that have said something lately, the asker among them."""

    replicas: tuple[ReplicaSeen, ...]

"""What this node says of itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NodeStatusQueried:
    """The node as it is now: counts, versions, and what waits. Times in microseconds of its own clock."""

    node: str
    software_version: str
    started_at_us: int
    now_us: int
    directory_version: int
    customers: int
    subscriptions: int
    messages_waiting: int
    messages_parked: int

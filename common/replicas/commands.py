"""What a process says of itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReportReplica:
    """Said every few seconds. `open_links`: the peers whose streams end here. `missing_keys`: which of the node's keys
    this process lacks, and why where that is known."""

    name: str
    roles: tuple[str, ...]
    software_version: str
    started_at_us: int
    open_links: tuple[str, ...] = ()
    leads: bool = False
    missing_keys: str = ""


@dataclass(frozen=True, slots=True)
class ForgetReplica:
    """The process stops in good order."""

    name: str

"""What a process says of itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReportReplica:
    """Said every few seconds. `open_links`: the peers whose streams end here."""

    name: str
    roles: tuple[str, ...]
    software_version: str
    started_at_us: int
    open_links: tuple[str, ...] = ()
    leads: bool = False


@dataclass(frozen=True, slots=True)
class ForgetReplica:
    """The process stops in good order."""

    name: str

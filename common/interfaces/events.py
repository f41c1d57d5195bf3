"""What happened at interfaces. In-process, after the commit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CallsWait:
    """There is something to call."""


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """A try of a call, or a test call, had this outcome after so long (0: it came apart from the call)."""

    port: str
    adapter: str
    outcome: str
    took_us: int


@dataclass(frozen=True, slots=True)
class CallsReplayed:
    """So many calls are made again."""

    port: str
    calls: int


@dataclass(frozen=True, slots=True)
class AdapterSwitched:
    """An interface's calls go through another adapter."""

    port: str
    adapter: str

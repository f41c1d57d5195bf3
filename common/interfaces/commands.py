"""What is wished of interfaces."""

from __future__ import annotations

from dataclasses import dataclass

from common.interfaces.model import Answer


@dataclass(frozen=True, slots=True)
class ClaimCalls:
    """Take the calls that are due; for a while nobody else will. `free`: of which ports at most how many."""

    free: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class NoteAnswer:
    """An answer to a call, in time, late, or once more. `adapter`: who got it; `took_us`: how long it took (0: it came
    apart from the call)."""

    call_id: bytes
    adapter: str
    answer: Answer
    took_us: int = 0


@dataclass(frozen=True, slots=True)
class NoteTestCall:
    """Somebody asked the other side whether it is there, through one adapter; this was the answer."""

    port: str
    adapter: str
    answer: Answer
    took_us: int


@dataclass(frozen=True, slots=True)
class SwitchAdapter:
    """Make an interface's calls through another adapter from now on; what waits is tried at once."""

    port: str
    adapter: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReplayCalls:
    """Make calls again that were refused or given up: one, or (empty) all of the interface."""

    port: str
    reason: str
    call_id: bytes = b""


@dataclass(frozen=True, slots=True)
class TidyCalls:
    """End calls whose time is over, and forget what ended before this moment (µs); at most so many of each."""

    ended_before_us: int
    most: int

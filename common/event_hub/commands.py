"""What is wished of the event hub."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Tell `owner` of an API's events from now on, at `callback`; `query` narrows them, `secret` signs them."""

    api: str
    owner: str
    callback: str
    query: str
    secret: bytes


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """No more events; what waits is forgotten."""

    subscription_id: bytes


@dataclass(frozen=True, slots=True)
class ReplayDeadLetters:
    """Deliver again what was given up, and switch the subscription on again where it is off."""

    subscription_id: bytes


@dataclass(frozen=True, slots=True)
class ClaimDeliveries:
    """Take what is due; for a while nobody else will."""


@dataclass(frozen=True, slots=True)
class NoteDeliveries:
    """What became of deliveries that were claimed: those at the positions `delivered` arrived; the one at `failed`
    (0: none) did not, for the reason in `error`. `refused`: its receiver says that it never will take it; `gone`: that
    it wants no more."""

    subscription_id: bytes
    delivered: tuple[int, ...]
    failed: int = 0
    error: str = ""
    refused: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True)
class ForgetDeadLetters:
    """Delete deliveries that were given up before this moment (µs), at most so many."""

    before_us: int
    most: int

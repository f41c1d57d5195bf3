"""What happened to service requests at the node that asks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RequestSubmitted:
    """The request is stored and on its way. `repeated`: it was already, under the same idempotency key."""

    request_id: bytes
    destinations: tuple[str, ...]
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class CancelAsked:
    """The hub was asked to cancel these legs; what arrives first there counts."""

    request_id: bytes
    destinations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LegEnded:
    """A leg has its one end. In-process, after the commit."""

    request_id: bytes
    destination: str
    outcome: str
    reason_code: str

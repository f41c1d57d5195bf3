"""What happened at the event hub. In-process, after the commit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeliveriesWait:
    """There is something to deliver."""


@dataclass(frozen=True, slots=True)
class Subscribed:
    """Somebody is told of events from now on. `secret` is shown this once."""

    subscription_id: bytes
    secret: bytes


@dataclass(frozen=True, slots=True)
class Replayed:
    """So many deliveries are tried again."""

    subscription_id: bytes
    deliveries: int

"""What happened to a subscription. Times are wall-clock microseconds of this node."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SubscriptionSuspended:
    """The subscription is out of service since `suspended_at_us`."""

    subscription_id: str
    suspended_at_us: int


@dataclass(frozen=True, slots=True)
class SubscriptionResumed:
    """The subscription is in service again since `resumed_at_us`."""

    subscription_id: str
    resumed_at_us: int

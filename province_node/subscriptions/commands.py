"""What can be asked about a subscription."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SuspendSubscription:
    """Take a subscription out of service, at the customer's wish.

    `authentication` says how the accepting counter made sure of the customer (a name of CustomerAuthentication without
    its prefix); `request_id` is the service request by which the wish came, kept beside the new status;
    `asking_node` and `interaction` say where, and in which interaction with the customer.
    """

    subscription_id: str
    reason: str
    authentication: str
    request_id: bytes
    asking_node: str = ""
    interaction: bytes = b""


@dataclass(frozen=True, slots=True)
class ResumeSubscription:
    """Put a suspended subscription back into service. The fields are those of SuspendSubscription."""

    subscription_id: str
    authentication: str
    request_id: bytes
    asking_node: str = ""
    interaction: bytes = b""

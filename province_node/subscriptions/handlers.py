"""What is done when somebody asks something about a subscription."""

from __future__ import annotations

from typing import Any, Protocol

from common.authentication.sufficient import RESUMPTION, SUSPENSION
from common.parameters.model import Parameter
from province_node.customer_authentication import Work as AuthenticationWork
from province_node.customer_authentication import require_customer_authentication
from province_node.subscriptions.commands import ResumeSubscription, SuspendSubscription
from province_node.subscriptions.events import SubscriptionResumed, SubscriptionSuspended
from province_node.subscriptions.model import Subscription


class Subscriptions(Protocol):
    """The part of the repository that is needed here."""

    def get(self, subscription_id: str) -> Subscription: ...

    def holder(self, subscription_id: str) -> str: ...

    def save(self, subscription: Subscription) -> None: ...


class Work(AuthenticationWork, Protocol):
    """The part of the unit of work that is needed here."""

    @property
    def subscriptions(self) -> Subscriptions: ...

    def record(self, event: Any) -> None: ...


def suspend_subscription(command: SuspendSubscription, uow: Work) -> SubscriptionSuspended:
    """Takes a subscription out of service.

    Raises CustomerNotAuthenticated, SubscriptionNotFound, SubscriptionTerminated, SubscriptionAlreadySuspended,
    SuspensionReasonTooLong. The customer's authentication comes first: who fails it learns nothing of what exists.
    """
    _require_authentication(command, SUSPENSION, uow)
    subscription = uow.subscriptions.get(command.subscription_id)
    subscription.suspend(command.reason, command.request_id, uow.now_us)
    uow.subscriptions.save(subscription)
    suspended = SubscriptionSuspended(subscription.subscription_id, uow.now_us)
    uow.record(suspended)
    return suspended


def resume_subscription(command: ResumeSubscription, uow: Work) -> SubscriptionResumed:
    """Puts a suspended subscription back into service.

    Raises CustomerNotAuthenticated, SubscriptionNotFound, SubscriptionTerminated, SubscriptionNotSuspended.
    """
    _require_authentication(command, RESUMPTION, uow)
    subscription = uow.subscriptions.get(command.subscription_id)
    subscription.resume(command.request_id, uow.now_us)
    uow.subscriptions.save(subscription)
    resumed = SubscriptionResumed(subscription.subscription_id, uow.now_us)
    uow.record(resumed)
    return resumed


def _require_authentication(
    command: SuspendSubscription | ResumeSubscription, sufficient: Parameter[str], uow: Work
) -> None:
    holder = uow.subscriptions.holder(command.subscription_id)
    require_customer_authentication(
        command.authentication, sufficient, holder, command.asking_node, command.interaction, uow
    )

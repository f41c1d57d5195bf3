"""Requests about subscriptions: protobuf to commands, events to protobuf."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from common.gen.quanwang.subscriptions.v1 import subscriptions_pb2 as pb
from common.requests.registry import Answer, Asked, Serve, request_kind
from province_node.subscriptions.commands import ResumeSubscription, SuspendSubscription
from province_node.subscriptions.events import SubscriptionResumed, SubscriptionSuspended
from province_node.subscriptions.handlers import resume_subscription, suspend_subscription


def suspend_command(asked: Asked) -> SuspendSubscription:
    """The wish as the home province carries it out."""
    return SuspendSubscription(
        asked.body.subscription_id,
        asked.body.reason,
        asked.authentication,
        asked.envelope.routing.request_id,
        asked.asking_node,
        asked.interaction,
    )


def suspended_answer(event: SubscriptionSuspended) -> Answer:
    """The answer of a suspension."""
    return Answer(
        pb.SuspendSubscriptionResponse(subscription_id=event.subscription_id, suspended_at_us=event.suspended_at_us)
    )


def resume_command(asked: Asked) -> ResumeSubscription:
    """The wish as the home province carries it out."""
    return ResumeSubscription(
        asked.body.subscription_id,
        asked.authentication,
        asked.envelope.routing.request_id,
        asked.asking_node,
        asked.interaction,
    )


def resumed_answer(event: SubscriptionResumed) -> Answer:
    """The answer of a resumption."""
    return Answer(
        pb.ResumeSubscriptionResponse(subscription_id=event.subscription_id, resumed_at_us=event.resumed_at_us)
    )


def prefetch(bodies: Sequence[Any], uow: Any) -> None:
    """Loads the subscriptions that a group's requests name, and how their customers can be authenticated, at once."""
    uow.subscriptions.prefetch(body.subscription_id for body in bodies)
    uow.authentications.prefetch(uow.subscriptions.holder(body.subscription_id) for body in bodies)


SUSPEND = "quanwang.subscriptions.v1.SuspendSubscription"
RESUME = "quanwang.subscriptions.v1.ResumeSubscription"

NEEDS = ("subscription_id",)

KINDS = (
    request_kind(
        SUSPEND,
        serve=Serve(SUSPEND, suspend_command, suspend_subscription, suspended_answer, prefetch),
        needs=NEEDS,
        needs_authentication=True,
    ),
    request_kind(
        RESUME,
        serve=Serve(RESUME, resume_command, resume_subscription, resumed_answer, prefetch),
        needs=NEEDS,
        needs_authentication=True,
    ),
)

"""Suspending and resuming: what is done, and each rule that says no."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from common.errors import Refusal
from province_node.customer_authentication import CustomerNotAuthenticated
from province_node.subscriptions.commands import ResumeSubscription, SuspendSubscription
from province_node.subscriptions.events import SubscriptionResumed, SubscriptionSuspended
from province_node.subscriptions.handlers import resume_subscription, suspend_subscription
from province_node.subscriptions.model import REASON_CHARS_MAX
from province_node.subscriptions.queries import subscription_row
from province_node.subscriptions.wire import prefetch
from tests.support.province_uow import ProvinceDatabase
from tests.unit.subscriptions.conftest import ACTIVE_ID, SUSPENDED_ID, TERMINATED_ID

REQUEST = bytes(range(16))


def suspend(
    subscription_id: str, authentication: str = "SERVICE_PASSWORD", reason: str = "lost"
) -> SuspendSubscription:
    return SuspendSubscription(subscription_id, reason, authentication, REQUEST)


def resume(subscription_id: str, authentication: str = "SERVICE_PASSWORD") -> ResumeSubscription:
    return ResumeSubscription(subscription_id, authentication, REQUEST)


def test_an_active_subscription_is_suspended(province: ProvinceDatabase) -> None:
    province.clock.at_us += 5
    event = province.execute(suspend_subscription, suspend(ACTIVE_ID))
    now_us = province.clock.at_us
    assert event == SubscriptionSuspended(ACTIVE_ID, now_us)
    row = subscription_row(province.connection, ACTIVE_ID)
    assert row is not None
    assert (row.status, row.suspended_reason, row.status_request_id) == ("suspended", "lost", REQUEST)
    assert (row.status_since_us, row.updated_at_us, row.created_at_us) == (now_us, now_us, now_us - 5)


def test_a_suspended_subscription_is_resumed_and_its_reason_forgotten(province: ProvinceDatabase) -> None:
    province.clock.at_us += 5
    event = province.execute(resume_subscription, resume(SUSPENDED_ID))
    assert event == SubscriptionResumed(SUSPENDED_ID, province.clock.at_us)
    row = subscription_row(province.connection, SUSPENDED_ID)
    assert row is not None
    assert (row.status, row.suspended_reason, row.status_request_id) == ("active", "", REQUEST)
    assert row.status_since_us == province.clock.at_us


def test_the_nodes_own_subscribers_are_told(province: ProvinceDatabase) -> None:
    with province.group() as uow:
        events = [
            suspend_subscription(suspend(ACTIVE_ID), uow),
            resume_subscription(resume(ACTIVE_ID), uow),
        ]
    assert uow.events == events


@pytest.mark.parametrize(
    ("subscription_id", "code"),
    [
        ("44-0000000009-01", "SUBSCRIPTION_NOT_FOUND"),
        (SUSPENDED_ID, "SUBSCRIPTION_ALREADY_SUSPENDED"),
        (TERMINATED_ID, "SUBSCRIPTION_TERMINATED"),
    ],
)
def test_a_suspension_is_refused_with_a_code_and_changes_nothing(
    province: ProvinceDatabase, subscription_id: str, code: str
) -> None:
    before = subscription_row(province.connection, subscription_id)
    with pytest.raises(Refusal) as refusal:
        province.execute(suspend_subscription, suspend(subscription_id))
    assert refusal.value.code == code
    assert subscription_id in refusal.value.text("en")
    assert subscription_id in refusal.value.text("zh-CN")
    assert subscription_row(province.connection, subscription_id) == before


@pytest.mark.parametrize(
    ("subscription_id", "code"),
    [
        ("44-0000000009-01", "SUBSCRIPTION_NOT_FOUND"),
        (ACTIVE_ID, "SUBSCRIPTION_NOT_SUSPENDED"),
        (TERMINATED_ID, "SUBSCRIPTION_TERMINATED"),
    ],
)
def test_a_resumption_is_refused_with_a_code_and_changes_nothing(
    province: ProvinceDatabase, subscription_id: str, code: str
) -> None:
    before = subscription_row(province.connection, subscription_id)
    with pytest.raises(Refusal) as refusal:
        province.execute(resume_subscription, resume(subscription_id))
    assert refusal.value.code == code
    assert subscription_row(province.connection, subscription_id) == before


def test_a_reason_is_kept_up_to_its_limit_and_refused_above(province: ProvinceDatabase) -> None:
    with pytest.raises(Refusal) as refusal:
        province.execute(suspend_subscription, suspend(ACTIVE_ID, reason="停" * (REASON_CHARS_MAX + 1)))
    assert refusal.value.code == "SUSPENSION_REASON_TOO_LONG"
    province.execute(suspend_subscription, suspend(ACTIVE_ID, reason="停" * REASON_CHARS_MAX))
    row = subscription_row(province.connection, ACTIVE_ID)
    assert row is not None
    assert row.suspended_reason == "停" * REASON_CHARS_MAX


@pytest.mark.parametrize("authentication", ["", "NONE", "UNSPECIFIED", "ONE_TIME_CODE", "DOCUMENT_CHECK", "else"])
@pytest.mark.parametrize("subscription_id", [ACTIVE_ID, SUSPENDED_ID, "44-0000000009-01"])
def test_without_the_service_password_nothing_is_done_and_nothing_learnt(
    province: ProvinceDatabase, subscription_id: str, authentication: str
) -> None:
    with pytest.raises(CustomerNotAuthenticated) as refusal:
        province.execute(suspend_subscription, suspend(subscription_id, authentication))
    assert refusal.value.code == "CUSTOMER_NOT_AUTHENTICATED"
    assert refusal.value.text("zh") != refusal.value.text("en")
    with pytest.raises(CustomerNotAuthenticated):
        province.execute(resume_subscription, resume(subscription_id, authentication))


def test_a_group_of_many_reads_its_rows_with_one_statement(province: ProvinceDatabase) -> None:
    statements: list[str] = []
    with province.group() as uow:
        prefetch([SimpleNamespace(subscription_id=each) for each in (ACTIVE_ID, SUSPENDED_ID)], uow)
        province.watch(statements)
        suspend_subscription(suspend(ACTIVE_ID), uow)
        resume_subscription(resume(SUSPENDED_ID), uow)
        assert statements == []

"""Subscriptions in the database: keys, numbers, and what an extract may change."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from province_node.subscriptions.model import ServiceNumberTaken, Subscription, SubscriptionNotFound
from province_node.subscriptions.queries import (
    find_subscriptions,
    list_subscriptions,
    subscription_count,
    subscription_row,
)
from province_node.subscriptions.repository import SUBSCRIPTIONS, SubscriptionRow
from tests.support.province_uow import ProvinceDatabase
from tests.unit.subscriptions.conftest import ACTIVE_ID, SUSPENDED_ID, TERMINATED_ID


def extracted(**changes: Any) -> dict[str, Any]:
    """What the extract of the fixture said about the active subscription, with changes."""
    said = {
        "subscription_id": ACTIVE_ID,
        "customer_number": "44-0000000001",
        "service_number": "13800138000",
        "offering": "mobile-5g-99",
        "status": "active",
        "status_since_us": 0,
        "suspended_reason": "",
        "digest": b"other",
    }
    return {**said, **changes}


def test_the_model_the_row_and_the_table_have_the_same_columns_in_the_same_order() -> None:
    names = [column.name for column in SUBSCRIPTIONS.columns]
    assert names == list(SubscriptionRow._fields) == [field.name for field in fields(Subscription)]


def test_an_unknown_id_is_refused(province: ProvinceDatabase) -> None:
    with province.group() as uow, pytest.raises(SubscriptionNotFound):
        uow.subscriptions.get("44-nothing")


@pytest.mark.parametrize("number", ["13800138000", "+86 138-0013-8000", "１３８００１３８０００"])
def test_a_number_finds_its_subscription_however_it_is_written(province: ProvinceDatabase, number: str) -> None:
    with province.group() as uow:
        found = uow.subscriptions.find_by_number(number)
    assert found is not None
    assert found.subscription_id == ACTIVE_ID


@pytest.mark.parametrize("number", ["13900139000", "13700137000", ""])
def test_a_number_that_nobody_has_or_that_was_given_back_finds_nothing(province: ProvinceDatabase, number: str) -> None:
    with province.group() as uow:
        assert uow.subscriptions.find_by_number(number) is None


def test_a_customers_subscriptions_include_what_was_staged_in_this_group(province: ProvinceDatabase) -> None:
    with province.group() as uow:
        uow.subscriptions.take_over(**extracted(subscription_id="44-0000000001-03", service_number=""))
        ids = [subscription.subscription_id for subscription in uow.subscriptions.of_customer("44-0000000001")]
    assert ids == [ACTIVE_ID, SUSPENDED_ID, "44-0000000001-03"]


def test_a_number_given_back_may_be_anothers_and_one_in_use_may_not(province: ProvinceDatabase) -> None:
    with province.group() as uow:
        new = extracted(subscription_id="44-0000000003-01", service_number="13900139000")
        assert uow.subscriptions.take_over(**new) == "new"
        with pytest.raises(ServiceNumberTaken) as refusal:
            uow.subscriptions.take_over(**extracted(subscription_id="44-0000000003-02"))
    assert refusal.value.facts == {"subscription_id": ACTIVE_ID}
    assert subscription_row(province.connection, "44-0000000003-02") is None


def test_a_changed_number_is_moved_and_the_old_one_is_free(province: ProvinceDatabase) -> None:
    with province.group() as uow:
        assert uow.subscriptions.take_over(**extracted(service_number="13700137000", digest=b"1")) == "changed"
        assert uow.subscriptions.find_by_number("13800138000") is None
        moved = uow.subscriptions.find_by_number("13700137000")
        # In the same group somebody else takes the freed number, and the first gets it back later.
        taker = extracted(subscription_id="44-0000000003-01", digest=b"2")
        assert uow.subscriptions.take_over(**taker) == "new"
        assert uow.subscriptions.take_over(**{**taker, "service_number": "", "digest": b"3"}) == "changed"
        assert uow.subscriptions.take_over(**extracted(digest=b"4")) == "changed"
    assert moved is not None
    assert moved.subscription_id == ACTIVE_ID
    with province.group() as uow:
        found = uow.subscriptions.find_by_number("13800138000")
        assert found is not None
        assert found.subscription_id == ACTIVE_ID
        assert uow.subscriptions.find_by_number("13700137000") is None


def test_termination_by_an_extract_gives_the_number_back(province: ProvinceDatabase) -> None:
    with province.group() as uow:
        assert uow.subscriptions.take_over(**extracted(status="terminated", status_since_us=9)) == "changed"
        assert uow.subscriptions.find_by_number("13800138000") is None
    with province.group() as uow:
        assert uow.subscriptions.find_by_number("13800138000") is None
    row = subscription_row(province.connection, ACTIVE_ID)
    assert row is not None
    assert (row.status, row.status_since_us, row.service_number) == ("terminated", 9, "13800138000")


def test_a_subscription_that_was_never_in_an_extract_takes_its_word(province: ProvinceDatabase) -> None:
    with province.group() as uow:
        first = uow.subscriptions.get(ACTIVE_ID)
        first.imported_digest = b""
        first.imported_status = ""
        uow.subscriptions.save(first)
        assert uow.subscriptions.take_over(**extracted(status="suspended", suspended_reason="lost")) == "changed"
    row = subscription_row(province.connection, ACTIVE_ID)
    assert row is not None
    assert (row.status, row.suspended_reason, row.imported_status) == ("suspended", "lost", "suspended")


def test_screens_count_and_list_by_status(province: ProvinceDatabase) -> None:
    connection = province.connection
    assert subscription_count(connection) == 3
    assert [subscription_count(connection, status) for status in ("active", "suspended", "terminated")] == [1, 1, 1]
    assert [row.subscription_id for row in find_subscriptions(connection)] == [ACTIVE_ID, SUSPENDED_ID, TERMINATED_ID]
    assert [row.subscription_id for row in find_subscriptions(connection, "suspended")] == [SUSPENDED_ID]
    assert len(find_subscriptions(connection, limit=2)) == 2
    assert len(find_subscriptions(connection, limit=10**9)) == 3
    assert subscription_row(connection, "44-nothing") is None


def test_a_list_goes_on_where_it_ended_and_can_be_of_one_customer(province: ProvinceDatabase) -> None:
    connection = province.connection
    first = list_subscriptions(connection, limit=2)
    assert [item["subscription_id"] for item in first["items"]] == [ACTIVE_ID, SUSPENDED_ID]
    rest = list_subscriptions(connection, limit=2, after=first["next"])
    assert ([item["subscription_id"] for item in rest["items"]], rest["next"]) == ([TERMINATED_ID], "")
    owner = first["items"][0]["customer_number"]
    of_one = list_subscriptions(connection, customer_number=owner)["items"]
    assert {item["customer_number"] for item in of_one} == {owner}
    assert list_subscriptions(connection, customer_number="44-nobody") == {"items": [], "next": ""}

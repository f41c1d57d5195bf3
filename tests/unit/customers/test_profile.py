"""The profile of a customer: who is shown, and to whom."""

from __future__ import annotations

import pytest

from common.errors import Refusal
from province_node.customers.commands import QueryCustomerProfile
from province_node.customers.events import CustomerProfileQueried, ProfileSubscription
from province_node.customers.handlers import query_customer_profile
from province_node.customers.queries import customer_count
from tests.support.province_uow import ProvinceDatabase
from tests.unit.customers.conftest import customer_row, load

EXTRACT = """\
customer_number,name,document_kind,document_number,contact_number,address,subscription_id,service_number,offering,status
1,张三,resident_id,11010519491231002X,13800138000,广州市人民路1号,1-1,13800138000,mobile-5g-99,active
1,张三,resident_id,11010519491231002X,13800138000,广州市人民路1号,1-2,13900139000,mobile-5g-99,terminated
2,李四,,,,,2-1,13700137000,mobile-5g-99,active
"""
PROFILE = CustomerProfileQueried(
    customer_number="44-1",
    name="张三",
    document_kind="resident_id",
    document_number="11010519491231002X",
    contact_number="13800138000",
    address="广州市人民路1号",
    subscriptions=(
        ProfileSubscription("44-1-1", "13800138000", "mobile-5g-99", "active"),
        ProfileSubscription("44-1-2", "13900139000", "mobile-5g-99", "terminated"),
    ),
)


def ask(
    database: ProvinceDatabase, customer_number: str, service_number: str, authentication: str = "SERVICE_PASSWORD"
) -> CustomerProfileQueried:
    command = QueryCustomerProfile(customer_number, service_number, authentication)
    return database.execute(query_customer_profile, command)


@pytest.mark.parametrize(
    ("customer_number", "service_number"),
    [("44-1", ""), ("", "13800138000"), ("", "+86 138 0013 8000"), ("44-1", "13800138000")],
)
def test_a_profile_is_found_by_either_number(
    province: ProvinceDatabase, customer_number: str, service_number: str
) -> None:
    load(province, EXTRACT)
    assert ask(province, customer_number, service_number) == PROFILE


@pytest.mark.parametrize(
    ("customer_number", "service_number", "code"),
    [
        ("", "", "CUSTOMER_NOT_NAMED"),
        ("44-9", "", "CUSTOMER_NOT_FOUND"),
        ("", "13600136000", "CUSTOMER_NOT_FOUND"),
        ("", "13900139000", "CUSTOMER_NOT_FOUND"),
        ("44-2", "13800138000", "CUSTOMER_NOT_FOUND"),
        ("44-9", "13800138000", "CUSTOMER_NOT_FOUND"),
    ],
)
def test_a_profile_is_refused_where_the_numbers_name_nobody(
    province: ProvinceDatabase, customer_number: str, service_number: str, code: str
) -> None:
    load(province, EXTRACT)
    with pytest.raises(Refusal) as refusal:
        ask(province, customer_number, service_number)
    assert refusal.value.code == code
    assert refusal.value.text("zh") != refusal.value.text("en")


@pytest.mark.parametrize("customer_number", ["44-1", "44-9"])
def test_without_the_service_password_nothing_is_learnt(province: ProvinceDatabase, customer_number: str) -> None:
    load(province, EXTRACT)
    with pytest.raises(Refusal) as refusal:
        ask(province, customer_number, "", "DOCUMENT_CHECK")
    assert refusal.value.code == "CUSTOMER_NOT_AUTHENTICATED"


def test_personal_data_does_not_get_into_logs_by_way_of_repr() -> None:
    assert repr(PROFILE) == "CustomerProfileQueried(customer_number='44-1')"


def test_screens_read_a_customer_and_the_count(province: ProvinceDatabase) -> None:
    load(province, EXTRACT)
    assert customer_count(province.connection) == 2
    row = customer_row(province.connection, "44-1")
    assert row is not None
    assert (row.name, row.import_reference) == ("张三", "1")
    assert customer_row(province.connection, "44-9") is None

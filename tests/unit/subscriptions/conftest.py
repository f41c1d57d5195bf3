"""A province with two subscriptions of one customer and one of another."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from province_node.customers.commands import CustomerRecord, ImportCustomers, SubscriptionRecord
from province_node.customers.handlers import import_customers
from tests.support.province_uow import ProvinceDatabase
from tests.support.stores import Databases

ACTIVE_ID, SUSPENDED_ID, TERMINATED_ID = "44-0000000001-01", "44-0000000001-02", "44-0000000002-01"


@pytest.fixture
def province(databases: Databases) -> Iterator[ProvinceDatabase]:
    database = ProvinceDatabase(databases)
    rows = (
        _row(2, "44-0000000001", SubscriptionRecord(ACTIVE_ID, "13800138000", "mobile-5g-99", "active")),
        _row(3, "44-0000000001", SubscriptionRecord(SUSPENDED_ID, "02083330000", "fixed-line", "suspended", 7, "欠费")),
        _row(4, "44-0000000002", SubscriptionRecord(TERMINATED_ID, "13900139000", "mobile-5g-99", "terminated")),
    )
    assert database.execute(import_customers, ImportCustomers(rows)).imported == 3
    yield database
    database.close()


def _row(line: int, customer_number: str, subscription: SubscriptionRecord) -> CustomerRecord:
    return CustomerRecord(line, customer_number, "individual", "张三", subscription=subscription)

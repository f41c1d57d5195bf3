"""A city is a full scope: whoever may see its customers sees those and no others, in lists and one by one (FED-09)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from common.access_control.actor import Actor, ActorKind
from common.access_control.rights import Permission, Rights, Scope
from common.operators.commands import CreateRole
from province_node.customers.commands import (
    CustomerRecord,
    EraseCustomer,
    ExportCustomer,
    ImportCustomers,
    RevealCustomer,
    ShowCustomer,
    SubscriptionRecord,
)
from province_node.customers.model import CustomerNotFound
from province_node.customers.repository import CUSTOMERS
from tests.support.access import CITY, HALL, OTHER, AccessNode
from tests.support.stores import Databases

CUSTOMERS_ADDRESS = "/tmf-api/customerManagement/v4/customer"
PRODUCTS_ADDRESS = "/tmf-api/productInventory/v4/product"
OF_CITIES = {"31-1": CITY, "31-2": CITY, "31-3": OTHER, "31-4": ""}
NAMED = [
    ShowCustomer("31-3"),
    RevealCustomer("31-3", (), "dispute"),
    ExportCustomer("31-3"),
    EraseCustomer("31-3", "asked for", 0),
]


@pytest.fixture(scope="module")
def node(lasting_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccessNode]:
    made = AccessNode(lasting_databases, tmp_path_factory.mktemp("node"))
    made.plant_organisations()
    made.run(
        CreateRole(
            "city-clerk",
            "City clerk",
            {"customer:read": "BELOW", "subscription:read": "BELOW"},
            {"customer": {"*": "VISIBLE"}},
        )
    )
    records = [
        CustomerRecord(
            line,
            number,
            "person",
            number,
            city_code=city,
            subscription=SubscriptionRecord(f"{number}-01", f"1380013800{line}", "5g-129", "active"),
        )
        for line, (number, city) in enumerate(OF_CITIES.items(), start=1)
    ]
    made.run(ImportCustomers(tuple(records)))
    yield made
    made.close()


@pytest.fixture
def clerks(node: AccessNode) -> AccessNode:
    node.empty()
    return node


def acting_in(organisation: str, scope: Scope) -> Actor:
    actions = ("read", "reveal", "export", "erase")
    rights = Rights({Permission("customer", action): scope for action in actions})
    return Actor(ActorKind.OPERATOR, "clerk", organisation, rights=rights)


async def seen(client: httpx.AsyncClient, address: str = CUSTOMERS_ADDRESS, **parameters: str) -> list[str]:
    answer = await client.get(address, params=parameters)
    assert answer.status_code in (200, 206), answer.text
    found = [customer["id"] for customer in answer.json()]
    assert int(answer.headers["X-Total-Count"]) == len(found)
    return found


async def test_lists_hold_the_customers_of_the_city_in_which_somebody_acts(clerks: AccessNode) -> None:
    first = await clerks.signed_in("first", "city-clerk", CITY)
    second = await clerks.signed_in("second", "city-clerk", OTHER)
    whole = await clerks.signed_in("whole", "city-clerk", "31")
    assert (await seen(first), await seen(second)) == (["31-1", "31-2"], ["31-3"])
    assert await seen(first, sort="-id") == ["31-2", "31-1"]
    assert await seen(first, cityCode=OTHER) == []
    assert await seen(whole) == list(OF_CITIES)
    assert (await first.get(f"{CUSTOMERS_ADDRESS}/31-1")).status_code == 200
    for number in ("31-3", "31-4", "31-9"):
        refused = await first.get(f"{CUSTOMERS_ADDRESS}/{number}")
        assert (refused.status_code, refused.json()["code"]) == (404, "RESOURCE_NOT_FOUND")
    streamed = await first.get(CUSTOMERS_ADDRESS, headers={"Accept": "text/csv"})
    assert "31-2" in streamed.text
    assert "31-3" not in streamed.text


async def test_subscriptions_are_those_of_the_city_s_customers(clerks: AccessNode) -> None:
    first = await clerks.signed_in("first", "city-clerk", CITY)
    second = await clerks.signed_in("second", "city-clerk", OTHER)
    hall = await clerks.signed_in("hall", "city-clerk", HALL)
    whole = await clerks.signed_in("whole", "city-clerk", "31")
    assert await seen(first, PRODUCTS_ADDRESS) == ["31-1-01", "31-2-01"]
    assert await seen(second, PRODUCTS_ADDRESS) == ["31-3-01"]
    assert await seen(hall, PRODUCTS_ADDRESS) == []
    assert await seen(whole, PRODUCTS_ADDRESS) == [f"{number}-01" for number in OF_CITIES]
    assert await seen(first, PRODUCTS_ADDRESS, sort="-id", status="active") == ["31-2-01", "31-1-01"]
    assert (await first.get(f"{PRODUCTS_ADDRESS}/31-2-01")).status_code == 200
    for subscription in ("31-3-01", "31-4-01"):
        refused = await first.get(f"{PRODUCTS_ADDRESS}/{subscription}")
        assert (refused.status_code, refused.json()["code"]) == (404, "RESOURCE_NOT_FOUND")
    part = await first.get(PRODUCTS_ADDRESS, params={"limit": "1", "offset": "1"})
    assert (part.status_code, part.headers["X-Total-Count"]) == (206, "2")
    assert [product["id"] for product in part.json()] == ["31-2-01"]
    streamed = await second.get(PRODUCTS_ADDRESS, headers={"Accept": "text/csv"})
    assert "31-3-01" in streamed.text
    assert "31-1-01" not in streamed.text


async def test_below_the_city_no_customers_are_kept_apart(clerks: AccessNode) -> None:
    """A record names its city, and nothing narrower."""
    assert await seen(await clerks.signed_in("hall", "city-clerk", HALL)) == []


@pytest.mark.parametrize("command", NAMED, ids=lambda command: type(command).__name__)
@pytest.mark.parametrize("scope", [Scope.BELOW, Scope.ORGANISATION, Scope.TEAM, Scope.OWN])
def test_of_another_city_there_is_no_customer(node: AccessNode, command: Any, scope: Scope) -> None:
    with pytest.raises(CustomerNotFound):
        node.run(command, acting_in(CITY, scope))
    named = sa.select(CUSTOMERS.c.erased_at_us).where(CUSTOMERS.c.customer_number == "31-3")
    assert node.node.reads.now(lambda connection: connection.execute(named).scalar_one()) == 0


def test_of_ones_own_city_there_is(node: AccessNode) -> None:
    for scope in (Scope.BELOW, Scope.ORGANISATION):
        assert node.run(ShowCustomer("31-1"), acting_in(CITY, scope))["customer_number"] == "31-1"
        assert node.run(ExportCustomer("31-1"), acting_in(CITY, scope)).customer["customer_number"] == "31-1"
        assert "address" in node.run(RevealCustomer("31-1", ("address",), "dispute"), acting_in(CITY, scope))
    assert node.run(ShowCustomer("31-4"), acting_in("31", Scope.PROVINCE))["customer_number"] == "31-4"
    with pytest.raises(CustomerNotFound):
        node.run(ShowCustomer("31-4"), acting_in(CITY, Scope.BELOW))

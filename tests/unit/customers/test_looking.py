"""Looking at personal data: masked or in full, for a reason, within a limit, never without a trace (SYS-01, SYS-03)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from common.access_control.actor import Actor, ActorKind, local_actor
from common.access_control.rights import EVERYTHING, NotPermitted
from common.audit.queries import Sought, search
from common.errors import Refusal
from common.messaging.dispatcher import CommandWork
from common.operators.built_in import PERSONAL_FIELDS
from common.parameters.commands import SetParameter
from common.personal_data.parameters import REVEALS_AN_HOUR_MAX
from common.personal_data.revealing import RevealedTooOften, RevealReasonMissing
from common.program.inline_writer import InlineWriter
from common.rest.access import ALWAYS_SHOWN
from province_node.customers.commands import (
    CustomerRecord,
    EraseCustomer,
    ImportCustomers,
    NoteCustomerSearch,
    RevealCustomer,
    ShowCustomer,
)
from province_node.customers.looking import RevealFieldUnknown
from province_node.customers.model import CustomerErased, CustomerNotFound
from province_node.customers.queries import ROWS_MAX
from province_node.customers.rest import CUSTOMER
from province_node.customers.wire import MASKS
from tests.support.federation import Federation
from tests.support.stores import Databases

OWNER = local_actor("root")
CLERK = Actor(ActorKind.OPERATOR, "clerk", "31", rights=EVERYTHING)
OTHER = Actor(ActorKind.OPERATOR, "other", "31", rights=EVERYTHING)
CONTACT = "13800138000"
HOUR_US = 3_600_000_000


class Counter:
    """A province's core with one customer."""

    def __init__(self, databases: Databases) -> None:
        self.federation = Federation(databases)
        self.core = self.federation.cores["31"]
        record = CustomerRecord(
            1,
            "31-1",
            "person",
            "张三",
            "resident_id",
            "11010519491231002X",
            CONTACT,
            "上海市黄浦区金丝雀路8号",
            "310100",
        )
        self.run(ImportCustomers((record,)))

    def run(self, command: Any, actor: Actor = CLERK) -> Any:
        return InlineWriter(self.core.dispatcher).run(command, actor)

    def logged(self, action: str) -> list[dict[str, Any]]:
        try:
            return list(search(self.core.connection, Sought(resource="customer", action=action))["items"])
        finally:
            self.core.connection.rollback()

    def limit(self, most: int) -> None:
        self.run(SetParameter(REVEALS_AN_HOUR_MAX.name, most, "fewer"), OWNER)


@pytest.fixture
def counter(databases: Databases) -> Iterator[Counter]:
    counter = Counter(databases)
    yield counter
    counter.federation.close()


def test_who_is_shown_is_masked_and_the_look_is_in_the_log(counter: Counter) -> None:
    shown = counter.run(ShowCustomer("31-1"))
    assert (shown["name"], shown["contact_number"]) == ("张三", "138****8000")
    (entry,) = counter.logged("read")
    assert (entry["actor"], entry["record"], entry["customer"], entry["outcome"]) == ("clerk", "31-1", "31-1", "DONE")


def test_masks_are_lifted_for_a_reason_field_by_field(counter: Counter) -> None:
    assert counter.run(RevealCustomer("31-1", ("contact_number",), "call back")) == {"contact_number": CONTACT}
    assert set(counter.run(RevealCustomer("31-1", (), "dispute"))) == {"document_number", "contact_number", "address"}
    last, first = counter.logged("reveal")
    assert (first["reason"], json.loads(first["details"])["after"]) == ("call back", {"revealed": ["contact_number"]})
    assert last["reason"] == "dispute"
    assert CONTACT not in str(counter.logged("reveal"))


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (RevealCustomer("31-1", (), ""), RevealReasonMissing),
        (RevealCustomer("31-1", (), "line\nbreak"), RevealReasonMissing),
        (RevealCustomer("31-1", (), "x" * 201), RevealReasonMissing),
        (RevealCustomer("31-1", ("name",), "why not"), RevealFieldUnknown),
        (RevealCustomer("31-1", ("__class__",), "why not"), RevealFieldUnknown),
        (RevealCustomer("31-2", (), "why not"), CustomerNotFound),
    ],
)
def test_a_look_that_cannot_be_is_refused_and_in_the_log(
    counter: Counter, command: RevealCustomer, refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        counter.run(command)
    assert [entry["outcome"] for entry in counter.logged("reveal")] == [refusal.code]


def test_nobody_collects_more_than_the_limit_of_an_hour(counter: Counter) -> None:
    counter.limit(2)
    for _ in range(2):
        counter.run(RevealCustomer("31-1", (), "call back"))
    with pytest.raises(RevealedTooOften):
        counter.run(RevealCustomer("31-1", (), "call back"))
    counter.run(RevealCustomer("31-1", (), "call back"), OTHER)
    counter.federation.clock.at_us += HOUR_US + 1
    counter.run(RevealCustomer("31-1", (), "call back"))


def test_many_at_once_are_counted_as_well(counter: Counter) -> None:
    """They share one transaction, whose entries of the log are written at its end."""
    counter.limit(2)
    outcomes: list[Any] = []
    works = [
        CommandWork(RevealCustomer("31-1", (), "all"), lambda result, error: outcomes.append(error), actor=CLERK)
        for _ in range(5)
    ]
    counter.core.dispatcher.run_group(works, ())
    assert [type(error) for error in outcomes] == [type(None)] * 2 + [RevealedTooOften] * 3


def test_who_has_looked_at_a_customer_is_found_by_the_number_searches_among_them(counter: Counter) -> None:
    counter.run(NoteCustomerSearch("address", "310100", tuple(f"31-{number}" for number in (1, 7, 12))))
    counter.run(NoteCustomerSearch("contact", "", ("31-12",)))
    counter.run(ShowCustomer("31-1"))

    def actions(number: str) -> list[str]:
        try:
            found = search(counter.core.connection, Sought(customer=number))["items"]
            return [entry["action"] for entry in found]
        finally:
            counter.core.connection.rollback()

    assert actions("31-1") == ["read", "search"]
    assert actions("31-12") == ["search", "search"]
    counter.run(NoteCustomerSearch("address", "310100", tuple(f"31-{number}" for number in range(100, 100 + ROWS_MAX))))
    assert actions(f"31-{99 + ROWS_MAX}") == ["search"]
    assert actions("31-2") == actions("31-%") == []


def test_what_was_looked_for_is_not_in_the_log_but_whom_it_led_to(counter: Counter) -> None:
    counter.run(NoteCustomerSearch("contact", "", ("31-1",)))
    (entry,) = counter.logged("search")
    assert json.loads(entry["details"])["after"] == {"by": "contact", "city_code": "", "count": 1, "found": ["31-1"]}


def test_who_has_no_right_sees_nothing_and_that_is_in_the_log(counter: Counter) -> None:
    nobody = Actor(ActorKind.OPERATOR, "nobody", "31")
    for command in (ShowCustomer("31-1"), RevealCustomer("31-1", (), "curious")):
        with pytest.raises(NotPermitted):
            counter.run(command, nobody)
    assert [entry["outcome"] for entry in counter.logged("reveal")] == [NotPermitted.code]


def test_of_whom_was_erased_nothing_is_shown(counter: Counter) -> None:
    counter.run(EraseCustomer("31-1", "asked for", 0), local_actor("root"))
    for command in (ShowCustomer("31-1"), RevealCustomer("31-1", (), "curious")):
        with pytest.raises(CustomerErased):
            counter.run(command)


def test_headquarters_knows_every_field_that_is_shown_of_a_customer(counter: Counter) -> None:
    """It may limit any of them, and refuses names that are none."""
    over_rest = {CUSTOMER.field_of(name.partition(".")[0]) for name in CUSTOMER.by_name} - ALWAYS_SHOWN
    on_screens = counter.run(ShowCustomer("31-1")).keys() - {"customer_number"}
    to_provinces = {path.partition(".")[0] for path in MASKS}
    assert over_rest | on_screens | to_provinces == PERSONAL_FIELDS["customer"]

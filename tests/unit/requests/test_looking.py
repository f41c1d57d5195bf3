"""A customer away from home: what the home province tells is masked where it is read, shown in full for a reason, and
in the audit log at both ends (SYS-01, SYS-03)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from common.access_control.actor import Actor, ActorKind, local_actor
from common.access_control.rights import EVERYTHING, NotPermitted, Permission, Rights, Scope
from common.audit.queries import Sought, search
from common.errors import Refusal
from common.gen.quanwang.customers.v1 import profile_pb2
from common.ids import format_id
from common.parameters.commands import SetParameter
from common.personal_data.parameters import REVEALS_AN_HOUR_MAX
from common.personal_data.revealing import RevealedTooOften, RevealReasonMissing
from common.program.inline_writer import InlineWriter
from common.requests.commands import ActingFor, RevealAnswer, SubmitServiceRequest
from common.requests.looking import NothingToReveal, SeveralAnswers
from common.requests.model import RequestNotFound
from common.requests.queries import show_request
from common.requests.registry import request_kind
from province_node.customers.commands import CustomerRecord, ImportCustomers, SubscriptionRecord
from tests.support.federation import GUANGDONG, SHANGHAI, ZHEJIANG, Federation
from tests.support.stores import Databases

OWNER = local_actor("root")
CLERK = Actor(ActorKind.OPERATOR, "li.na", SHANGHAI, rights=EVERYTHING)
NUMBER, DOCUMENT = "13800138000", "11010519491231002X"
NAMES = {GUANGDONG: "陈大文", ZHEJIANG: "沈小雨"}


class Counter:
    """A counter in Shanghai, where customers of Guangdong and Zhejiang come."""

    def __init__(self, databases: Databases) -> None:
        self.federation = Federation(databases)
        self.federation.connect()
        for node, name in NAMES.items():
            subscription = SubscriptionRecord(f"{node}-1-1", NUMBER, "mobile-5g-99", "active")
            record = CustomerRecord(
                1,
                f"{node}-1",
                "individual",
                name,
                "resident_id",
                DOCUMENT,
                NUMBER,
                "某街道金丝雀路8号",
                subscription=subscription,
            )
            InlineWriter(self.federation.cores[node].dispatcher).run(ImportCustomers((record,)), OWNER)

    def run(self, command: Any, actor: Actor = CLERK) -> Any:
        return InlineWriter(self.federation.cores[SHANGHAI].dispatcher).run(command, actor)

    def ask(self, *homes: str, number: str = NUMBER, authentication: str = "SERVICE_PASSWORD") -> bytes:
        kind = self.federation.cores[SHANGHAI].context.kinds.asked_as("query-customer-profile")
        body, private = kind.encode_request({"service_number": number})
        acting = ActingFor("li.na", "310101-hall", "counter", authentication)
        wish = SubmitServiceRequest(kind.name, homes, body=body, private=private, acting=acting)
        request_id: bytes = self.federation.execute(SHANGHAI, wish).request_id
        self.federation.run()
        return request_id

    def shown(self, request_id: bytes) -> list[dict[str, Any]]:
        core = self.federation.cores[SHANGHAI]
        try:
            return list(show_request(core.connection, core.context, request_id)["legs"])
        finally:
            core.connection.rollback()

    def log(self, node: str, action: str, customer: str = "") -> list[dict[str, Any]]:
        connection = self.federation.cores[node].connection
        try:
            return list(search(connection, Sought(resource="customer", action=action, customer=customer))["items"])
        finally:
            connection.rollback()


@pytest.fixture
def counter(databases: Databases) -> Iterator[Counter]:
    counter = Counter(databases)
    yield counter
    counter.federation.close()


def test_what_the_home_province_tells_is_masked_where_it_is_read(counter: Counter) -> None:
    (leg,) = counter.shown(counter.ask(GUANGDONG))
    answer = leg["answer"]
    assert leg["answer_masked"]
    assert (answer["customer_number"], answer["name"]) == ("44-1", "陈**")
    assert (answer["contact_number"], answer["document_number"]) == ("138****8000", "1101**********002X")
    (held,) = answer["subscriptions"]
    assert (held["service_number"], held["offering"]) == ("138****8000", "mobile-5g-99")
    assert not any(secret in json.dumps(leg, ensure_ascii=False) for secret in (NUMBER, DOCUMENT, "陈大文", "金丝雀"))


def test_masks_are_lifted_for_a_reason_and_the_look_is_in_the_log(counter: Counter) -> None:
    request_id = counter.ask(GUANGDONG)
    revealed = counter.run(RevealAnswer(request_id, "bill in dispute"))
    assert revealed["destination"] == GUANGDONG
    assert (revealed["answer"]["name"], revealed["answer"]["document_number"]) == ("陈大文", DOCUMENT)
    (entry,) = counter.log(SHANGHAI, "reveal", customer="44-1")
    assert (entry["actor"], entry["record"], entry["reason"]) == ("li.na", format_id(request_id), "bill in dispute")
    assert not any(secret in str(entry) for secret in (NUMBER, DOCUMENT, "陈大文"))


def test_home_notes_whom_it_told_about_its_customer(counter: Counter) -> None:
    request_id = counter.ask(GUANGDONG)
    (entry,) = counter.log(GUANGDONG, "read", customer="44-1")
    who = {
        name: entry[name] for name in ("actor_kind", "actor", "organisation", "channel", "address", "record", "outcome")
    }
    assert who == {
        "actor_kind": "peer",
        "actor": "li.na",
        "organisation": "310101-hall",
        "channel": "counter",
        "address": SHANGHAI,
        "record": format_id(request_id),
        "outcome": "DONE",
    }


def test_home_notes_whom_it_refused(counter: Counter) -> None:
    counter.ask(GUANGDONG, authentication="NONE")
    counter.ask(GUANGDONG, number="13900139000")
    outcomes = [(entry["outcome"], entry["customer"]) for entry in counter.log(GUANGDONG, "read")]
    assert outcomes == [("CUSTOMER_NOT_FOUND", ""), ("CUSTOMER_NOT_AUTHENTICATED", "")]


def test_what_tells_nothing_personal_is_no_reading(counter: Counter) -> None:
    wish = SubmitServiceRequest("query-node-status", (GUANGDONG,))
    request_id = counter.federation.execute(SHANGHAI, wish).request_id
    counter.federation.run()
    (leg,) = counter.shown(request_id)
    assert (leg["state"], leg["answer_masked"]) == ("completed", False)
    assert counter.log(GUANGDONG, "read") == []
    with pytest.raises(NothingToReveal):
        counter.run(RevealAnswer(request_id, "to see"))


def test_one_answer_is_looked_at_at_a_time(counter: Counter) -> None:
    request_id = counter.ask(GUANGDONG, ZHEJIANG)
    with pytest.raises(SeveralAnswers):
        counter.run(RevealAnswer(request_id, "dispute"))
    assert counter.run(RevealAnswer(request_id, "dispute", ZHEJIANG))["answer"]["name"] == NAMES[ZHEJIANG]


def test_a_look_that_cannot_be_is_refused_and_in_the_log(counter: Counter) -> None:
    request_id = counter.ask(GUANGDONG)
    refusals: dict[type[Refusal], RevealAnswer] = {
        RevealReasonMissing: RevealAnswer(request_id, " "),
        RequestNotFound: RevealAnswer(b"?" * 16, "why not"),
        NothingToReveal: RevealAnswer(request_id, "why not", ZHEJIANG),
    }
    for refusal, command in refusals.items():
        with pytest.raises(refusal):
            counter.run(command)
    assert {entry["outcome"] for entry in counter.log(SHANGHAI, "reveal")} == {each.code for each in refusals}


def test_looks_are_counted_with_those_at_own_customers(counter: Counter) -> None:
    counter.run(SetParameter(REVEALS_AN_HOUR_MAX.name, 1, "fewer"), OWNER)
    request_id = counter.ask(GUANGDONG)
    counter.run(RevealAnswer(request_id, "dispute"))
    with pytest.raises(RevealedTooOften):
        counter.run(RevealAnswer(request_id, "dispute"))


def test_nobody_sees_in_full_what_a_colleague_asked_unless_their_scope_reaches_it(counter: Counter) -> None:
    request_id = counter.ask(GUANGDONG)
    reveal = Permission("customer", "reveal")
    elsewhere = Actor(ActorKind.OPERATOR, "wang", "310115", rights=Rights({reveal: Scope.ORGANISATION}))
    with pytest.raises(RequestNotFound):
        counter.run(RevealAnswer(request_id, "dispute"), elsewhere)
    nobody = Actor(ActorKind.OPERATOR, "wang", "310101-hall", rights=Rights({}))
    with pytest.raises(NotPermitted):
        counter.run(RevealAnswer(request_id, "dispute"), nobody)
    colleague = Actor(ActorKind.OPERATOR, "wang", "310101-hall", rights=Rights({reveal: Scope.ORGANISATION}))
    assert counter.run(RevealAnswer(request_id, "dispute"), colleague)["answer"]["name"] == "陈大文"


def test_a_kind_whose_private_answer_has_a_field_without_a_mask_is_none() -> None:
    assert profile_pb2.QueryCustomerProfilePrivateResponse.DESCRIPTOR.fields
    with pytest.raises(LookupError, match="document_number"):
        request_kind("quanwang.customers.v1.QueryCustomerProfile", masks={"name": str})

"""Reading of personal data over the REST interface: who was shown what of whom in the clear, noted before it is
shown, once a page (SYS-03)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from common.access_control.rights import FieldRight, Permission, Rights, Scope
from common.audit.queries import Sought, search
from common.audit.repository import audit_log
from common.personal_data.masking import mask_name
from common.program.inline_writer import InlineWriter
from common.rest.access import ByRights
from common.rest.app import build_api
from common.rest.attributes import Attribute
from common.rest.commands import NoteLook
from common.rest.repository import rest_answers
from common.rest.resource import Api, EventKind, Resource
from province_node.customers.commands import CustomerRecord, ImportCustomers
from province_node.customers.permissions import READ
from province_node.customers.repository import CUSTOMERS
from province_node.customers.rest import CUSTOMER_API
from tests.support.rest import ADDRESS, NOTE, READING, RIGHTS, RestNode, WriteNote, named_by_header
from tests.support.stores import Databases

V, M = FieldRight.VISIBLE, FieldRight.MASKED
CUSTOMER_ADDRESS = "/tmf-api/customerManagement/v4/customer"

PERSONAL_NOTE = replace(
    NOTE,
    attributes=tuple(
        replace(each, personal=True, filterable=False, sortable=False, mask=mask_name) if each.path == "title" else each
        for each in NOTE.attributes
    ),
    customer="relatedParty[].id",
)
API = Api("noteManagement", "/tmf-api/noteManagement/v4", "Notes", (PERSONAL_NOTE,))

SeenBy = Callable[..., httpx.AsyncClient]


@pytest.fixture(scope="module")
def running(lasting_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestNode]:
    node = RestNode(lasting_databases, lambda _node: (API,), tmp_path_factory.mktemp("node"))
    yield node
    node.close()


@pytest.fixture
def node(running: RestNode) -> RestNode:
    running.empty()
    for table in (audit_log, CUSTOMERS):
        running.core.connection.execute(sa.delete(table))
    running.core.connection.commit()
    running.app = build_api(running.node, (API, CUSTOMER_API), ByRights("31"), named_by_header)
    return running


@pytest.fixture
def seen_by(node: RestNode, monkeypatch: pytest.MonkeyPatch) -> SeenBy:
    def client(title: FieldRight) -> httpx.AsyncClient:
        given = {Permission("note", action): Scope.PROVINCE for action in ("read", "write", "change")}
        given[READ] = Scope.PROVINCE
        rights = Rights(
            given, fields={"note": {"*": FieldRight.EDITABLE, "title": title}, "customer": {"*": V, "name": title}}
        )
        monkeypatch.setitem(RIGHTS, "looker", rights)
        return node.client("looker")

    return client


def write(node: RestNode, *owners: str) -> None:
    for owner in owners:
        InlineWriter(node.core.dispatcher).run(WriteNote("secret", "red", 1, False, (), owner))


def looks(node: RestNode, customer: str = "") -> list[dict[str, Any]]:
    try:
        found = search(node.core.connection, Sought(resource="customer", action="read", customer=customer))["items"]
        return [entry | {"read": json.loads(entry["details"])["read"]} for entry in found]
    finally:
        node.core.connection.rollback()


async def test_a_page_in_the_clear_is_one_entry_that_names_all_whom_it_shows(node: RestNode, seen_by: SeenBy) -> None:
    write(node, *(f"31-{number}" for number in range(60)), "31-1")
    page = await seen_by(V).get(ADDRESS, params={"sort": "relatedParty.id"}, headers={"Reason": "%E6%A0%B8"})
    shown = {note["relatedParty"][0]["id"] for note in page.json()}
    assert page.json()[0]["title"] == "secret"
    (entry,) = looks(node)
    assert (entry["actor_kind"], entry["actor"], entry["outcome"], entry["reason"]) == (
        "operator",
        "looker",
        "DONE",
        "核",
    )
    assert (entry["read"]["of"], entry["read"]["fields"], entry["read"]["count"]) == ("note", ["title"], 50)
    assert set(entry["read"]["customers"]) == shown
    assert len(shown) == 49
    assert "secret" not in str(entry)
    assert [found["number"] for found in looks(node, customer="31-1")] == [entry["number"]]
    assert looks(node, customer="31-9") == []


async def test_one_resource_in_the_clear_is_an_entry_about_its_customer(node: RestNode, seen_by: SeenBy) -> None:
    write(node, "31-7")
    client = seen_by(V)
    href = (await client.get(ADDRESS, params={"fields": "none"})).json()[0]["href"]
    assert looks(node) == []
    etag = (await client.get(href)).headers["etag"]
    (entry,) = looks(node, customer="31-7")
    assert (entry["record"], entry["customer"]) == ("31-7", "31-7")
    assert entry["read"] == {"of": "note", "fields": ["title"], "count": 1}
    assert (await client.get(href, headers={"If-None-Match": etag})).status_code == 304
    assert len(looks(node)) == 1


async def test_what_is_masked_or_left_out_needs_no_entry(node: RestNode, seen_by: SeenBy) -> None:
    write(node, "31-7")
    masked = await seen_by(M).get(ADDRESS)
    assert masked.json()[0]["title"] == "s**"
    for accept in ("application/x-ndjson", "text/csv"):
        assert "s**" in (await seen_by(M).get(ADDRESS, headers={"Accept": accept})).text
    without = await seen_by(V).get(ADDRESS, params={"fields": "colour"})
    assert without.json()[0]["colour"] == "red"
    assert looks(node) == []


async def test_each_slice_of_a_stream_is_one_entry(node: RestNode, seen_by: SeenBy) -> None:
    write(node, *(f"31-{number}" for number in range(3)))
    for accept in ("application/x-ndjson", "text/csv"):
        assert "secret" in (await seen_by(V).get(ADDRESS, headers={"Accept": accept})).text
    assert [entry["read"]["count"] for entry in looks(node)] == [3, 3]


async def test_what_a_change_answers_in_the_clear_is_noted_with_it(node: RestNode, seen_by: SeenBy) -> None:
    client = seen_by(V)
    created = await client.post(ADDRESS, json={"title": "secret"}, headers={"Idempotency-Key": "k"})
    assert created.status_code == 201
    (entry,) = looks(node)
    assert entry["customer"] == "looker"
    again = await client.post(ADDRESS, json={"title": "secret"}, headers={"Idempotency-Key": "k"})
    assert (again.headers["idempotent-replayed"], "title" in again.json()) == ("true", False)
    assert again.json() == {name: value for name, value in created.json().items() if name != "title"}
    kept = node.core.connection.execute(sa.select(rest_answers.c.body)).scalar_one()
    node.core.connection.rollback()
    assert b"secret" not in kept
    assert len(looks(node)) == 1
    changed = await client.patch(
        created.headers["location"], json={"colour": "blue"}, headers={"If-Match": created.headers["etag"]}
    )
    assert changed.json()["title"] == "secret"
    assert len(looks(node)) == 2


@pytest.mark.parametrize("reason", ["x" * 513, "a%0Ab", "%FF", "%00"])
@pytest.mark.parametrize("accept", ["application/json", "text/csv"])
async def test_a_reason_that_is_no_text_is_refused_and_nothing_shown(
    node: RestNode, seen_by: SeenBy, reason: str, accept: str
) -> None:
    write(node, "31-7")
    refused = await seen_by(V).get(ADDRESS, headers={"Reason": reason, "Accept": accept})
    assert (refused.status_code, refused.json()["code"]) == (400, "REASON_HEADER_UNFIT")
    assert "secret" not in refused.text
    assert looks(node) == []


async def test_nothing_is_shown_that_could_not_be_noted(
    node: RestNode, seen_by: SeenBy, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(node, "31-7")

    async def full(command: Any, bulk: bool = False, actor: Any = None) -> Any:
        assert isinstance(command, NoteLook)
        raise OSError("no space left")

    monkeypatch.setattr(node.node.writer, "execute", full)
    refused = await seen_by(V).get(ADDRESS)
    assert refused.status_code == 500
    assert "secret" not in refused.text


async def test_a_customer_is_named_in_the_clear_or_masked_as_roles_say(node: RestNode, seen_by: SeenBy) -> None:
    records = tuple(CustomerRecord(n, f"31-{n}", "person", name) for n, name in ((1, "张三"), (2, "李四")))
    InlineWriter(node.core.dispatcher).run(ImportCustomers(records))
    assert [each["name"] for each in (await seen_by(M).get(CUSTOMER_ADDRESS)).json()] == ["张**", "李**"]
    assert looks(node) == []
    assert [each["name"] for each in (await seen_by(V).get(CUSTOMER_ADDRESS)).json()] == ["张三", "李四"]
    (entry,) = looks(node, customer="31-2")
    assert entry["read"] == {"of": "customer", "fields": ["name"], "count": 2, "customers": ["31-1", "31-2"]}
    assert (await seen_by(V).get(CUSTOMER_ADDRESS, params={"name": "张三"})).status_code == 400


def test_personal_data_cannot_be_declared_for_addresses_or_events() -> None:
    with pytest.raises(AssertionError, match="in an address"):
        Attribute("title", NOTE.key.column, personal=True)
    event = EventKind("NoteEvent", PERSONAL_NOTE.name, WriteNote, lambda written: written)
    with pytest.raises(AssertionError, match="what events tell"):
        Api("noteManagement", "/notes", "Notes", (PERSONAL_NOTE,), (event,))
    assert PERSONAL_NOTE.personal
    assert not Resource("note", READING, NOTE.table, NOTE.key).personal


async def test_a_look_that_is_refused_is_noted_with_whom_it_was_about(
    node: RestNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RIGHTS, "nosy", Rights({}))
    client = node.client("nosy")
    for address in (CUSTOMER_ADDRESS, f"{CUSTOMER_ADDRESS}/31-7"):
        assert (await client.get(address)).status_code == 403
    try:
        found = search(node.core.connection, Sought(resource="customer", outcome="NOT_PERMITTED"))["items"]
    finally:
        node.core.connection.rollback()
    assert [(entry["actor"], entry["record"], entry["customer"]) for entry in found] == [
        ("nosy", "31-7", "31-7"),
        ("nosy", "", ""),
    ]

"""Administering over HTTP: operators, roles, teams, tokens, sessions, organisations; and how far each reaches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from common.operators.commands import CreateRole
from common.organisations.queries import list_organisations
from tests.support.access import CITY, HALL, OTHER, PASSWORD, SIGN_IN_ADDRESS, AccessNode, sign_in
from tests.support.stores import Databases

OPERATORS = f"{SIGN_IN_ADDRESS}/operator"
TOKENS = f"{SIGN_IN_ADDRESS}/apiToken"
SESSIONS = f"{SIGN_IN_ADDRESS}/session"
ORGANIZATIONS = "/tmf-api/party/v4/organization"
OPERATOR_ACTIONS = ("read", "create", "change", "lock", "reset-password")
CITY_ADMIN = {
    **{f"operator:{action}": "BELOW" for action in OPERATOR_ACTIONS},
    **dict.fromkeys(("session:read", "session:end", "api-token:read", "api-token:issue", "organisation:read"), "BELOW"),
}


@pytest.fixture(scope="module")
def running(lasting_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccessNode]:
    made = AccessNode(lasting_databases, tmp_path_factory.mktemp("node"))
    made.plant_organisations()
    made.run(CreateRole("city-admin", "City administrator", CITY_ADMIN))
    yield made
    made.close()


@pytest.fixture
def node(running: AccessNode) -> AccessNode:
    running.empty()
    return running


async def create(client: httpx.AsyncClient, operator: str = "li.na", home: str = HALL, role: str = "dealer") -> None:
    post = [{"role": role, "organisationId": home}]
    body = {"id": operator, "name": "李娜", "organisationId": home, "post": post}
    made = await client.post(OPERATORS, json=body)
    assert made.status_code == 201, made.text
    assert made.json()["post"] == post


async def test_an_operator_is_created_let_in_changed_and_locked(node: AccessNode) -> None:
    chief = await node.signed_in("chief", "administrator")
    await create(chief)
    reset = await chief.post(f"{SIGN_IN_ADDRESS}/resetPassword", json={"operator": "li.na"})
    assert (await sign_in(node.client(), "li.na", reset.json()["oneTimePassword"])).status_code == 200
    address = f"{OPERATORS}/li.na"
    found = await chief.get(address)
    assert (await chief.patch(address, json={"name": "x"})).status_code == 428
    match = {"If-Match": found.headers["etag"]}
    changes = {"name": "李娜娜", "post": [{"role": "counter-clerk", "organisationId": CITY}]}
    changed = await chief.patch(address, json=changes, headers=match)
    assert (changed.status_code, changed.json()["name"], changed.json()["post"]) == (200, "李娜娜", changes["post"])
    assert (await chief.patch(address, json=changes, headers=match)).status_code == 412
    body = {"operator": "li.na", "reason": "left"}
    assert (await chief.post(f"{SIGN_IN_ADDRESS}/lockOperator", json=body)).status_code == 204
    assert [item["id"] for item in (await chief.get(OPERATORS, params={"state": "locked"})).json()] == ["li.na"]
    assert (await chief.post(f"{SIGN_IN_ADDRESS}/unlockOperator", json=body)).status_code == 204
    assert node.log(resource="operator", action="lock")[-1]["actor"] == "chief"


async def test_roles_and_teams_are_written_and_explained(node: AccessNode) -> None:
    chief = await node.signed_in("chief", "administrator")
    held = {"customer:read": "ORGANISATION"}
    role: dict[str, Any] = {"id": f"looker-{node.clock.at_us}", "name": "Looker", "permission": held}
    made = await chief.post(f"{SIGN_IN_ADDRESS}/createRole", json=role)
    assert (made.status_code, made.json()["builtIn"]) == (200, False), made.text
    role["permission"] = {"customer:read": "BELOW"}
    changed = await chief.post(f"{SIGN_IN_ADDRESS}/changeRole", json=role)
    assert changed.json()["permission"] == {"customer:read": "BELOW"}
    listed = (await chief.get(f"{SIGN_IN_ADDRESS}/role")).json()["role"]
    assert {"dealer", role["id"]} <= {each["id"] for each in listed}
    await create(chief, role=role["id"])
    team = {"id": "counter", "name": "Counter", "organisationId": HALL, "member": ["li.na"]}
    assert (await chief.post(f"{SIGN_IN_ADDRESS}/setTeam", json=team)).status_code == 204
    assert (await chief.get(f"{SIGN_IN_ADDRESS}/team")).json()["team"] == [team]
    question = {"operator": "li.na", "permission": "customer:read"}
    explained = (await chief.post(f"{SIGN_IN_ADDRESS}/explainAccess", json=question)).json()
    assert (explained["permitted"], explained["way"][0]["role"]) == (True, role["id"])
    unknown = await chief.post(f"{SIGN_IN_ADDRESS}/explainAccess", json={**question, "permission": "a:b"})
    assert unknown.json()["code"] == "PERMISSION_UNKNOWN"


async def test_a_token_is_told_once_even_to_who_asks_again(node: AccessNode) -> None:
    chief = await node.signed_in("chief", "administrator")
    body = {"client": "billing", "organisationId": "31", "role": "finance", "permission": ["subscription:read"]}
    key = {"Idempotency-Key": f"k{node.clock.at_us}"}
    issued = (await chief.post(TOKENS, json=body, headers=key)).json()
    system = node.client(Authorization=f"Bearer {issued['token']}")
    assert (await system.get("/tmf-api/productInventory/v4/product")).status_code == 200
    again = await chief.post(TOKENS, json=body, headers=key)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == {name: value for name, value in issued.items() if name != "token"}
    (listed,) = (await chief.get(TOKENS, params={"client": "billing"})).json()
    assert (listed["permission"], "token" in listed) == (["subscription:read"], False)
    assert (await chief.delete(f"{TOKENS}/{issued['id']}")).status_code == 204
    assert (await system.get("/tmf-api/productInventory/v4/product")).status_code == 401
    assert (await chief.get(f"{TOKENS}/{issued['id']}")).status_code == 404


async def test_a_session_is_ended_by_who_may(node: AccessNode) -> None:
    chief = await node.signed_in("chief", "administrator")
    other = await node.signed_in("li.na", "counter-clerk", HALL)
    (session,) = (await chief.get(SESSIONS, params={"operator": "li.na"})).json()
    assert session["address"] == "10.0.0.7"
    assert (await other.delete(f"{SESSIONS}/{session['id']}")).status_code == 403
    assert (await chief.delete(f"{SESSIONS}/{session['id']}")).status_code == 204
    assert (await other.get(f"{SIGN_IN_ADDRESS}/ownAccount")).status_code == 401


async def test_a_citys_administrator_reaches_their_city_and_nothing_else(node: AccessNode) -> None:
    chief = await node.signed_in("chief", "administrator")
    city = await node.signed_in("city", "city-admin", CITY)
    await create(chief, "inside", HALL)
    await create(chief, "outside", OTHER)
    await create(chief, "above", HALL, "back-office")
    assert {each["id"] for each in (await city.get(OPERATORS)).json()} == {"city", "inside", "above"}
    assert (await city.get(f"{OPERATORS}/outside")).status_code == 404
    assert {each["operator"] for each in (await city.get(SESSIONS)).json()} == {"city"}
    assert {each["id"] for each in (await city.get(ORGANIZATIONS)).json()} == {CITY, HALL}
    codes = []
    for operator in ("outside", "above", "city", "nobody"):
        answer = await city.post(f"{SIGN_IN_ADDRESS}/resetPassword", json={"operator": operator})
        codes.append((answer.status_code, answer.json()["code"]))
    assert codes == [
        (403, "OUTSIDE_SCOPE"),
        (409, "ROLE_REACHES_FURTHER"),
        (409, "OWN_RIGHTS_FIXED"),
        (404, "OPERATOR_NOT_FOUND"),
    ]
    assert (await city.post(f"{SIGN_IN_ADDRESS}/resetPassword", json={"operator": "inside"})).status_code == 200
    body: dict[str, Any] = {"id": "new", "name": "x", "organisationId": OTHER}
    assert (await city.post(OPERATORS, json=body)).json()["code"] == "OUTSIDE_SCOPE"
    body = {"id": "new", "name": "x", "organisationId": HALL, "post": [{"role": "finance", "organisationId": HALL}]}
    assert (await city.post(OPERATORS, json=body)).json()["code"] == "ROLE_REACHES_FURTHER"
    for address in ("team", "explainAccess"):
        body = {"operator": "inside"}
        method = "GET" if address == "team" else "POST"
        refused = await city.request(method, f"{SIGN_IN_ADDRESS}/{address}", json=body if method == "POST" else None)
        assert refused.json()["code"] == "OUTSIDE_SCOPE"


async def test_nobody_raises_themselves(node: AccessNode) -> None:
    city = await node.signed_in("city", "city-admin", CITY)
    found = await city.get(f"{OPERATORS}/city")
    changes = {"post": [*found.json()["post"], {"role": "dealer", "organisationId": HALL}]}
    refused = await city.patch(f"{OPERATORS}/city", json=changes, headers={"If-Match": found.headers["etag"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "OWN_RIGHTS_FIXED")
    # What is not declared cannot be set in passing.
    for name, value in (("state", "active"), ("createdAtUs", 1), ("password", PASSWORD)):
        refused = await city.patch(f"{OPERATORS}/city", json={name: value}, headers={"If-Match": "*"})
        assert refused.json()["details"][0]["code"] == "FIELD_UNKNOWN"


async def test_an_organisation_is_created_and_read(node: AccessNode) -> None:
    chief = await node.signed_in("chief", "administrator")
    body = {"id": f"h{node.clock.at_us}", "name": "Hall", "organizationType": "branch", "parentId": CITY}
    made = await chief.post(ORGANIZATIONS, json=body)
    assert (made.status_code, made.json()["parentId"], made.json()["status"]) == (201, CITY, "active")
    assert (await chief.get(made.json()["href"])).json() == made.json()
    assert (await chief.post(ORGANIZATIONS, json=body)).json()["code"] == "ORGANISATION_EXISTS"


async def test_an_organisation_is_renamed_moved_with_all_below_it_and_deactivated(node: AccessNode) -> None:
    chief = await node.signed_in("chief", "administrator")
    county, hall = f"k{node.clock.at_us}", f"b{node.clock.at_us}"
    for identity, kind, parent in ((county, "county", CITY), (hall, "branch", county)):
        body = {"id": identity, "name": "Part", "organizationType": kind, "parentId": parent}
        assert (await chief.post(ORGANIZATIONS, json=body)).status_code == 201
    address = f"{ORGANIZATIONS}/{county}"
    first = await chief.get(address)
    renamed = await chief.patch(address, json={"name": "新名"}, headers={"If-Match": first.headers["etag"]})
    assert (renamed.status_code, renamed.json()["name"]) == (200, "新名")
    late = await chief.patch(address, json={"name": "x"}, headers={"If-Match": first.headers["etag"]})
    assert (late.status_code, late.json()["code"]) == (412, "ETAG_DIFFERS")

    def is_within(city: str) -> bool:
        rows = node.node.reads.now(list_organisations, city, limit=500)["items"]
        return {county, hall} <= {row["organisation_id"] for row in rows}

    assert (is_within(CITY), is_within(OTHER)) == (True, False)
    moved = await chief.patch(address, json={"parentId": OTHER})
    assert (moved.status_code, moved.json()["parentId"]) == (200, OTHER)
    assert (is_within(CITY), is_within(OTHER)) == (False, True)
    entry = node.log(resource="organisation", action="move")[-1]
    assert (entry["actor"], entry["record"], entry["outcome"]) == ("chief", county, "DONE")
    held = await chief.patch(address, json={"status": "inactive"})
    assert (held.status_code, held.json()["code"]) == (409, "ORGANISATION_HAS_ACTIVE_PARTS")
    for identity in (hall, county):
        ended = await chief.patch(f"{ORGANIZATIONS}/{identity}", json={"status": "inactive"})
        assert (ended.status_code, ended.json()["status"]) == (200, "inactive")


async def test_a_change_that_makes_no_tree_is_refused(node: AccessNode) -> None:
    chief = await node.signed_in("chief", "administrator")
    for identity, kind, parent in (("mine", "county", CITY), ("below", "branch", "mine")):
        body = {"id": identity, "name": "Part", "organizationType": kind, "parentId": parent}
        assert (await chief.post(ORGANIZATIONS, json=body)).status_code == 201
    refused: dict[str, tuple[int, str]] = {}
    changes: list[tuple[str, dict[str, Any]]] = [
        ("mine", {"parentId": "mine"}),
        ("mine", {"parentId": "below"}),
        ("mine", {"parentId": "nowhere"}),
        ("31", {"parentId": CITY}),
        ("mine", {"name": "x", "parentId": OTHER}),
        ("mine", {}),
        ("mine", {"status": "active"}),
        ("mine", {"organizationType": "city"}),
        ("mine", {"name": None}),
        ("nowhere", {"name": "x"}),
    ]
    for organisation, change in changes:
        answer = await chief.patch(f"{ORGANIZATIONS}/{organisation}", json=change)
        refused[f"{organisation} {change}"] = answer.status_code, answer.json()["code"]
    unfit = (422, "BODY_UNFIT")
    assert list(refused.values()) == [
        (409, "ORGANISATION_MOVE_MAKES_CIRCLE"),
        (409, "ORGANISATION_MOVE_MAKES_CIRCLE"),
        (404, "ORGANISATION_NOT_FOUND"),
        (409, "ORGANISATION_IS_ROOT"),
        *[unfit] * 5,
        (404, "RESOURCE_NOT_FOUND"),
    ], refused


async def test_an_operator_and_a_system_cannot_have_the_same_name(node: AccessNode) -> None:
    """Whose a record is, is told by the name alone; and records outlive tokens."""
    chief = await node.signed_in("chief", "administrator")
    token = {"client": "billing", "organisationId": HALL, "role": "dealer", "days": 1}
    made = await chief.post(TOKENS, json=token)
    assert made.status_code == 201, made.text
    assert (await chief.delete(f"{TOKENS}/{made.json()['id']}")).status_code == 204
    body = {"id": "billing", "name": "Bill", "organisationId": HALL}
    refused = await chief.post(OPERATORS, json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "NAME_TAKEN")
    assert "another system" in refused.json()["message"]
    await create(chief, "li.na")
    refused = await chief.post(TOKENS, json={**token, "client": "li.na"})
    assert (refused.status_code, refused.json()["code"]) == (409, "NAME_TAKEN")
    assert "an operator" in refused.json()["message"]
    assert (await chief.post(TOKENS, json=token)).status_code == 201

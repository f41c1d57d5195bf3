"""Service requests over HTTP: whose are there for whom, in lists, by their ids, and for cancelling."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from common.operators.commands import ChangeOperator, CreateRole, Post, SetTeam
from tests.support.access import CITY, HALL, OTHER, PASSWORD, AccessNode, sign_in
from tests.support.federation import SUBSCRIPTION
from tests.support.stores import Databases

BASE = "/api/serviceRequest/v1"
ADDRESS = f"{BASE}/serviceRequest"
SCOPES = ("OWN", "TEAM", "ORGANISATION", "BELOW", "PROVINCE")
People = dict[str, tuple[httpx.AsyncClient, str]]
PEOPLE = {"self": HALL, "mate": HALL, "colleague": HALL, "boss": CITY, "stranger": OTHER}
"""Whose requests there are, and where they act. `mate` shares a team with `self`; `boss` acts in the city above."""
REACHED = {
    "OWN": {"self"},
    "TEAM": {"self", "mate"},
    "ORGANISATION": {"self", "mate", "colleague"},
    "BELOW": {"self", "mate", "colleague"},
    "PROVINCE": set(PEOPLE),
}


@pytest.fixture(scope="module")
def node(lasting_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccessNode]:
    made = AccessNode(lasting_databases, tmp_path_factory.mktemp("node"))
    made.plant_organisations()
    for scope in SCOPES:
        permissions = {f"service-request:{action}": scope for action in ("submit", "read", "cancel")}
        made.run(CreateRole(f"asks-{scope.lower()}", scope, permissions))
    yield made
    made.close()


@pytest.fixture(scope="module")
def people(node: AccessNode) -> People:
    """Everybody, signed in, with the request that they made."""

    async def everybody() -> People:
        return {name: await one(name, organisation) for name, organisation in PEOPLE.items()}

    async def one(name: str, organisation: str) -> tuple[httpx.AsyncClient, str]:
        client = await node.signed_in(name, "asks-own", organisation)
        return client, await ask(client)

    found = asyncio.run(everybody())
    node.run(SetTeam("counter", "Counter", HALL, ("self", "mate")))
    # A team of another organisation makes nobody a mate here.
    node.run(SetTeam("football", "Football", OTHER, ("self", "stranger", "colleague")))
    return found


async def ask(client: httpx.AsyncClient) -> str:
    body = {"kind": "suspend-subscription", "destination": ["44"], "content": {"subscription_id": SUBSCRIPTION}}
    answer = await client.post(ADDRESS, json={**body, "customerAuthentication": "SERVICE_PASSWORD"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def in_scope(node: AccessNode, scope: str, organisation: str = HALL) -> httpx.AsyncClient:
    """`self`, whose role now reaches so far."""
    posts = (Post(HALL, f"asks-{scope.lower()}"), Post(CITY, f"asks-{scope.lower()}"))
    node.run(ChangeOperator("self", posts=posts))
    client = node.client()
    answer = await sign_in(client, "self", PASSWORD, organisationId=organisation)
    assert answer.status_code == 200, answer.text
    return client


@pytest.mark.parametrize("scope", SCOPES)
async def test_a_scope_reaches_its_rows_and_no_others(node: AccessNode, people: People, scope: str) -> None:
    client = await in_scope(node, scope)
    mine = {name: request for name, (_, request) in people.items() if name in REACHED[scope]}
    listed = await client.get(ADDRESS, params={"limit": "500"})
    assert {item["id"] for item in listed.json()} >= set(mine.values())
    assert listed.headers["x-total-count"] == str(len(listed.json()))
    streamed = (await client.get(ADDRESS, headers={"Accept": "application/x-ndjson"})).text
    for name, (_, request) in people.items():
        reached = name in REACHED[scope]
        assert (request in {item["id"] for item in listed.json()}) is reached, name
        assert (request in streamed) is reached, name
        for address in (f"{ADDRESS}/{request}", f"{ADDRESS}/{request}/trace"):
            assert (await client.get(address)).status_code == (200 if reached else 404), (name, address)


@pytest.mark.parametrize("scope", SCOPES)
async def test_only_what_is_reached_is_cancelled(node: AccessNode, people: People, scope: str) -> None:
    client = await in_scope(node, scope)
    for name, (other, _) in people.items():
        request = await ask(other)
        answer = await client.post(f"{BASE}/cancelServiceRequest", json={"serviceRequest": {"id": request}})
        if name in REACHED[scope]:
            assert answer.status_code == 201, (name, answer.text)
        else:
            assert (answer.status_code, answer.json()["code"]) == (404, "REQUEST_NOT_FOUND"), name
            seen = await other.get(f"{BASE}/cancelServiceRequest/{request}")
            assert seen.status_code == 404, "nothing was cancelled"


async def test_below_reaches_what_hangs_below_the_organisation_in_which_one_acts(
    node: AccessNode, people: People
) -> None:
    client = await in_scope(node, "BELOW", CITY)
    listed = {item["id"] for item in (await client.get(ADDRESS, params={"limit": "500"})).json()}
    reached = {name for name, (_, request) in people.items() if request in listed}
    assert reached == {"self", "mate", "colleague", "boss"}


async def test_a_request_is_its_operators_whatever_the_body_says(node: AccessNode, people: People) -> None:
    client, request = people["mate"]
    made = (await client.get(f"{ADDRESS}/{request}")).json()
    assert (made["operator"], made["organisation"], made["channel"]) == ("mate", HALL, "console")
    forged = {"kind": "suspend-subscription", "destination": ["44"], "operator": "boss"}
    refused = await client.post(ADDRESS, json=forged)
    assert (refused.status_code, refused.json()["details"][0]["code"]) == (422, "FIELD_UNKNOWN")

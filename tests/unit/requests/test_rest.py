"""Service requests over REST: asked, listed by their derived state, traced, cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from common.ids import leg_id
from common.requests.leg_states import OPEN, TERMINAL
from common.requests.model import request_state
from common.requests.queries import REQUEST_STATE
from common.requests.repository import AskedLegRow, RequestRow, asked_legs, requests
from common.requests.rest import BASE, service_request_api
from tests.support.federation import GUANGDONG, SHANGHAI, ZHEJIANG
from tests.support.rest import RestNode
from tests.support.stores import Databases

ADDRESS, CANCEL = f"{BASE}/serviceRequest", f"{BASE}/cancelServiceRequest"


@pytest.fixture(scope="module")
def running(lasting_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestNode]:
    node = RestNode(lasting_databases, lambda node: (service_request_api(node),), tmp_path_factory.mktemp("node"))
    yield node
    node.close()


@pytest.fixture
def node(running: RestNode) -> RestNode:
    running.empty()
    for table in (requests, asked_legs):
        running.core.connection.execute(sa.delete(table))
    running.core.connection.commit()
    return running


async def ask(client: httpx.AsyncClient, *destinations: str, kind: str = "query-node-status") -> dict[str, Any]:
    response = await client.post(ADDRESS, json={"kind": kind, "destination": list(destinations), "channel": "counter"})
    assert response.status_code == 201, response.text
    return dict(response.json())


async def test_a_request_is_asked_shown_and_completed(node: RestNode) -> None:
    client = node.client("li.na")
    asked = await ask(client, GUANGDONG)
    assert (asked["kind"], asked["state"], asked["operator"]) == ("query-node-status", "submitted", "li.na")
    assert [(leg["destination"], leg["state"]) for leg in asked["leg"]] == [(GUANGDONG, "submitted")]
    node.federation.connect()
    shown = (await client.get(asked["href"])).json()
    assert shown["state"] == "completed"
    assert shown["leg"][0].keys() == {"destination", "state", "businessDate", "endDate"}


async def test_the_trace_tells_each_step(node: RestNode) -> None:
    client = node.client()
    asked = await ask(client, GUANGDONG)
    node.federation.connect()
    trace = (await client.get(f"{asked['href']}/trace")).json()
    assert trace["serviceRequest"] == {"id": asked["id"], "href": asked["href"]}
    assert trace["step"][0]["step"] == "submitted"
    assert trace["step"][-1]["facts"]["state"] == "completed"


async def test_cancelling_is_a_task_with_an_end_of_its_own(node: RestNode) -> None:
    client = node.client()
    asked = await ask(client, GUANGDONG, ZHEJIANG)
    body = {"serviceRequest": {"id": asked["id"]}}
    first = await client.post(CANCEL, json=body)
    assert first.status_code == 201
    assert first.json()["serviceRequest"] == {"id": asked["id"]}
    assert (first.json()["state"], first.json()["href"]) == ("inProgress", f"{CANCEL}/{asked['id']}")
    assert (await client.post(CANCEL, json=body)).json() == first.json()
    await ask(client, GUANGDONG)
    assert [task["id"] for task in (await client.get(CANCEL)).json()] == [asked["id"]]
    node.federation.connect()
    ended = (await client.get(first.json()["href"])).json()
    assert ended["state"] in ("done", "terminatedWithError")
    again = await client.post(CANCEL, json=body)
    assert (again.status_code, again.json()["code"]) == (409, "REQUEST_ALREADY_ENDED")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"kind": "nonsense", "destination": [GUANGDONG]}, 409, "UNKNOWN_REQUEST_KIND"),
        ({"kind": "query-node-status"}, 409, "NO_DESTINATION"),
        ({"kind": "query-node-status", "destination": ["99"]}, 409, "UNKNOWN_DESTINATION"),
        ({"kind": "query-node-status", "destination": [GUANGDONG], "operator": "boss"}, 422, "BODY_UNFIT"),
        ({"kind": "query-node-status", "destination": [GUANGDONG], "content": {"x": 1}}, 409, "REQUEST_FIELD_UNKNOWN"),
    ],
)
async def test_what_the_rules_refuse_is_refused_here_too(
    node: RestNode, body: dict[str, Any], status: int, code: str
) -> None:
    response = await node.client().post(ADDRESS, json=body)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert (await node.client().get(ADDRESS)).json() == []


@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_whoever_asks_a_node_that_serves_no_requests_is_told_which_do(node: RestNode, language: str) -> None:
    body = {"kind": "query-node-status", "destination": ["00"]}
    refused = await node.client().post(ADDRESS, json=body, headers={"Accept-Language": language})
    assert refused.json()["code"] == "UNKNOWN_DESTINATION"
    assert ", ".join(sorted((SHANGHAI, GUANGDONG, ZHEJIANG))) in refused.json()["reason"]


async def test_lists_are_narrowed_by_state_and_by_leg(node: RestNode) -> None:
    client = node.client()
    done = await ask(client, GUANGDONG)
    node.federation.connect()
    node.federation.clock.at_us += 1_000  # So that its id is the greater one.
    waiting = await ask(client, ZHEJIANG, GUANGDONG)
    for parameters, wanted in (
        ({"state": "completed"}, [done]),
        ({"state": "submitted,overdue"}, [waiting]),
        ({"leg.destination": ZHEJIANG}, [waiting]),
        ({"leg.destination": GUANGDONG, "leg.state": "completed"}, [done]),
        ({"leg.destination": ZHEJIANG, "leg.state": "completed"}, []),
        ({"kind": "query-node-status", "sort": "id"}, [done, waiting]),
        ({"kind": "nonsense"}, []),
        ({}, [waiting, done]),
    ):
        found = (await client.get(ADDRESS, params=parameters)).json()
        assert [one["id"] for one in found] == [one["id"] for one in wanted], parameters
    assert (await client.get(ADDRESS, params={"state": "done"})).status_code == 400


def test_the_state_in_sql_is_that_of_the_model(node: RestNode) -> None:
    connection = node.core.connection
    states = (*OPEN, *TERMINAL)
    combinations = [(one,) for one in states]
    combinations += [(one, two) for one in states for two in states]
    combinations += [(one, two, three) for one in states for two in states for three in states]
    for number, legs in enumerate(combinations):
        request_id = (number << 8 | 0xFF).to_bytes(16, "big")
        row = RequestRow(request_id, "k", 1, "", len(legs), 1, "", "", "", "", None, b"d" * 32)
        connection.execute(requests.insert().values(**row._asdict()))
        for place, state in enumerate(legs):
            leg = leg_id(request_id, SHANGHAI, str(20 + place))
            values = dict.fromkeys(AskedLegRow._fields, 0) | {"leg_id": leg, "request_id": request_id, "state": state}
            texts = dict.fromkeys(("destination", "business_date", "reason_code"), "")
            values |= texts | dict.fromkeys(("message_id", "request_digest", "answer"), b"")
            connection.execute(asked_legs.insert().values(**values))
    found = dict(connection.execute(sa.select(requests.c.request_id, REQUEST_STATE)).tuples().all())
    connection.commit()
    assert list(dict(sorted(found.items())).values()) == [request_state(legs) for legs in combinations]

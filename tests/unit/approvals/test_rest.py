"""Approvals from outside, over HTTP: asked, seen, decided, by browsers that are signed in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from common.operators.commands import CreateOperator, Post
from common.rest.awaiting import APPROVALS
from common.sign_in.access_api import BASE
from tests.support.access import HALL, SIGN_IN_ADDRESS, AccessNode
from tests.support.federation import SHANGHAI
from tests.support.stores import Databases

OPERATORS = f"{BASE}/operator"
WANG: dict[str, Any] = {
    "id": "wang",
    "name": "王伟",
    "organisationId": SHANGHAI,
    "post": [{"role": "administrator", "organisationId": SHANGHAI}],
}


@pytest.fixture(scope="module")
def running(lasting_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccessNode]:
    made = AccessNode(lasting_databases, tmp_path_factory.mktemp("node"))
    made.plant_organisations()
    yield made
    made.close()


@pytest.fixture
def node(running: AccessNode) -> AccessNode:
    running.empty()
    running.run(CreateOperator("clerk", "李娜", HALL, (Post(HALL, "counter-clerk"),)))
    return running


async def post(client: httpx.AsyncClient, task: str, **body: Any) -> httpx.Response:
    return await client.post(f"{BASE}/{task}", json=body)


async def test_a_call_that_needs_a_second_person_is_taken_and_names_where_it_waits(node: AccessNode) -> None:
    assert APPROVALS == f"{BASE}/approval" == f"{SIGN_IN_ADDRESS}/approval"
    an, bo = await node.signed_in("an", "administrator"), await node.signed_in("bo", "administrator")
    why = {"Reason": quote("接替李娜"), "Idempotency-Key": "k-1", "Accept-Language": "zh-CN"}
    asked = await an.post(OPERATORS, json=WANG, headers=why)
    assert asked.status_code == 202, asked.text
    document, where = asked.json(), asked.headers["location"]
    assert (document["code"], document["approval"]["href"]) == ("APPROVAL_AWAITED", where)
    assert "需要第二人审批" in document["reason"]
    assert (await an.get(f"{OPERATORS}/wang")).status_code == 404
    again = await an.post(OPERATORS, json=WANG, headers=why)
    assert (again.status_code, again.headers["location"]) == (202, where)
    assert again.headers["idempotent-replayed"] == "true"
    shown = (await bo.get(where)).json()
    assert (shown["state"], shown["asker"], shown["reason"]) == ("pending", "an", "接替李娜")
    assert shown["change"]["after"] == {
        "name": "王**",
        "organisation_id": SHANGHAI,
        "posts": ["administrator @ 31"],
        "state": "active",
    }
    assert "decider" not in shown
    own = (await bo.get(f"{BASE}/ownApproval")).json()
    assert [[item["id"] for item in own[name]] for name in ("asked", "toDecide")] == [[], [shown["id"]]]
    own = (await an.get(f"{BASE}/ownApproval")).json()
    assert [[item["id"] for item in own[name]] for name in ("asked", "toDecide")] == [[shown["id"]], []]
    mine = await post(an, "approve", id=shown["id"])
    assert (mine.status_code, mine.json()["code"]) == (409, "OWN_REQUEST")
    done = await post(bo, "approve", id=shown["id"], reason="agreed")
    assert (done.status_code, done.json()) == (200, {"id": shown["id"], "state": "carried-out", "failure": ""})
    assert (await an.get(f"{OPERATORS}/wang")).json()["post"] == WANG["post"]
    shown = (await an.get(where)).json()
    assert (shown["state"], shown["decider"], shown["decisionReason"]) == ("carried-out", "bo", "agreed")
    late = await post(bo, "refuse", id=shown["id"], reason="no")
    assert (late.status_code, late.json()["code"]) == (409, "APPROVAL_ENDED")
    listed = await bo.get(f"{BASE}/approval", params={"asker": "an", "state": "carried-out", "fields": "state"})
    assert [item["id"] for item in listed.json()] == [shown["id"]]
    assert "王伟" not in (await bo.get(f"{BASE}/approval")).text


async def test_a_change_waits_too_with_its_precondition_asked_before(node: AccessNode) -> None:
    an = await node.signed_in("an", "administrator")
    address = f"{OPERATORS}/clerk"
    wanted = {"post": [{"role": "administrator", "organisationId": SHANGHAI}]}
    stale = await an.patch(address, json=wanted, headers={"If-Match": '"x"'})
    assert stale.status_code == 412
    match = {"If-Match": (await an.get(address)).headers["etag"]}
    asked = await an.patch(address, json=wanted, headers=match)
    assert asked.status_code == 202, asked.text
    withdrawn = await post(an, "withdraw", id=asked.json()["approval"]["id"])
    assert withdrawn.json()["state"] == "withdrawn"
    plain = await an.patch(address, json={"name": "李娜娜"}, headers=match)
    assert plain.status_code == 200


async def test_who_may_not_read_requests_sees_none_and_strangers_decide_none(node: AccessNode) -> None:
    an, clerk = await node.signed_in("an", "administrator"), await node.signed_in("li", "counter-clerk", HALL)
    where = (await an.post(OPERATORS, json=WANG)).headers["location"]
    assert (await clerk.get(where)).status_code == 403
    refused = await post(clerk, "approve", id=where.rpartition("/")[2])
    assert (refused.status_code, refused.json()["code"]) == (403, "NOT_PERMITTED")
    assert (await clerk.get(f"{BASE}/ownApproval")).json() == {"asked": [], "toDecide": []}
    assert (await post(clerk, "approve", id="0192f0c4-7b1e-7c3a-9d55-2f6f3c1a8b90")).status_code == 404


async def test_somebody_away_is_stood_in_for(node: AccessNode) -> None:
    an, bo = await node.signed_in("an", "administrator"), await node.signed_in("bo", "administrator")
    clerk = await node.signed_in("li", "counter-clerk", HALL)
    end = "2099-01-01T00:00:00Z"
    too_long = await post(bo, "nameOwnSubstitute", substitute="li", end=end, reason="leave")
    assert (too_long.status_code, too_long.json()["code"]) == (409, "SUBSTITUTION_UNFIT")
    until = "2027-06-01T00:00:00+08:00"
    named = await post(bo, "nameOwnSubstitute", substitute="li", end=until, reason="leave")
    assert named.status_code == 204, named.text
    standing_in = (await clerk.get(f"{BASE}/ownSubstitution")).json()["standingIn"]
    assert [(item["operator"], item["state"]) for item in standing_in] == [("bo", "in-force")]
    approval = (await an.post(OPERATORS, json=WANG)).json()["approval"]
    (waiting,) = (await clerk.get(f"{BASE}/ownApproval")).json()["toDecide"]
    assert waiting["id"] == approval["id"]
    assert (await post(clerk, "approve", id=approval["id"])).json()["state"] == "carried-out"
    shown = (await an.get(approval["href"])).json()
    assert (shown["decider"], shown["decidedFor"]) == ("li", "bo")
    (own,) = (await bo.get(f"{BASE}/ownSubstitution")).json()["own"]
    assert (await post(bo, "endOwnSubstitution", id=own["id"])).status_code == 204
    assert (await clerk.get(f"{BASE}/ownSubstitution")).json() == {"own": [], "standingIn": []}


async def test_whom_an_administrator_names_for_somebody_else_needs_approval_itself(node: AccessNode) -> None:
    an, bo = await node.signed_in("an", "administrator"), await node.signed_in("bo", "administrator")
    body = {"operator": "bo", "substitute": "clerk", "end": "2027-06-01T00:00:00Z", "reason": "ill"}
    asked = await an.post(f"{BASE}/substitution", json=body)
    assert asked.status_code == 202
    assert (await an.get(f"{BASE}/substitution")).json() == []
    assert (await post(bo, "approve", id=asked.json()["approval"]["id"])).json()["state"] == "carried-out"
    (named,) = (await an.get(f"{BASE}/substitution")).json()
    assert (named["operator"], named["substitute"], named["namedBy"]) == ("bo", "clerk", "an")
    ended = await an.delete(f"{BASE}/substitution/{named['id']}")
    assert ended.status_code == 204
    assert (await an.get(f"{BASE}/substitution")).json() == []


@pytest.mark.parametrize("header", ["%ff", quote("x" * 513), "%0a"])
async def test_a_reason_that_cannot_be_kept_is_refused(node: AccessNode, header: str) -> None:
    an = await node.signed_in("an", "administrator")
    answer = await an.post(OPERATORS, json=WANG, headers={"Reason": header})
    # What is only space around it is none.
    expected = (202, "APPROVAL_AWAITED") if header == "%0a" else (400, "REASON_HEADER_UNFIT")
    assert (answer.status_code, answer.json()["code"]) == expected


async def test_a_reason_stands_in_the_audit_log_of_what_is_done_at_once(node: AccessNode) -> None:
    an = await node.signed_in("an", "administrator")
    body = {**WANG, "post": []}
    assert (await an.post(OPERATORS, json=body, headers={"Reason": "new colleague"})).status_code == 201
    assert node.log(resource="operator", action="create")[-1]["reason"] == "new colleague"

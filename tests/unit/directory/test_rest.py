"""Headquarters decides who belongs to the federation, over the REST interface, by people signed in (FED-06)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from common.ids import HQ, format_id
from common.rest.awaiting import APPROVALS
from tests.support.access import SIGN_IN_ADDRESS, AccessNode
from tests.support.enrolment import Candidate
from tests.support.federation import GUANGDONG, SHANGHAI, ZHEJIANG
from tests.support.stores import Databases

BASE = "/api/federation/v1"
BEIJING = "11"


@pytest.fixture(scope="module")
def running(lasting_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccessNode]:
    made = AccessNode(lasting_databases, tmp_path_factory.mktemp("hq"), HQ)
    yield made
    made.close()


@pytest.fixture
def hq(running: AccessNode) -> AccessNode:
    running.empty()
    return running


async def listed(client: httpx.AsyncClient, node: str) -> dict[str, Any]:
    answer = await client.get(f"{BASE}/node")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = next(each for each in answer.json()["node"] if each["id"] == node)
    return found


async def test_a_node_is_invited_compared_and_let_in(hq: AccessNode) -> None:
    an = await hq.signed_in("an", "administrator", HQ)
    invited = await an.post(f"{BASE}/inviteNode", json={"node": BEIJING, "validHours": 1})
    assert invited.status_code == 200, invited.text
    shown = await listed(an, BEIJING)
    assert (shown["state"], shown["nameZh"], shown["key"]) == ("invited", "北京", [])
    assert shown["invitationExpiryDate"] == invited.json()["expiresAt"]
    hq.run_alone(Candidate(BEIJING, seed=77).request(invited.json()["invitation"]))
    waiting = await listed(an, BEIJING)
    assert waiting["state"] == "waiting"
    assert waiting["approvedDate"] is None
    other = await an.post(f"{BASE}/approveNode", json={"node": BEIJING, "signingKeyId": "ed25519:0"})
    assert (other.status_code, other.json()["code"]) == (409, "APPROVED_KEY_DIFFERS")
    given = {"node": BEIJING, "signingKeyId": waiting["signingKeyId"]}
    approved = await an.post(f"{BASE}/approveNode", json=given)
    assert approved.status_code == 200, approved.text
    active = await listed(an, BEIJING)
    assert (active["state"], active["tlsFingerprint"]) == ("active", approved.json()["tlsFingerprint"])
    assert {key["use"]: key["inForce"] for key in active["key"]} == {"signing": True, "private-bodies": True}
    assert [entry["actor"] for entry in hq.log(resource="node")] == ["an"] * 3
    assert [entry["outcome"] for entry in hq.log(resource="node", action="approve")] == ["APPROVED_KEY_DIFFERS", "DONE"]


async def test_a_node_is_suspended_and_let_in_again_by_name_and_with_a_reason(hq: AccessNode) -> None:
    operator = await hq.signed_in("op", "hq-operator", HQ)
    bare = await operator.post(f"{BASE}/suspendNode", json={"node": SHANGHAI, "reason": ""})
    assert bare.status_code == 422
    suspended = await operator.post(f"{BASE}/suspendNode", json={"node": SHANGHAI, "reason": "leaks"})
    assert suspended.status_code == 200, suspended.text
    shown = await listed(operator, SHANGHAI)
    assert (shown["state"], shown["stateBy"], shown["stateReason"]) == ("suspended", "op", "leaks")
    assert shown["stateDate"] == suspended.json()["since"]
    resumed = await operator.post(f"{BASE}/resumeNode", json={"node": SHANGHAI, "reason": "mended"})
    assert resumed.json()["state"] == "active"
    again = await operator.post(f"{BASE}/resumeNode", json={"node": SHANGHAI, "reason": "mended"})
    assert (again.status_code, again.json()["code"]) == (409, "NODE_NOT_SUSPENDED")
    refused = await operator.post(f"{BASE}/revokeNode", json={"node": SHANGHAI, "reason": "burnt"})
    assert (refused.status_code, refused.json()["code"]) == (403, "NOT_PERMITTED")


async def test_a_node_is_revoked_when_two_agree_and_not_before(hq: AccessNode) -> None:
    an, bo = await hq.signed_in("an", "administrator", HQ), await hq.signed_in("bo", "administrator", HQ)
    wish = {"node": ZHEJIANG, "reason": "burnt down"}
    asked = await an.post(f"{BASE}/revokeNode", json=wish)
    assert (asked.status_code, asked.json()["code"]) == (202, "APPROVAL_AWAITED"), asked.text
    before = await listed(bo, ZHEJIANG)
    assert before["state"] == "active"
    shown = (await bo.get(asked.headers["location"])).json()
    assert asked.headers["location"].startswith(APPROVALS)
    assert (shown["state"], shown["action"], shown["record"], shown["reason"]) == (
        "pending",
        "revoke-node",
        ZHEJIANG,
        "burnt down",
    )
    own = await an.post(f"{SIGN_IN_ADDRESS}/approve", json={"id": shown["id"]})
    assert (own.status_code, own.json()["code"]) == (409, "OWN_REQUEST")
    approved = await bo.post(f"{SIGN_IN_ADDRESS}/approve", json={"id": shown["id"], "reason": "seen the ashes"})
    assert approved.json() == {"id": shown["id"], "state": "carried-out", "failure": ""}
    revoked = await listed(bo, ZHEJIANG)
    assert (revoked["state"], revoked["stateBy"], revoked["stateReason"]) == ("revoked", "an", "burnt down")
    assert [bool(key["validUntil"]) for key in revoked["key"]] == [True, True]
    back = await an.post(f"{BASE}/resumeNode", json=wish)
    assert (back.status_code, back.json()["code"]) == (409, "NODE_REVOKED")


async def test_a_revocation_that_is_refused_or_out_of_date_changes_nothing(hq: AccessNode) -> None:
    an, bo = await hq.signed_in("an", "administrator", HQ), await hq.signed_in("bo", "administrator", HQ)
    version = (await an.get(f"{BASE}/node")).json()["node"]
    asked = await an.post(f"{BASE}/revokeNode", json={"node": SHANGHAI, "reason": "a rumour"})
    identity = asked.json()["approval"]["id"]
    refused = await bo.post(f"{SIGN_IN_ADDRESS}/refuse", json={"id": identity, "reason": "no proof"})
    assert refused.json()["state"] == "refused"
    late = await bo.post(f"{SIGN_IN_ADDRESS}/approve", json={"id": identity})
    assert (late.status_code, late.json()["code"]) == (409, "APPROVAL_ENDED")
    assert (await an.get(f"{BASE}/node")).json()["node"] == version


async def test_the_legs_that_pass_the_hub_are_listed_and_followed(hq: AccessNode) -> None:
    federation = hq.federation
    federation.connect(SHANGHAI, GUANGDONG)
    leg = federation.suspend()
    federation.run()
    user = await hq.signed_in("user", "hq-department-user", HQ)
    found = await user.get(f"{BASE}/relayedLeg", params={"origin": SHANGHAI})
    assert found.status_code == 200, found.text
    (shown,) = found.json()
    assert (shown["home"], shown["kind"], shown["state"]) == (GUANGDONG, "suspend-subscription", "completed")
    assert shown["id"] == f"{format_id(leg[:16])}.{SHANGHAI}.{GUANGDONG}"
    assert (await user.get(shown["href"])).json() == shown
    trace = await user.get(f"{BASE}/requestTrace", params={"id": format_id(leg[:16])})
    assert trace.status_code == 200, trace.text
    assert [step["step"] for step in trace.json()["step"]][:2] == ["admitted", "forwarded"]
    unknown = await user.get(f"{BASE}/requestTrace", params={"id": "0192f0c4-7b1e-7c3a-9d55-2f6f3c1a8b90"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "REQUEST_NOT_FOUND")
    for wrong in ({}, {"id": "x"}, {"id": format_id(leg[:16]), "x": "1"}):
        answer = await user.get(f"{BASE}/requestTrace", params=wrong)
        assert answer.status_code == 400, wrong

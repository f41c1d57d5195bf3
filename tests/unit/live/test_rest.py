"""The live view, the audit log and the health of interfaces from outside, over HTTP (FED-07, SYS-03, INT-02)."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from common.interfaces.commands import NoteTestCall
from common.interfaces.model import failed
from common.program.operations_api import BASE
from tests.support.access import AccessNode
from tests.support.federation import SHANGHAI
from tests.support.stores import Databases

PORT = "communication"


@pytest.fixture(scope="module")
def running(lasting_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccessNode]:
    made = AccessNode(lasting_databases, tmp_path_factory.mktemp("node"))
    yield made
    made.close()


@pytest.fixture
def node(running: AccessNode) -> AccessNode:
    running.empty()
    return running


async def test_the_node_is_seen_as_it_is_now_and_was(node: AccessNode) -> None:
    an = await node.signed_in("an", "administrator")
    answer = await an.get(f"{BASE}/liveView")
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert (shown["node"], shown["parked"], shown["storageFailing"]) == (SHANGHAI, 0, False)
    (link,) = shown["link"]
    assert (link["peer"], link["state"], link["sinceDate"]) == ("00", "closed", None)
    past = await an.get(f"{BASE}/liveHistory", params={"spanS": "600", "by": "total"})
    assert past.status_code == 200, past.text
    assert (past.json()["widthS"], past.json()["by"], past.json()["point"]) == (10, "total", [])
    for wrong, code in (
        ({"spanS": "0"}, "PARAMETERS_UNFIT"),
        ({"spanS": "ten"}, "PARAMETERS_UNFIT"),
        ({"by": "weather"}, "PARAMETERS_UNFIT"),
        ({"span": "600"}, "UNKNOWN_PARAMETER"),
        ([("spanS", "600"), ("spanS", "60")], "PARAMETER_UNFIT"),
        ({"peer": "\x00"}, "PARAMETERS_UNFIT"),
    ):
        refused = await an.get(f"{BASE}/liveHistory", params=wrong)  # type: ignore[arg-type]
        assert (refused.status_code, refused.json()["code"]) == (400, code), wrong
    told = await an.get(f"{BASE}/liveHistory", params={"spanS": "0"}, headers={"Accept-Language": "zh-CN"})
    assert told.json()["reason"] == "参数不符合要求：spanS: 不得小于 1"
    unknown_width = await an.get(f"{BASE}/liveHistory", params={"widthS": "7"})
    assert (unknown_width.status_code, unknown_width.json()["code"]) == (409, "HISTORY_WIDTH_UNKNOWN")


async def test_the_audit_log_is_searched_exported_and_proved(node: AccessNode) -> None:
    auditor = await node.signed_in("lu", "auditor")
    found = await auditor.get(f"{BASE}/auditEntry", params={"actor": "lu", "resource": "own-account", "limit": "1"})
    assert found.status_code in (200, 206), found.text
    (newest,) = found.json()
    assert (newest["action"], newest["outcome"], newest["actorKind"]) == ("change-password", "DONE", "operator")
    assert (await auditor.get(newest["href"])).json() == newest
    exported = await auditor.get(
        f"{BASE}/auditEntry", params={"actor": "lu"}, headers={"Accept": "application/x-ndjson"}
    )
    lines = [json.loads(line) for line in exported.text.splitlines()]
    assert newest in lines
    numbers = [int(line["id"]) for line in lines]
    assert numbers == sorted(numbers)
    proved = await auditor.get(f"{BASE}/verifyAudit", params={"after": "0"})
    told = proved.json()
    assert (told["chainBreak"], told["next"]) == ([], None)
    assert told["entries"] == told["size"] >= int(newest["id"])
    beyond = await auditor.get(f"{BASE}/verifyAudit", params={"after": str(2**62)})
    assert (beyond.status_code, beyond.json()["code"]) == (400, "PARAMETERS_UNFIT")


async def test_interfaces_are_seen_switched_and_their_calls_replayed(node: AccessNode) -> None:
    an = await node.signed_in("an", "administrator")
    node.run(NoteTestCall(PORT, "simulator", failed("NO_ANSWER"), 5))
    (shown,) = (await an.get(f"{BASE}/interface")).json()["interface"]
    assert (shown["id"], shown["waiting"], shown["failed"]) == (PORT, 0, 0)
    assert {each["adapter"] for each in shown["adapter"]} >= {"simulator", shown["adapterInUse"]}
    tested = await an.post(f"{BASE}/testInterface", json={"interface": PORT, "adapter": "simulator"})
    assert (tested.json()["adapter"], tested.json()["outcome"]) == ("simulator", "done"), tested.text
    switched = await an.post(
        f"{BASE}/switchAdapter", json={"interface": PORT, "adapter": "simulator", "reason": "gateway down"}
    )
    assert switched.json() == {"interface": PORT, "adapter": "simulator"}, switched.text
    replayed = await an.post(f"{BASE}/replayCalls", json={"interface": PORT, "reason": "gateway back"})
    assert replayed.json() == {"interface": PORT, "calls": 0}
    assert (await an.get(f"{BASE}/interfaceCall", params={"interface": PORT})).json() == []
    unknown = await an.post(f"{BASE}/testInterface", json={"interface": "x"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "INTERFACE_NOT_FOUND")

"""Keys of running nodes: all replaced under load without one failed request; a revoked node is cut off at once."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest

from tests.support.judgement import verdict
from tests.support.processes import WAIT_S, NodeProcess
from tests.support.request_load import Load, plan_jobs
from tests.support.running import RunningFederation, import_customers

SEED = 20270118
REQUESTS = 240
PROVINCES = ("31", "44")
CUSTOMERS = 40
HOT_SUBSCRIPTIONS = 20
ROUNDS = 2


def in_force(node: NodeProcess) -> dict[str, str]:
    return {key["use"]: key["key_id"] for key in node.get("/keys")["items"] if key["state"] == "in-force"}


def rotate(node: NodeProcess, *uses: str) -> list[str]:
    with node.admin() as client:
        answer = client.post("/keys/rotate", json={"uses": list(uses)}, timeout=WAIT_S)
    assert answer.status_code < 400, f"{answer.text}\n{node.said()}"
    rotated: list[str] = answer.json()["rotated"]
    return rotated


def test_all_keys_of_all_nodes_are_replaced_under_load_without_one_failed_request(tmp_path: Path) -> None:
    with RunningFederation(tmp_path, PROVINCES) as federation:
        held = {code: import_customers(federation[code], code, CUSTOMERS) for code in PROVINCES}
        jobs = plan_jobs(SEED, REQUESTS, PROVINCES, {code: h[:HOT_SUBSCRIPTIONS] for code, h in held.items()})
        before = {code: in_force(node) for code, node in federation.nodes.items()}
        turns = [(code, uses) for _ in range(ROUNDS) for code in ("00", *PROVINCES) for uses in _uses(code)]
        with Load(federation, jobs, counters_a_node=4, open_a_counter=6) as load:
            for number, (code, uses) in enumerate(turns, start=1):
                load.wait_until_ended(number * REQUESTS // (len(turns) + 1))
                assert rotate(federation.nodes[code], *uses) == sorted(uses)
        federation.wait_until_quiet()
        after = {code: in_force(node) for code, node in federation.nodes.items()}
        for code in federation.nodes:
            assert after[code].keys() == before[code].keys()
            assert not set(after[code].values()) & set(before[code].values()), code
        assert set(federation.stop_all().values()) == {0}
        assert load.results.broken_submits == 0
        assert verdict(federation, jobs, load.results.request_ids, held) == []


def _uses(code: str) -> list[tuple[str, ...]]:
    return [("private-bodies", "signing", "tls"), *([("root",)] if code == "00" else [])]


def test_a_revoked_node_is_cut_off_within_a_second_and_does_not_come_back(tmp_path: Path) -> None:
    with RunningFederation(tmp_path, PROVINCES) as federation:
        hq, lost = federation.nodes["00"], federation["44"]
        said = len(hq.log)
        began = time.monotonic()
        assert hq.post("/nodes/44/revoke", {"reason": "stolen", "by": "li.na"})["state"] == "revoked"
        cut = hq.wait_for("link ended", after=said, peer="44")
        assert time.monotonic() - began < 1.0
        assert cut["reason"] == "CERTIFICATE_UNKNOWN"
        # It dials again by itself, with the certificate that it still has, and is refused at the door.
        hq.wait_for("link refused", after=said, peer="44")
        assert lost.running
        assert not [entry for entry in hq.log[said:] if entry.get("event") == "link open" and entry.get("peer") == "44"]
        with lost.admin() as client:
            refused = client.post("/keys/rotate", json={"uses": ["signing"]}, timeout=WAIT_S)
        assert refused.status_code in (409, 422, 500, 503), refused.text
        (row,) = [row for row in hq.get("/nodes")["items"] if row["node"] == "44"]
        assert (row["state"], row["status_reason"], row["status_by"]) == ("revoked", "stolen", "li.na")


@pytest.mark.parametrize("code", ["31"])
def test_a_node_killed_while_its_keys_are_replaced_goes_on_and_finishes_by_itself(tmp_path: Path, code: str) -> None:
    with RunningFederation(tmp_path, PROVINCES, settings="[keys]\nlook_ms = 200\n") as federation:
        node = federation[code]
        before = in_force(node)
        # HQ is away: the next keys are made and stored, and nobody has heard of them when the node dies.
        federation.nodes["00"].stop()
        with node.admin() as client:
            answer = client.post("/keys/rotate", json={"uses": []}, timeout=WAIT_S)
        assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, answer.text
        node.kill()
        federation.nodes["00"].start()
        said = node.launch()
        node.wait_for("node serves", after=said)
        node.wait_for("keys replaced", after=said)
        after = in_force(node)
        assert not set(after.values()) & set(before.values())
        states = {key["state"] for key in node.get("/keys")["items"]}
        assert states == {"in-force", "former"}

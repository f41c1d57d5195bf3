"""Keys of running nodes: all replaced under load without one failed request; a revoked node is cut off at once."""

from __future__ import annotations

import asyncio
import shutil
import time
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from common.clock import SystemClock
from common.program.data_directory import DataDirectory
from common.program.initialising import resume_link_of
from province_node.directory.enrolment import ApprovalPending, EnrolmentOptions, enrol
from tests.support.judgement import verdict
from tests.support.processes import WAIT_S, NodeProcess
from tests.support.request_load import Load, plan_jobs
from tests.support.running import SETTINGS, RunningFederation, eventually, import_customers

SEED = 20270118
DROPPED_WITHIN_S = 120.0
"""HQ looks now and then which keys have ended, and the node once it has heard so."""
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


@pytest.mark.parametrize("overlap_minutes", [1_440, 0], ids=["long overlap", "no overlap"])
def test_all_keys_of_all_nodes_are_replaced_under_load_without_one_failed_request(
    tmp_path: Path, overlap_minutes: int
) -> None:
    """Without an overlap former keys end as soon as nothing sealed by them is on its way."""
    often, hub = "[keys]\nlook_ms = 200\n", f"[directory]\nkey_overlap_minutes = {overlap_minutes}\n"
    with RunningFederation(tmp_path, PROVINCES, SETTINGS + often, hub) as federation:
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
        if not overlap_minutes:
            for code, node in federation.nodes.items():
                # The last but one stays until something sealed by the last has arrived.
                eventually(
                    lambda node=node: _signing_keys_held(node) <= 2,
                    f"{code} has dropped its first key",
                    DROPPED_WITHIN_S,
                )
        assert set(federation.stop_all().values()) == {0}
        assert load.results.broken_submits == 0
        assert verdict(federation, jobs, load.results.request_ids, held) == []


def _signing_keys_held(node: NodeProcess) -> int:
    """How many private signing keys are left; every former one has ended by then."""
    keys = [key for key in node.get("/keys")["items"] if key["use"] == "signing"]
    assert keys[0]["state"] == "in-force"
    return sum(key["held"] for key in keys)


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


@pytest.mark.parametrize("kept", [True, False], ids=["database kept", "everything lost"])
def test_a_revoked_node_comes_back_with_new_keys_and_is_marked_for_good(tmp_path: Path, kept: bool) -> None:
    with RunningFederation(tmp_path, PROVINCES) as federation:
        hq, lost = federation.nodes["00"], federation["44"]
        held = {code: import_customers(federation[code], code, 5) for code in PROVINCES}
        _ask(federation, "31", "44", held["44"][0].subscription_id)
        _ask(federation, "44", "31", held["31"][0].subscription_id)
        former = in_force(lost)["signing"]
        hq.post("/nodes/44/revoke", {"reason": "burnt down", "by": "li.na"})
        # What it seals now HQ never receives.
        lost.post("/requests", _wish("31", held["31"][1].subscription_id))
        lost.stop()
        if not kept:
            shutil.rmtree(lost.data_dir)
            federation.init_province("44")
        said = len(hq.log)
        _enrol_anew(federation, "44")
        lost.start()
        hq.wait_for("link open", after=said, peer="44")
        held["44"] = held["44"] if kept else import_customers(lost, "44", 5)
        _ask(federation, "31", "44", held["44"][2].subscription_id)
        _ask(federation, "44", "31", held["31"][2].subscription_id)
        federation.wait_until_quiet()
        (row,) = [row for row in hq.get("/nodes")["items"] if row["node"] == "44"]
        assert (row["state"], len(row["enrolled_anew_at_us"])) == ("active", 1)
        states = {key["key_id"]: key["state"] for key in lost.get("/keys")["items"]}
        assert states[former] == "ended"
        assert in_force(lost)["signing"] != former
        if kept:
            asked = lost.get("/requests")["items"]
            assert len(asked) == 3
            assert {leg["state"] for request in asked for leg in request["legs"]} == {"completed"}


def _wish(destination: str, subscription: str) -> dict[str, Any]:
    return {
        "kind": "suspend-subscription",
        "destinations": [destination],
        "content": {"subscription_id": subscription},
        "acting": {"customer_authentication": "SERVICE_PASSWORD"},
    }


def _ask(federation: RunningFederation, origin: str, home: str, subscription: str) -> None:
    """A request that is answered."""
    request_id = federation[origin].post("/requests", _wish(home, subscription))["request_id"]
    federation[origin].get(f"/requests/{request_id}", wait_ms=20_000)
    eventually(
        lambda: all(
            leg["state"] in ("completed", "rejected")
            for leg in federation[origin].get(f"/requests/{request_id}")["legs"]
        ),
        f"{request_id} has an answer",
    )


def _enrol_anew(federation: RunningFederation, code: str) -> None:
    """The whole way, as the command does it."""
    hq, data = federation.nodes["00"], DataDirectory(federation[code].data_dir)
    invitation = hq.post("/nodes/invitations", {"node": code, "valid_hours": 1})["invitation"]
    options = EnrolmentOptions(new_keys=True, resume=partial(resume_link_of, data, code, SystemClock().now_us()))

    def ask() -> None:
        asyncio.run(enrol(invitation, code, data.path, "0.1.0", SystemClock(), options))

    with pytest.raises(ApprovalPending):
        ask()
    hq.post(f"/nodes/{code}/approve", {"signing_key_id": ""})
    ask()

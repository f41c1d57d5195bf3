"""HQ and two provinces as programs of their own: what people do with them, and what happens to them."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from common.cli.program import run
from common.cli.session import Program
from common.program.data_directory import DataDirectoryInUse
from hq_node import bootstrap as hq_bootstrap
from hq_node.__main__ import PROGRAM as HQ_PROGRAM
from province_node import bootstrap as province_bootstrap
from province_node.__main__ import PROGRAM as PROVINCE_PROGRAM
from tests.support.processes import NodeProcess, ProcessFederation
from tests.support.routes import asked_for
from tests.support.stores import POSTGRES, SQLITE, databases_of

MEBIBYTE = 1_048_576
RSS_BYTES_MAX = 120 * MEBIBYTE
ENDED = 20_000
"""How long a request is waited for at most, in milliseconds."""


def ask(origin: NodeProcess, kind: str, destination: str, content: dict[str, Any], **more: Any) -> str:
    """Submits a request; its id."""
    document = {
        "kind": kind,
        "destinations": [destination],
        "content": content,
        "acting": {"operator": "op1", "channel": "counter", "customer_authentication": "SERVICE_PASSWORD"},
    }
    return str(origin.post("/requests", document | more)["request_id"])


def the_end(origin: NodeProcess, request_id: str) -> dict[str, Any]:
    """The one leg of a request once it has ended."""
    (leg,) = origin.get(f"/requests/{request_id}", wait_ms=ENDED)["legs"]
    assert leg["ended_at_us"], origin.said()
    return dict(leg)


def customer(line: int, subscription: str, number: str) -> dict[str, Any]:
    """A row of an extract."""
    return {
        "line": line,
        "customer_number": f"44-{line:010}",
        "kind": "individual",
        "name": "陈大文",
        "document_kind": "passport",
        "document_number": f"E{line:08}",
        "subscription": {
            "subscription_id": subscription,
            "service_number": number,
            "offering": "plan-58",
            "status": "active",
        },
    }


def test_an_idle_province_is_small(federation: ProcessFederation) -> None:
    federation["31"].get("/status")
    assert federation["31"].rss_bytes() < RSS_BYTES_MAX


@pytest.mark.parametrize("store", [SQLITE, POSTGRES])
def test_an_idle_hq_is_small_on_either_database(tmp_path: Path, store: str) -> None:
    with databases_of(store, tmp_path) as made:
        hq = NodeProcess("hq_node", tmp_path / "hq")
        hq.from_scratch = True
        url = made.empty() if store == POSTGRES else ""
        hq_bootstrap.init(hq.data_dir, link_port=0, enrolment_port=0, http_port=0, database_url=url)
        try:
            # The first start of a release compiles it, which takes memory that is never given back.
            hq.start().stop()
            hq.start().get("/status")
            assert hq.rss_bytes() < RSS_BYTES_MAX
        finally:
            if hq.running:
                hq.kill()


def test_a_request_is_completed_by_its_home_and_answered(federation: ProcessFederation) -> None:
    leg = the_end(federation["31"], ask(federation["31"], "query-node-status", "44", {}))
    assert (leg["state"], leg["answer"]["node"]) == ("completed", "44")


def test_hq_asks_a_whole_region(federation: ProcessFederation) -> None:
    submitted = federation.hq.post("/requests", {"kind": "query-node-status", "region": "all-provinces"})
    assert submitted["destinations"] == ["31", "44"]
    shown = federation.hq.get(f"/requests/{submitted['request_id']}", wait_ms=ENDED)
    assert shown["state"] == "completed"
    assert [leg["answer"]["node"] for leg in shown["legs"]] == ["31", "44"]


def test_a_customer_is_served_away_from_home(federation: ProcessFederation) -> None:
    shanghai, guangdong = federation["31"], federation["44"]
    imported = guangdong.post("/customers/import", {"rows": [customer(1, "44-A1", "13800000001")]})
    assert (imported["imported"], imported["problems"]) == (1, [])
    profile = the_end(shanghai, ask(shanghai, "query-customer-profile", "44", {"service_number": "13800000001"}))
    assert (profile["answer"]["name"], profile["answer_masked"]) == ("陈**", True)
    request_id = ask(shanghai, "suspend-subscription", "44", {"subscription_id": "44-A1"})
    assert the_end(shanghai, request_id)["state"] == "completed"
    (held,) = guangdong.get("/subscriptions", status="suspended")["items"]
    assert (held["subscription_id"], held["status_request_id"]) == ("44-A1", request_id)
    assert guangdong.get("/customers/summary")["subscriptions"]["suspended"] == 1


def test_a_customer_is_authenticated_at_home_by_password_and_by_a_code_that_outlives_a_power_cut(
    federation: ProcessFederation,
) -> None:
    shanghai, guangdong = federation["31"], federation["44"]
    row = {**customer(7, "44-A7", "13800000007"), "contact_number": "13800000007"}
    number, password = row["customer_number"], "canary-135790"
    guangdong.post("/customers/import", {"rows": [row]})
    guangdong.post(f"/service-passwords/{number}", {"password": password, "reason": "a test"})
    for name, value in (("simulator_failing", 100), ("simulator_late", 0)):
        guangdong.post(f"/parameters/communication.{name}/versions", {"value": value, "reason": "a test"})
    both = {"value": "SERVICE_PASSWORD,ONE_TIME_CODE", "reason": "a test"}
    guangdong.post("/parameters/authentication.suspend_subscription/versions", both)

    def authenticated(method: str, secret: str) -> bool:
        content = {"customer_number": number, "method": method, "secret": secret}
        answer = the_end(shanghai, ask(shanghai, "authenticate-customer", "44", content, acting=acting("NONE")))
        return bool(answer["answer"].get("authenticated"))

    assert not authenticated("SERVICE_PASSWORD", "wrong")
    assert authenticated("SERVICE_PASSWORD", password)
    the_end(shanghai, ask(shanghai, "send-one-time-code", "44", {"customer_number": number}, acting=acting("NONE")))
    said_before = len(federation.hq.log)
    guangdong.kill()
    guangdong.start()
    federation.hq.wait_for("link open", after=said_before, peer="44")
    guangdong.post("/interfaces/communication/adapter", {"adapter": "file", "reason": "a test"})
    sent = message_to(guangdong)
    assert sent["receiver"] == "13800000007"
    (code,) = re.findall(r"验证码 ([0-9]{6})", sent["text"])
    assert authenticated("ONE_TIME_CODE", code)
    content = {"subscription_id": "44-A7"}
    request_id = ask(shanghai, "suspend-subscription", "44", content, acting=acting("ONE_TIME_CODE"))
    assert the_end(shanghai, request_id)["state"] == "completed"
    for node in (shanghai, guangdong, federation.hq):
        said = json.dumps(node.log, ensure_ascii=False)
        assert not any(secret in said for secret in (password, f'"{code}"', "13800000007"))


def acting(authentication: str) -> dict[str, str]:
    """A clerk at a counter with one customer."""
    interaction = "0192f0c4-7b1e-7c3a-9d55-2f6f3c1a8b90"
    return {
        "operator": "op1",
        "channel": "counter",
        "customer_authentication": authentication,
        "interaction": interaction,
    }


def message_to(node: NodeProcess) -> dict[str, str]:
    """The one message that a node has written into a file, once it has."""
    until = time.monotonic() + 60
    while True:
        (call,) = node.get("/interfaces/communication/calls")["items"]
        if call["state"] == "done":
            (path,) = (node.data_dir / "messages").iterdir()
            return dict(json.loads(path.read_text("utf-8")))
        assert time.monotonic() < until, node.said()


def test_nothing_personal_is_logged_anywhere(federation: ProcessFederation) -> None:
    for node in (federation.hq, *federation.provinces.values()):
        said = json.dumps(node.log, ensure_ascii=False)
        assert "陈大文" not in said
        assert "13800000001" not in said


def test_a_refusal_is_an_answer_with_its_reason(federation: ProcessFederation) -> None:
    leg = the_end(federation["31"], ask(federation["31"], "suspend-subscription", "44", {"subscription_id": "none"}))
    assert (leg["state"], leg["reason_code"]) == ("rejected", "SUBSCRIPTION_NOT_FOUND")


def test_the_same_idempotency_key_gives_the_first_answer(federation: ProcessFederation) -> None:
    first = ask(federation["31"], "query-node-status", "44", {}, idempotency_key="once")
    again = federation["31"].post(
        "/requests",
        {
            "kind": "query-node-status",
            "destinations": ["44"],
            "acting": {"operator": "op1", "channel": "counter", "customer_authentication": "SERVICE_PASSWORD"},
            "idempotency_key": "once",
        },
    )
    assert (again["request_id"], again["repeated"]) == (first, True)


def test_a_request_is_followed_on_all_three_nodes(federation: ProcessFederation) -> None:
    request_id = ask(federation["31"], "query-node-status", "44", {})
    the_end(federation["31"], request_id)
    origin, hub, home = (
        node.get(f"/requests/{request_id}/trace") for node in (federation["31"], federation.hq, federation["44"])
    )
    assert [trace["role"] for trace in (origin, hub, home)] == ["origin", "hub", "home"]
    assert [step["step"] for step in origin["steps"]] == [
        "submitted",
        "admitted",
        "forwarded",
        "received by home",
        "answered by home",
        "answer at hub",
        "ended",
    ]
    assert [step["clock"] for step in origin["steps"]] == ["31", "00", "00", "44", "44", "00", "31"]
    assert [step["step"] for step in hub["steps"]] == ["admitted", "forwarded", "answered", "ended"]
    assert [step["step"] for step in home["steps"]] == ["received", "ended"]
    assert home["kind"] == "query-node-status"


def test_the_list_goes_on_where_it_stopped(federation: ProcessFederation) -> None:
    for _ in range(3):
        the_end(federation["31"], ask(federation["31"], "query-node-status", "44", {}))
    first = federation["31"].get("/requests", limit=2, state="completed")
    second = federation["31"].get("/requests", limit=2, state="completed", before=first["next"])
    listed = [item["request_id"] for page in (first, second) for item in page["items"]]
    assert len(set(listed)) == 4
    assert listed == sorted(listed, reverse=True)
    assert federation["31"].get("/requests", state="submitted") == {"items": [], "next": None}


def test_status_health_and_meters_tell_the_same(federation: ProcessFederation) -> None:
    status = federation.hq.get("/status")
    assert {link["peer"]: link["state"] for link in status["links"]} == {"31": "open", "44": "open"}
    assert status["hub_legs"]["completed"] >= 1
    assert federation.hq.http("/healthz").status_code == 200
    ready = federation.hq.http("/readyz").json()
    assert (ready["ready"], ready["links"]) == (True, {"31": "open", "44": "open"})
    meters = federation.hq.http("/metrics").text
    assert 'quanwang_writer_waiting{queue="batches"}' in meters
    assert 'quanwang_writer_oldest_seconds{queue="commands"}' in meters
    assert 'quanwang_link_open{peer="31"} 1.0' in meters
    assert 'quanwang_sealed_batches_total{peer="44"}' in meters
    assert federation.hq.http("/requests").status_code == 404


def compare(capsys: pytest.CaptureFixture[str], node: NodeProcess, program: Program, peer: str) -> tuple[int, Any]:
    """`journal compare`: its exit code, and what it says of each link (or of what went wrong)."""
    capsys.readouterr()
    code = run(program, ["journal", "compare", "--node", peer, "--data", str(node.data_dir), "--json"])
    said = capsys.readouterr()
    return code, json.loads(said.out or said.err)


def test_journals_are_compared_from_either_end(
    federation: ProcessFederation, capsys: pytest.CaptureFixture[str]
) -> None:
    the_end(federation["31"], ask(federation["31"], "query-node-status", "44", {}))
    for node, program, peer in ((federation.hq, HQ_PROGRAM, "31"), (federation["31"], PROVINCE_PROGRAM, "00")):
        code, document = compare(capsys, node, program, peer)
        assert code == 0, document
        compared = {each["link"]: each for each in document["links"]}
        assert sorted(compared) == ["00>31", "31>00"]
        assert all(each["parts_at"] == 0 and min(each["ours"], each["theirs"]) > 1 for each in compared.values())
    federation["44"].kill()
    federation.hq.wait_for("link ended", peer="44")
    code, document = compare(capsys, federation.hq, HQ_PROGRAM, "44")
    federation["44"].start()
    assert (code, document["code"]) == (4, "PEER_AWAY")


def test_a_running_node_answers_on_its_ports_and_says_where(federation: ProcessFederation) -> None:
    found = [finding for finding in hq_bootstrap.check(federation.hq.data_dir) if finding.subject == "ports"]
    assert [finding.severity for finding in found] == ["ok"] * 3, [finding.text("en") for finding in found]
    address = federation.hq.get("/status")["health_address"]
    assert federation.hq.wait_for("node serves")["health"] == f"http://{address}"
    assert federation.hq.wait_for("node serves")["rest"] == "off (NO_PORT)"
    assert federation.hq.get("/status")["rest"] == {"url": "", "off": "NO_PORT"}


def test_the_home_is_killed_and_nothing_is_lost_or_done_twice(federation: ProcessFederation) -> None:
    shanghai, guangdong = federation["31"], federation["44"]
    guangdong.post("/customers/import", {"rows": [customer(2, "44-A2", "13800000002")]})
    guangdong.kill()
    request_ids = [ask(shanghai, "suspend-subscription", "44", {"subscription_id": "44-A2"}) for _ in range(3)]
    said_before = len(federation.hq.log)
    guangdong.start()
    federation.hq.wait_for("link open", after=said_before, peer="44")
    states = [the_end(shanghai, request_id)["state"] for request_id in request_ids]
    assert sorted(states) == ["completed", "rejected", "rejected"]
    assert guangdong.get("/parked")["items"] == []


def test_requests_wait_while_hq_is_away(federation: ProcessFederation) -> None:
    shanghai = federation["31"]
    federation.hq.kill()
    shanghai.wait_for("link ended", peer="00")
    assert shanghai.http("/readyz").json()["ready"] is True
    request_ids = [ask(shanghai, "query-node-status", "44", {}) for _ in range(5)]
    (link,) = shanghai.get("/status")["links"]
    assert (link["state"], link["waiting_entries"]) == ("closed", 5)
    shown = shanghai.get(f"/requests/{request_ids[0]}", wait_ms=50)
    assert shown["state"] == "submitted"
    federation.hq.start()
    for request_id in request_ids:
        assert the_end(shanghai, request_id)["state"] == "completed"


def test_a_node_stops_in_good_order_and_its_operator_goes_on_without_it(federation: ProcessFederation) -> None:
    guangdong = federation["44"]
    assert guangdong.stop() == 0
    assert guangdong.log[-1]["event"] == "node stopped"
    assert not (guangdong.data_dir / "admin.sock").exists()
    with province_bootstrap.build_offline_app(guangdong.data_dir) as app:
        assert "/customers/import" in asked_for(app)
    findings = province_bootstrap.check(guangdong.data_dir)
    # Where no test before this one has connected a gateway for messages, the node warns of it.
    odd = [(finding.subject, finding.severity) for finding in findings if finding.severity != "ok"]
    assert set(odd) <= {("interfaces", "warning")}, [finding.text("en") for finding in findings]
    guangdong.start()


def test_a_second_program_is_refused(federation: ProcessFederation) -> None:
    with pytest.raises(DataDirectoryInUse):
        province_bootstrap.serve(federation["31"].data_dir)

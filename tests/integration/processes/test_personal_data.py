"""Personal data among real programs: it gets into no file, log, meter, message or error in the clear, and a rotation of
its keys survives being killed anywhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.processes import run_command
from tests.support.running import RunningFederation, RunningNode, eventually, import_customers

DOCUMENT, CONTACT, STREET, MAIL = "E77CANARY1", "13977770001", "金丝雀街", "canary@example.com"
WRONG_DOCUMENT, WRONG_CONTACT = "E77CANARY2!", "139777700027777"
CANARIES = (DOCUMENT, CONTACT, STREET, MAIL, WRONG_DOCUMENT, WRONG_CONTACT)

HEADING = (
    "customer_number,name,document_kind,document_number,contact_number,city_code,address,"
    "subscription_id,service_number,offering,status\n"
)
EXTRACT = (
    HEADING
    + f"1,张三,passport,{DOCUMENT},{CONTACT},440100,广州市{STREET}1号 {MAIL},S1,13800138000,m,active\n"
    + f"2,李四,passport,{WRONG_DOCUMENT},{WRONG_CONTACT},440100,广州市{STREET}2号 {MAIL},S2,13900139000,m,active\n"
    + f"3,王五,passport,{DOCUMENT},{CONTACT},440100,广州市{STREET}3号\x07,S3,,m,active\n"
    + f"4,赵六,passport,{DOCUMENT},{CONTACT},440100,广州市{STREET}4号,S4,13800138000,m,active\n"
)
CUSTOMERS = 1_000
KILLS = 2


def call(node: RunningNode, *arguments: str, given: str = "") -> str:
    """What a command of the command line says on both of its streams."""
    done = run_command(node.package, *arguments, "--data", str(node.data_dir), given=given)
    return done.stdout + done.stderr


def refused(node: RunningNode, path: str, document: Any) -> str:
    """What the admin API says to something it does not take."""
    with node.admin() as client:
        answer = client.post(path, json=document)
    assert answer.status_code >= 400, answer.text
    return answer.text


def files_of(*nodes: RunningNode) -> dict[str, bytes]:
    """Every file that the nodes have written."""
    return {str(file): file.read_bytes() for node in nodes for file in node.data_dir.rglob("*") if file.is_file()}


def test_personal_data_is_nowhere_in_the_clear(tmp_path: Path) -> None:
    extract = tmp_path / "extract.csv"
    extract.write_text(EXTRACT, encoding="utf-8")
    said: list[str] = []
    with RunningFederation(tmp_path / "federation", ("31", "44")) as federation:
        home, away = federation["44"], federation["31"]
        report = tmp_path / "report.csv"
        for language in ("en", "zh"):
            said.append(call(home, "customers", "import", str(extract), "--report", str(report), "--lang", language))
            said.append(report.read_text(encoding="utf-8-sig"))
        assert "4" in said[0]
        acting = {"operator": "op1", "channel": "counter", "customer_authentication": "SERVICE_PASSWORD"}
        for content in ({"service_number": "13800138000"}, {"customer_number": "44-9", "service_number": CONTACT}):
            wish = {"kind": "query-customer-profile", "destinations": ["44"], "content": content, "acting": acting}
            request_id = away.post("/requests", wish)["request_id"]
            (leg,) = away.get(f"/requests/{request_id}", wait_ms=20_000)["legs"]
            said.append(json.dumps(home.get(f"/requests/{request_id}/trace"), ensure_ascii=False))
            assert leg["ended_at_us"]
            if leg["state"] == "completed":
                # Shown masked to whoever asked, in full to whoever says why, and to nobody else.
                said.append(json.dumps(leg["answer"], ensure_ascii=False))
                shown = away.post(f"/requests/{request_id}/reveal", {"reason": "dispute"})["answer"]
                assert (shown["document_number"], shown["contact_number"]) == (DOCUMENT, CONTACT)
        row = {"line": 1, "customer_number": "44-7", "kind": "individual", "document_number": [DOCUMENT], "x": CONTACT}
        said.append(refused(home, "/customers/import", {"rows": [row]}))
        said.append(refused(home, "/customers/search", {"by": "address", "text": STREET, "city_code": CONTACT}))
        said.append(refused(home, "/customers/search", {"by": "document", "text": [DOCUMENT]}))
        said.append(refused(home, "/customers/44-1/erase", {"reason": "", "document": DOCUMENT}))
        said.append(refused(home, "/customers/44-1/erase", {"reason": "asked for"}))
        for by, text in (("document", DOCUMENT), ("contact", CONTACT[-4:]), ("address", STREET)):
            city = ("--city", "440100") if by == "address" else ()
            found = call(home, "customers", "find", by, *city, given=text + "\n")
            assert "44-1" in found
            said.append(found)
        assert "139****0001" in call(home, "customers", "show", "44-1")
        out = tmp_path / "customer.json"
        said.append(call(home, "customers", "export", "44-1", "--out", str(out)))
        assert DOCUMENT in out.read_text(encoding="utf-8")
        said += [call(home, *command) for command in (("customers", "show", "44-1"), ("check",), ("status",))]
        said += [node.http("/metrics").text for node in federation.nodes.values()]
        federation.stop_all()
        said += [json.dumps(node.log, ensure_ascii=False) for node in federation.nodes.values()]
        files = files_of(*federation.nodes.values())
    assert not [(canary, text) for canary in CANARIES for text in said if canary in text]
    assert not [(canary, file) for canary in CANARIES for file, content in files.items() if canary.encode() in content]
    assert any("张三".encode() in content for content in files.values())


def test_a_rotation_that_is_killed_again_and_again_ends_and_loses_nothing(tmp_path: Path) -> None:
    with RunningFederation(tmp_path, ("44",)) as federation:
        home = federation["44"]
        held = import_customers(home, "44", CUSTOMERS)
        numbers = sorted({each.customer_number for each in held})
        before = {number: home.get(f"/customers/{number}") for number in numbers[:20]}
        home.post("/personal-data/rotate")
        for killed in range(KILLS):
            # The first time before a record was renewed, then after some were.
            eventually(lambda: not killed or home.get("/personal-data")["records_left"] < len(numbers), "it goes on")  # noqa: B023
            home.kill()
            home.start()
        home.post("/personal-data/master-key")
        eventually(lambda: not home.get("/personal-data")["rotating"], "the rotation is over")
        status = home.get("/personal-data")
        assert (status["generation"], status["records_left"], status["records"]) == (2, 0, len(numbers))
        assert [each["destroyed_at_us"] > 0 for each in status["generations"]] == [False, True]
        assert {number: home.get(f"/customers/{number}") for number in before} == before
        assert import_customers(home, "44", CUSTOMERS) == held
        assert home.post("/personal-data/master-key/forget-former")["forgotten"] == 1
        home.stop()
        home.start()
        assert {number: home.get(f"/customers/{number}") for number in before} == before

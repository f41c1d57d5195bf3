"""The demonstration from begin to end: what it shows comes true, and whenever it is ended nothing is left running."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

from tests.support.demo import ROOT, WAIT_S, Demo, processes_of

TELCO = ROOT.parent / "shared" / "data" / "telco-customer-churn.csv"
PROVINCES = ("44", "31", "11")
NODES = ("hq", *PROVINCES)
RANDOM_REQUESTS = 60

BY_CTRL_C = 130
CANNOT_USE = 73


class Shown(NamedTuple):
    """A demonstration that has ended."""

    data: Path
    numbers: dict[str, Any]
    said: str


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    data = tmp_path_factory.mktemp("demo") / "data"
    with Demo(data, "--once", "--json", "--customers", "90", "--requests", str(RANDOM_REQUESTS)) as demo:
        code, output = demo.end()
    assert code == 0, demo.said
    return Shown(data, json.loads(output), demo.said)


def rows(data: Path, node: str, query: str) -> list[Any]:
    with closing(sqlite3.connect(f"file:{data / node / 'node.db'}?immutable=1", uri=True)) as database:
        return database.execute(query).fetchall()


def test_every_request_ends_as_it_should(shown: Shown) -> None:
    numbers = shown.numbers
    assert numbers["requests"] == RANDOM_REQUESTS + 15
    assert sum(numbers[end] for end in ("completed", "rejected", "expired", "cancelled")) == numbers["requests"]
    assert (numbers["expired"], numbers["cancelled"]) == (1, 1)
    assert (numbers["lost"], numbers["duplicated"]) == (0, 0)
    assert numbers["findings"] == numbers["unexpected"] == []


def test_the_numbers_are_those_of_the_databases(shown: Shown) -> None:
    asked = [leg for node in NODES for leg in rows(shown.data, node, "SELECT leg_id, state FROM asked_legs")]
    hub = rows(shown.data, "hq", "SELECT leg_id, state FROM hub_legs")
    assert sorted(asked) == sorted(hub)
    ends = Counter(state for _, state in asked)
    assert shown.numbers["legs"] == {
        "all": len(asked),
        **{end: ends[end] for end in shown.numbers["legs"] if end != "all"},
    }
    requests = [row for node in NODES for row in rows(shown.data, node, "SELECT request_id FROM requests")]
    assert shown.numbers["requests"] == len(requests)
    customers = [
        row for node in PROVINCES for row in rows(shown.data, node, "SELECT customer_number FROM customer_records")
    ]
    assert shown.numbers["customers"] == len(customers) == len(set(customers)) == 90


def test_each_kind_of_end_is_shown_with_its_path_and_reason(shown: Shown) -> None:
    for words in (
        "31 Shanghai → HQ → 44 Guangdong",
        "44 Guangdong → HQ → 31 Shanghai",
        "HQ → 3 provinces",
        "rejected · already suspended",
        "rejected · terminated for good",
        "rejected · no such customer",
        "rejected · password missing",
        "waits at HQ",
        "3 of 3 answered",
        "the first answer again",
    ):
        assert words in shown.said


def test_nothing_is_left_running_at_the_end(shown: Shown) -> None:
    assert processes_of(shown.data) == []


@pytest.mark.parametrize(
    ("node", "mischief", "lost", "duplicated"),
    [
        ("31", "DELETE FROM asked_legs WHERE state = 'completed'", True, False),
        ("31", "UPDATE asked_legs SET state = 'submitted' WHERE state = 'rejected'", True, False),
        ("hq", "DELETE FROM hub_legs WHERE state = 'expired'", True, False),
        ("44", "DELETE FROM serving_legs WHERE state = 'rejected'", True, False),
        ("44", "UPDATE subscriptions SET status_request_id = x'' WHERE length(status_request_id) = 16", True, False),
        ("44", "UPDATE serving_legs SET state = 'rejected' WHERE state = 'completed'", False, True),
        ("hq", "UPDATE hub_legs SET state = 'completed' WHERE state = 'cancelled'", True, True),
        ("44", "UPDATE subscriptions SET status = 'terminated' WHERE length(status_request_id) = 16", False, True),
        (
            "44",
            "CREATE TEMP TABLE again AS SELECT * FROM inbox; UPDATE again SET source = '99';"
            "INSERT INTO inbox SELECT * FROM again",
            False,
            True,
        ),
    ],
)
def test_what_went_wrong_would_be_found(
    shown: Shown, tmp_path: Path, node: str, mischief: str, lost: bool, duplicated: bool
) -> None:
    """The comparison of the databases is worth something only if it sees what is planted."""
    import _demo_audit
    import _demo_place

    data = tmp_path / "data"
    shutil.copytree(shown.data, data)
    database = sqlite3.connect(data / node / "node.db")
    with closing(database), database:
        database.executescript(mischief)
    audit = _demo_audit.Audit(_demo_place.Place(str(data)), PROVINCES, set())
    assert (audit.lost > 0, audit.duplicated > 0) == (lost, duplicated), audit.findings


def test_a_request_that_a_node_took_and_forgot_is_lost(shown: Shown) -> None:
    import _demo_audit
    import _demo_place

    forgotten = ("31", "0192f0c4-7b1e-7c3a-9d55-2f6f3c1a8b90")
    audit = _demo_audit.Audit(_demo_place.Place(str(shown.data)), PROVINCES, {forgotten})
    assert audit.lost == 1


@pytest.mark.parametrize(
    ("moment", "options"),
    [
        ("made-up customers", ()),
        ("HQ founded and serving", ()),
        ("The nodes keep running", ("--provinces", "1")),
    ],
    ids=["while HQ is founded", "while provinces enrol", "while all is running"],
)
def test_ctrl_c_leaves_no_process_behind(tmp_path: Path, moment: str, options: tuple[str, ...]) -> None:
    with Demo(tmp_path / "data", "--customers", "30", "--json", *options) as demo:
        demo.wait_until_it_says(moment)
        demo.interrupt()
        # Again, as people do.
        demo.wait_until_it_says("Stopping all nodes")
        demo.interrupt()
        code, output = demo.end()
        assert code == BY_CTRL_C, demo.said
        assert demo.processes() == []
        # Where the show was over, its numbers have been printed, once.
        assert (json.loads(output)["lost"] == 0) if options else (output == "")
        assert "Traceback" not in demo.said


def test_ctrl_c_leaves_no_process_behind_when_the_nodes_are_on_postgresql() -> None:
    # Not below pytest's own directory: a server started by root becomes another user, who must be able to reach it.
    with tempfile.TemporaryDirectory(prefix="quanwang-demo-") as room:
        data = Path(room) / "data"
        with Demo(data, "--customers", "30", "--json", "--provinces", "1", "--store", "postgres") as demo:
            demo.wait_until_it_says("The nodes keep running")
            assert any("postgres" in process.name() for process in demo.processes())
            demo.interrupt()
            code, output = demo.end()
            assert code == BY_CTRL_C, demo.said
            assert demo.processes() == []
            numbers = json.loads(output)
            assert (numbers["lost"], numbers["duplicated"], numbers["unexpected"]) == (0, 0, [])
            assert numbers["requests"] > 10
        assert not list(data.glob("*/node.db"))


def test_a_killed_demonstration_takes_its_nodes_along_and_the_next_one_begins_anew(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Demo(data, "--customers", "30", "--provinces", "1", "--json") as demo:
        demo.wait_until_it_says("The nodes keep running")
        running = demo.processes()
        # HQ, a province, and the guard.
        assert len(running) == 3
        with Demo(data) as second:
            code, _ = second.end()
            assert code == CANNOT_USE
            assert f"(process {demo.process.pid})" in second.said
        demo.process.send_signal(signal.SIGKILL)
        demo.process.wait(WAIT_S)
        _, alive = psutil.wait_procs(running, timeout=WAIT_S)
        assert alive == []
    with Demo(data, "--keep", "--once", "--json") as demo:
        code, output = demo.end()
        assert code == 0, demo.said
        # What was asked before it was killed is still there, and nothing of it is lost.
        assert json.loads(output)["requests"] > 10


def test_a_directory_that_it_did_not_make_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("mine", encoding="utf-8")
    with Demo(tmp_path) as demo:
        code, _ = demo.end()
    assert code == CANNOT_USE
    assert "is left alone" in demo.said
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]


@pytest.mark.parametrize(
    ("content", "mapping", "said"),
    [
        ("root:x:0:0:root\n", (), "heading"),
        ("root:x:0:0:root\n", ("--mapping", "quanwang"), "customer_number"),
        ("客户编号,姓名\n1,张三\n", (), "name"),
        (None, (), "emptied"),
    ],
    ids=["no extract at all", "a mapping that does not fit", "a column is missing", "inside of the directory"],
)
def test_customers_that_cannot_be_read_leave_the_last_run_as_it_is(
    shown: Shown, tmp_path: Path, content: str | None, mapping: tuple[str, ...], said: str
) -> None:
    data = tmp_path / "data"
    shutil.copytree(shown.data, data)
    before = sorted(path.relative_to(data) for path in data.rglob("*"))
    customers = data / "files" / "customers.csv"
    if content is not None:
        customers = tmp_path / "wrong.csv"
        customers.write_text(content, encoding="utf-8")
    with Demo(data, "--once", "--customers", str(customers), *mapping) as demo:
        code, _ = demo.end()
    assert code == CANNOT_USE
    assert said in demo.said
    assert sorted(path.relative_to(data) for path in data.rglob("*")) == before


@pytest.mark.extra("the Telco sample lies beside the checkout on some machines only")  # noqa: S610 - a mark of ours
def test_the_telco_file_is_taken_in_whole(tmp_path: Path) -> None:
    if not TELCO.exists():
        pytest.skip(f"there is no {TELCO.name} beside the checkout")
    with Demo(tmp_path / "data", "--once", "--json", "--customers", str(TELCO)) as demo:
        code, output = demo.end()
    assert code == 0, demo.said
    numbers = json.loads(output)
    lines = sum(1 for line in TELCO.read_text(encoding="utf-8").splitlines() if line) - 1
    assert numbers["rows"]["read"] == numbers["rows"]["imported"] == numbers["customers"] == lines
    assert sum(numbers["subscriptions"].values()) == lines
    assert (numbers["lost"], numbers["duplicated"]) == (0, 0)

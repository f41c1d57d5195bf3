"""Exit codes, and what is said when something goes wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from common.cli.exits import Exit
from common.errors import Fault, Refusal, StorageUnavailable
from common.program.data_directory import DataDirectoryInUse
from province_node.directory.membership import NotEnrolled
from tests.support.fake_admin import CommandLine, Failure, FakeFinding

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(("status", "code"), [(404, 1), (409, 1), (413, 1), (422, 1), (500, 5), (503, 4)])
def test_what_the_node_answers_decides_the_exit_code(hq: CommandLine, status: int, code: int) -> None:
    hq.node.failures["/status"] = Failure(status, "SOME_CODE", "The node's own words.")
    result = hq("status")
    assert (result.code, result.out) == (code, "")
    assert "The node's own words." in result.err
    assert "SOME_CODE" in result.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Refusal(), 1),
        (DataDirectoryInUse(path="/data"), 4),
        (NotEnrolled(path="/data"), 3),
        (StorageUnavailable(detail="disk full"), 4),
        (Fault(), 5),
        (RuntimeError("nobody thought of this"), 5),
        (OSError(28, "No space left on device", "/data/node.db"), 5),
        (KeyboardInterrupt(), 130),
    ],
)
def test_what_the_node_raises_decides_the_exit_code(hq: CommandLine, error: BaseException, code: int) -> None:
    hq.bootstrap.error = error
    for command in ("status", "serve", "migrate", "check"):
        result = hq(command)
        assert (result.code, result.out) == (code, ""), command
        assert result.err


def test_errors_are_json_on_standard_error_when_json_is_asked_for(hq: CommandLine) -> None:
    hq.bootstrap.error = NotEnrolled(path="/data/federation.json")
    result = hq("status", "--json")
    assert result.out == ""
    error = json.loads(result.err)
    assert error["code"] == "NOT_ENROLLED"
    assert error["exit_code"] == 3
    assert error["where"] == "/data/federation.json"
    assert "nodes invite" in error["mend"]


def test_a_mistake_of_ours_shows_where_it_happened_but_never_instead_of_json(hq: CommandLine) -> None:
    hq.bootstrap.error = RuntimeError("nobody thought of this")
    assert "Traceback" in hq("status").err
    assert json.loads(hq("status", "--json").err)["code"] == "INTERNAL_FAULT"


def test_usage_errors_are_json_too(hq: CommandLine) -> None:
    result = hq("status", "--json", "--frob")
    assert (result.code, result.out) == (2, "")
    assert json.loads(result.err)["code"] == "USAGE"


def test_without_a_data_directory_the_command_says_how_to_name_one(
    hq: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QUANWANG_DATA")
    result = hq("status")
    assert result.code == 2
    assert "--data DIR" in result.err


@pytest.mark.parametrize("command", ["status", "serve", "migrate"])
def test_a_directory_without_a_node_says_how_to_make_one(hq: CommandLine, tmp_path: Path, command: str) -> None:
    result = hq(command, "--data", str(tmp_path / "nothing"))
    assert result.code == 3
    assert "hq-node init" in result.err
    assert hq.bootstrap.calls == []


def test_check_ends_with_1_when_something_is_wrong_and_not_for_a_warning(hq: CommandLine) -> None:
    hq.bootstrap.findings = [FakeFinding("ok", "keys"), FakeFinding("warning", "certificates")]
    assert hq("check").code == 0
    hq.bootstrap.findings.append(FakeFinding("error", "database"))
    result = hq("check", "--json")
    assert result.code == 1
    assert [finding["severity"] for finding in json.loads(result.out)["findings"]] == ["ok", "warning", "error"]


def test_the_exit_codes_stay_what_they_are() -> None:
    """Scripts rely on them."""
    assert {code.name: int(code) for code in Exit} == {
        "OK": 0,
        "REFUSED": 1,
        "USAGE": 2,
        "NO_NODE": 3,
        "TRY_AGAIN": 4,
        "INTERNAL": 5,
        "ENDED_OTHERWISE": 6,
        "NOT_ENDED": 7,
        "AWAITS_APPROVAL": 8,
        "INTERRUPTED": 130,
    }


@pytest.mark.parametrize("module", ["hq_node", "province_node"])
def test_help_imports_nothing_heavy(module: str) -> None:
    """What is imported is what takes the time; the time itself depends on the machine."""
    code = f"""
import sys
from {module}.__main__ import PROGRAM
from common.cli.program import run
assert run(PROGRAM, ["--help"]) == 0
heavy = {{"alembic", "cryptography", "google", "grpc", "http", "httpx"}}
heavy |= {{"pydantic", "sqlalchemy", "starlette", "uvicorn"}}
print(sorted(heavy & set(sys.modules)))
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment, cwd=ROOT
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("module", ["hq_node", "province_node"])
def test_serving_loads_no_other_command(module: str, tmp_path: Path) -> None:
    """A node serves for months with what it has loaded."""
    code = f"""
import sys
from {module}.__main__ import PROGRAM
from common.cli.program import run
assert run(PROGRAM, ["serve", "--data", {str(tmp_path)!r}]) == 3
print(sorted(name for name in sys.modules if "command" in name))
assert run(PROGRAM, ["status", "--data", {str(tmp_path)!r}]) == 3
print("{module}.command_line" in sys.modules)
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment, cwd=ROOT
    )
    assert done.stdout.splitlines() == ["[]", "True"]


def test_the_program_can_be_run_as_a_module_and_says_its_exit_code(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "LC_ALL": "C", "QUANWANG_LANG": "zh"}
    command = [sys.executable, "-m", "hq_node", "status", "--data", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=ROOT)
    assert (done.returncode, done.stdout) == (3, "")
    assert "没有节点" in done.stderr

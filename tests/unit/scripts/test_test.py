"""The one command for all checks: what it runs, and what its exit code says."""

import sys
from pathlib import Path

import pytest

from scripts import test as script


class Checks:
    """Stands in for the programs; remembers what was asked for."""

    def __init__(self, failing: str = "", tests_code: int = 0) -> None:
        self.failing = failing
        self.tests_code = tests_code
        self.titles: list[str] = []
        self.pytest_arguments: list[str] = []

    def passes(self, title: str, command: list[str]) -> bool:
        self.titles.append(title)
        return title != self.failing

    def run(self, command: list[str]) -> int:
        assert command[:3] == [sys.executable, "-m", "pytest"]
        self.pytest_arguments = command[3:]
        return self.tests_code


def stand_in(monkeypatch: pytest.MonkeyPatch, checks: Checks) -> Checks:
    monkeypatch.setattr(script, "passes", checks.passes)
    monkeypatch.setattr(script, "run", checks.run)
    return checks


def test_without_arguments_everything_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = stand_in(monkeypatch, Checks())
    assert script.main([]) == 0
    assert checks.titles == ["style", "format", "protocol style", "generated code", "import contracts", "types"]
    assert "-n" in checks.pytest_arguments


def test_arguments_go_to_pytest_and_nothing_else_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = stand_in(monkeypatch, Checks(tests_code=5))
    assert script.main(["tests/unit", "-k", "lock"]) == 5
    assert checks.titles == []
    assert checks.pytest_arguments == ["tests/unit", "-k", "lock"]


def test_a_failed_check_fails_the_run_but_the_rest_still_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checks = stand_in(monkeypatch, Checks(failing="style"))
    assert script.main([]) == 1
    assert "types" in checks.titles
    assert checks.pytest_arguments
    assert capsys.readouterr().out.splitlines()[-1] == "Failed before the tests: style"


def test_failed_tests_give_their_own_code(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, Checks(failing="style", tests_code=2))
    assert script.main([]) == 2


def test_programs_that_tests_start_keep_what_they_compile() -> None:
    kept = script.with_compiled_kept({"PYTHONDONTWRITEBYTECODE": "1", "LANG": "C"})
    assert kept == {"PYTHONPYCACHEPREFIX": str(Path(sys.prefix) / "compiled"), "LANG": "C"}
    chosen = {"PYTHONPYCACHEPREFIX": "/elsewhere"}
    assert script.with_compiled_kept(chosen) == chosen


def test_a_check_shows_its_output_only_when_it_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert script.passes("kept", [sys.executable, "-c", "print('quiet')"])
    assert not script.passes("broken", [sys.executable, "-c", "raise SystemExit('loud')"])
    shown = capsys.readouterr().out
    assert "quiet" not in shown
    assert "loud" in shown

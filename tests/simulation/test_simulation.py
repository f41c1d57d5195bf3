"""Seeds through the simulator: whatever goes wrong on the way, every run ends as it must."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulation import databases
from tests.simulation.command_line import main
from tests.simulation.mutants import MUTANTS, planted
from tests.simulation.runs import run_seed

SEEDS = 100
SEEDS_A_TEST = 10


@pytest.fixture
def room() -> Iterator[Path]:
    with databases.make_room() as directory:
        yield Path(directory)


@pytest.mark.parametrize("first", range(0, SEEDS, SEEDS_A_TEST))
def test_every_leg_has_its_one_end_and_nothing_is_lost_when_everything_goes_wrong(first: int, room: Path) -> None:
    results = [run_seed(seed, room) for seed in range(first, first + SEEDS_A_TEST)]
    assert {result.seed: result.findings for result in results if result.failed} == {}
    assert all(result.messages and result.legs for result in results)
    assert sum(result.faults["node_lost"] for result in results) > 0
    assert sum(result.faults["node_restored"] for result in results) > 0


def test_the_report_is_json_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seeds", "2", "--first-seed", "3", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["seeds"] == 2
    assert report["failed"] == []
    assert report["messages"] > 0
    assert sum(report["legs"].values()) > 0
    assert report["faults"]["restart"] >= 0
    assert report["seconds"] > 0


def test_the_exit_code_is_1_when_a_seed_failed(capsys: pytest.CaptureFixture[str]) -> None:
    mistake = next(one for one in MUTANTS if one.name == "private-body-encrypted-for-hq-too")
    with planted(mistake):
        assert main(["--seeds", "1", "--first-seed", "1"]) == 1
    said = capsys.readouterr().out
    assert "nobody-else-reads" in said
    assert "--trace" in said

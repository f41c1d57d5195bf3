"""A seed is all there is to know of a run: again, it happens step by step as before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation import databases
from tests.simulation.runs import run_seed

ROOT = Path(__file__).resolve().parents[2]
SEEDS = (2, 5, 11)


def test_a_run_is_the_same_step_by_step_when_its_seed_is_run_again() -> None:
    lines: list[str] = []
    again: list[str] = []
    with databases.make_room() as room:
        first = run_seed(SEEDS[0], Path(room), listener=lines.append)
        second = run_seed(SEEDS[0], Path(room), listener=again.append)
    assert lines == again
    assert lines
    assert first.digest == second.digest


def test_different_seeds_are_different_runs() -> None:
    with databases.make_room() as room:
        assert len({run_seed(seed, Path(room)).digest for seed in SEEDS}) == len(SEEDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_is_the_same_when_another_process_with_other_hashes_runs_it(seed: int) -> None:
    with databases.make_room() as room:
        here = run_seed(seed, Path(room)).digest
    printed = subprocess.run(
        [sys.executable, "-m", "tests.simulation.command_line", "--trace", str(seed)],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "4711"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert f"seed {seed}: trace {here}" in printed.splitlines()

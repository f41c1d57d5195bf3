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
SEEDS = (2, 5)


@pytest.fixture(scope="module")
def digests() -> dict[int, str]:
    with databases.make_room() as room:
        return {seed: run_seed(seed, Path(room)).digest for seed in SEEDS}


def test_a_run_is_the_same_step_by_step_when_its_seed_is_run_again(digests: dict[int, str]) -> None:
    lines: list[str] = []
    with databases.make_room() as room:
        again = run_seed(SEEDS[0], Path(room), listener=lines.append)
    assert lines
    assert again.digest == digests[SEEDS[0]]


def test_different_seeds_are_different_runs(digests: dict[int, str]) -> None:
    assert len(set(digests.values())) == len(SEEDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_is_the_same_when_another_process_with_other_hashes_runs_it(seed: int, digests: dict[int, str]) -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "tests.simulation.command_line", "--trace", str(seed)],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "4711"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert f"seed {seed}: trace {digests[seed]}" in printed.splitlines()

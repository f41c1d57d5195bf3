"""Planted mistakes: each must be seen, soon, by a checker that is meant to see it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulation import databases
from tests.simulation.mutants import MUTANTS, Mutant, planted
from tests.simulation.runs import run_seed
from tests.simulation.world import Size

SEEDS_MAX = 25
SIZE = Size(quiet_seconds_max=45)


@pytest.fixture
def room() -> Iterator[Path]:
    with databases.make_room() as directory:
        yield Path(directory)


@pytest.mark.parametrize("one", MUTANTS, ids=lambda one: one.name)
def test_the_mistake_is_seen_when_it_is_planted(one: Mutant, room: Path) -> None:
    seen: set[str] = set()
    for seed in range(SEEDS_MAX):
        with planted(one):
            found = {finding.checker for finding in run_seed(seed, room, SIZE, emphasis=one.emphasis).findings}
        seen |= found
        if found & one.caught_by:
            # It is the mistake that was seen: without it, the same seed passes.
            assert run_seed(seed, room, SIZE, emphasis=one.emphasis).findings == []
            return
    pytest.fail(f"{one.name} was not seen in {SEEDS_MAX} seeds by {sorted(one.caught_by)}, only by {sorted(seen)}")


def test_there_are_enough_mistakes_of_different_kinds() -> None:
    assert len(MUTANTS) >= 10
    assert len({one.name for one in MUTANTS}) == len(MUTANTS)
    assert len(frozenset().union(*(one.caught_by for one in MUTANTS))) >= 8

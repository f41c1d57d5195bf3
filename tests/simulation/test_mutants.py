"""Planted mistakes: each must be seen, soon, by a checker that is meant to see it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.simulation import databases
from tests.simulation.mutants import MUTANTS, Mutant, planted
from tests.simulation.runs import run_seed
from tests.simulation.world import Finding, Size

SEEDS_MAX = 25
SIZE = Size(quiet_seconds_max=45)

FIRST_SEEDS = {
    "directory-in-force-too-late": 5,
    "what-was-proved-before-a-suspension-is-received-after-it": 3,
    "only-the-newest-private-key-opens": 1,
    "cancel-overtakes-its-request": 3,
    "withdrawn-without-a-tombstone": 1,
    "withdrawn-after-the-point-of-no-return": 2,
    "what-was-sealed-under-a-revoked-key-is-dropped": 3,
    "duplicate-batch-processed-again": 1,
    "root-of-the-seal-not-checked": 1,
    "retry-loses-the-leg-order": 3,
    "answered-before-the-commit": 2,
    "failed-item-leaves-its-rows": 1,
    "former-owner-goes-on-sealing": 3,
    "former-owner-goes-on-receiving": 4,
    "claim-leaves-the-epoch": 3,
    "chain-goes-on-from-memory": 4,
    "what-others-published-counts-when-it-is-heard-of": 3,
    "outbox-row-left-after-sealing": 3,
    "leg-is-not-kept-in-order": 1,
    "recovery-decides-anew": 2,
    "own-answers-are-not-looked-for": 1,
    "numbers-of-seals-are-used-again": 1,
    "answered-work-goes-on-again": 2,
    "answers-without-their-effects": 2,
    "used-idempotency-keys-are-free-again": 2,
    "what-nobody-answered-waits-for-ever": 2,
    "restored-node-begins-where-hq-is": 2,
    "restored-province-goes-by-what-its-backup-held": 8,
}
"""Where to begin, for mistakes that the first seeds do not show, or show slowly. It saves time and decides nothing."""


@pytest.fixture
def room() -> Iterator[Path]:
    with databases.make_room() as directory:
        yield Path(directory)


@cache
def found_without_a_mistake(seed: int, emphasis: tuple[tuple[str, float], ...]) -> list[Finding]:
    """A run is the same whenever it is repeated, so one does for all mistakes that the same seed shows."""
    with databases.make_room() as directory:
        return run_seed(seed, Path(directory), SIZE, emphasis=dict(emphasis)).findings


@pytest.mark.parametrize("one", MUTANTS, ids=lambda one: one.name)
def test_the_mistake_is_seen_when_it_is_planted(one: Mutant, room: Path) -> None:
    seen: set[str] = set()
    begin = FIRST_SEEDS.get(one.name, 0)
    for seed in range(begin, begin + SEEDS_MAX):
        with planted(one):
            found = {finding.checker for finding in run_seed(seed, room, SIZE, emphasis=one.emphasis).findings}
        seen |= found
        if found & one.caught_by:
            # It is the mistake that was seen: without it, the same seed passes.
            assert found_without_a_mistake(seed, tuple(sorted(one.emphasis.items()))) == []
            return
    pytest.fail(f"{one.name} was not seen in {SEEDS_MAX} seeds by {sorted(one.caught_by)}, only by {sorted(seen)}")


def test_there_are_enough_mistakes_of_different_kinds() -> None:
    assert len(MUTANTS) >= 10
    assert len({one.name for one in MUTANTS}) == len(MUTANTS)
    assert {one.name for one in MUTANTS} >= FIRST_SEEDS.keys()
    assert len(frozenset().union(*(one.caught_by for one in MUTANTS))) >= 8

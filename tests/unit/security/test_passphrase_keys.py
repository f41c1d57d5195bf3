"""Keys from passphrases: the same from the same, at a cost that is stored and bounded."""

from __future__ import annotations

import subprocess
import sys

import pytest

from common.security.passphrase_keys import derive_key

SALT = b"sixteen bytes...."
COST = {"memory_kib": 32, "iterations": 1, "lanes": 1}


def test_the_same_passphrase_salt_and_cost_give_the_same_key_and_nothing_else_does() -> None:
    key = derive_key(b"a passphrase", SALT, COST)
    assert len(key) == 32
    assert derive_key(b"a passphrase", SALT, COST) == key
    others = [
        derive_key(b"another", SALT, COST),
        derive_key(b"a passphrase", SALT[::-1], COST),
        derive_key(b"a passphrase", SALT, COST | {"iterations": 2}),
        derive_key(b"a passphrase", SALT, COST | {"memory_kib": 64}),
    ]
    assert key not in others
    assert len(set(others)) == len(others)


def test_a_new_key_costs_what_owasp_and_rfc_9106_ask_for_at_least() -> None:
    """In a process of its own: here the tests have lowered it."""
    said = "from common.security.passphrase_keys import todays_cost; print(todays_cost())"
    cost = subprocess.run([sys.executable, "-c", said], check=True, capture_output=True, text=True).stdout
    assert cost.strip() == "{'memory_kib': 65536, 'iterations': 3, 'lanes': 1}"


@pytest.mark.parametrize(
    "forged",
    [
        {"memory_kib": 2_000_000},
        {"memory_kib": 7},
        {"memory_kib": 32, "lanes": 5},
        {"iterations": 0},
        {"iterations": 65},
        {"lanes": 0},
        {"lanes": 17, "memory_kib": 1_000},
    ],
)
def test_a_stored_cost_beyond_the_bounds_is_refused_before_anything_is_derived(forged: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="unknown derivation"):
        derive_key(b"a passphrase", SALT, COST | forged)

"""Keys of 256 bits from passphrases, by Argon2id.

How a key was derived is stored with what it protects, so that a later release may take a higher cost; nothing of it is
secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

MEMORY_KIB, ITERATIONS, LANES = 65_536, 3, 1
"""What a new key costs: 64 MiB, three passes; about a fifth of a second."""
_MEMORY_KIB_MAX, _ITERATIONS_MAX, _LANES_MAX = 1_048_576, 64, 16
"""What a stored derivation may ask for at most: a forged one must not take all of the machine."""

_KEY_BYTES = 32


def todays_cost() -> dict[str, int]:
    """The facts of a derivation beside its salt, for a new key."""
    return {"memory_kib": MEMORY_KIB, "iterations": ITERATIONS, "lanes": LANES}


def derive_key(passphrase: bytes, salt: bytes, facts: Mapping[str, Any]) -> bytes:
    """The key of a passphrase, derived as `facts` say. Raises ValueError, KeyError, TypeError: no such derivation."""
    memory_kib, iterations, lanes = facts["memory_kib"], facts["iterations"], facts["lanes"]
    if not (
        1 <= lanes <= _LANES_MAX and 8 * lanes <= memory_kib <= _MEMORY_KIB_MAX and 1 <= iterations <= _ITERATIONS_MAX
    ):
        raise ValueError("an unknown derivation")
    return Argon2id(salt=salt, length=_KEY_BYTES, iterations=iterations, lanes=lanes, memory_cost=memory_kib).derive(
        passphrase
    )

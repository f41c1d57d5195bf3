"""What every unit test shares."""

from __future__ import annotations

import pytest

from common.security import passphrase_keys


@pytest.fixture(autouse=True)
def passphrases_cost_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deriving a key from a passphrase is meant to take a fifth of a second, in a node; what it costs there has a test
    of its own (tests/unit/security/test_passphrase_keys.py)."""
    monkeypatch.setattr(passphrase_keys, "MEMORY_KIB", 32)
    monkeypatch.setattr(passphrase_keys, "ITERATIONS", 1)

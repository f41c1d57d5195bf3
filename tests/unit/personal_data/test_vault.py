"""Data keys: of one subject and one generation, and no more of them in memory than allowed."""

from __future__ import annotations

import pytest

from common.personal_data.sealing import Place
from common.personal_data.vault import DataKeyUnreadable, GenerationUnknown, Vault
from tests.support.personal_data import make_vault

HERE = Place("customers", "address")


@pytest.fixture
def vault() -> Vault:
    made = make_vault()
    made.use([made.make_generation(1)])
    return made


def test_a_data_key_opens_again_from_what_is_stored(vault: Vault) -> None:
    wrapped, cipher = vault.make_data_key("44-1")
    sealed = cipher.seal(HERE, "44-1", "人民路")
    vault.forget_data_key("44-1", wrapped)
    assert vault.open_data_key("44-1", 1, wrapped).open(HERE, "44-1", sealed) == "人民路"


def test_one_customers_key_is_not_anothers_even_while_it_is_in_memory(vault: Vault) -> None:
    wrapped, _ = vault.make_data_key("44-1")
    vault.open_data_key("44-1", 1, wrapped)
    with pytest.raises(DataKeyUnreadable):
        vault.open_data_key("44-2", 1, wrapped)


def test_a_destroyed_generation_opens_nothing(vault: Vault) -> None:
    wrapped, _ = vault.make_data_key("44-1")
    vault.use([vault.make_generation(2)])
    with pytest.raises(GenerationUnknown):
        vault.open_data_key("44-1", 1, wrapped)
    assert vault.current == 2


def test_no_more_keys_are_kept_ready_than_allowed() -> None:
    vault = Vault(make_vault().master_keys, lambda size: size * b"x", keys_cached_max=3)
    vault.use([vault.make_generation(1)])
    stored = [(f"44-{number}", vault.make_data_key(f"44-{number}")[0]) for number in range(5)]
    assert len(vault._ciphers) == 3
    for subject, wrapped in stored:
        vault.open_data_key(subject, 1, wrapped)
    assert len(vault._ciphers) == 3

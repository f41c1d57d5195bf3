"""The master key: where it comes from, and what is said when it is not right."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from common.errors import QuanwangError
from common.personal_data.master_key import (
    MASTER_KEY_VARIABLE,
    MasterKey,
    MasterKeyInEnvironment,
    MasterKeyMissing,
    MasterKeySource,
    MasterKeyUnusable,
    MasterKeyWrong,
)
from common.security.private_files import PermissionsTooWide
from tests.support.personal_data import make_vault

FIRST, SECOND = b"1" * 32, b"2" * 32


def source(place: Path, **environment: str) -> MasterKeySource:
    return MasterKeySource(place / "master.key", environment)


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    keys = source(tmp_path)
    assert keys.make(os.urandom)
    made = keys.load().first.key_id
    assert not keys.make(os.urandom)
    assert keys.load().first.key_id == made
    assert keys.file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    keys = source(tmp_path)
    keys.make(os.urandom)
    keys.file.chmod(0o640)
    with pytest.raises(PermissionsTooWide):
        keys.load()


def test_a_missing_key_is_said_with_the_way_to_mend_it(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyMissing) as fault:
        source(tmp_path).load()
    assert str(tmp_path / "master.key") in fault.value.text("en")
    assert MASTER_KEY_VARIABLE in fault.value.text("zh")


@pytest.mark.parametrize("content", ["", "# only words\n", "12ab\n", FIRST.hex() + "0\n", f"{FIRST.hex()}\n" * 9])
def test_what_is_no_key_is_refused_without_being_repeated(tmp_path: Path, content: str) -> None:
    keys = source(tmp_path)
    keys.file.write_text(content)
    keys.file.chmod(0o600)
    with pytest.raises(MasterKeyUnusable) as fault:
        keys.load()
    assert FIRST.hex() not in fault.value.text("en") + fault.value.text("zh")


def test_the_environment_comes_before_the_file_and_cannot_be_written(tmp_path: Path) -> None:
    keys = source(tmp_path, **{MASTER_KEY_VARIABLE: f"{SECOND.hex()},{FIRST.hex()}"})
    assert not keys.make(os.urandom)
    assert [key.key_id for key in keys.load().keys] == [MasterKey(SECOND).key_id, MasterKey(FIRST).key_id]
    with pytest.raises(MasterKeyInEnvironment):
        keys.put_first(FIRST)
    with pytest.raises(MasterKeyInEnvironment):
        keys.forget_former()


def test_a_new_key_stands_before_the_former_until_that_is_forgotten(tmp_path: Path) -> None:
    keys = source(tmp_path)
    keys.make(lambda size: FIRST[:size])
    keys.put_first(SECOND)
    assert [key.key_id for key in keys.load().keys] == [MasterKey(SECOND).key_id, MasterKey(FIRST).key_id]
    assert keys.forget_former() == 1
    assert [key.key_id for key in keys.load().keys] == [MasterKey(SECOND).key_id]
    assert keys.forget_former() == 0


def test_keys_are_opened_by_any_given_master_key_and_by_no_other() -> None:
    stored = make_vault(os.urandom, FIRST).make_generation(1)
    make_vault(os.urandom, SECOND, FIRST).use([stored])
    with pytest.raises(MasterKeyWrong) as fault:
        make_vault(os.urandom, SECOND).use([stored])
    assert MasterKey(FIRST).key_id.hex() in fault.value.text("en")
    rewrapped = make_vault(os.urandom, FIRST).rewrapped(stored, make_vault(os.urandom, SECOND, FIRST).master_keys)
    make_vault(os.urandom, SECOND).use([rewrapped])


def test_a_wrapped_key_of_one_generation_is_not_anothers() -> None:
    vault = make_vault()
    stored = vault.make_generation(1)
    with pytest.raises(QuanwangError):
        vault.use([stored._replace(generation=2)])
    with pytest.raises(QuanwangError):
        vault.use([stored._replace(wrapped_key=stored.wrapped_index_key)])


def test_nothing_secret_is_printed() -> None:
    vault = make_vault(os.urandom, FIRST)
    vault.use([vault.make_generation(1)])
    _wrapped, cipher = vault.make_data_key("44-1")
    shown = repr((vault, vault.master_keys, cipher, vault._generations))
    assert FIRST.hex() not in shown
    assert "1111" not in shown.replace(MasterKey(FIRST).key_id.hex(), "")

"""A node's keys are made once, kept to itself, and never lost halfway."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from common.security import keyring as keyring_module
from common.security.keyring import (
    KeyNotHeld,
    Keyring,
    KeyringDamaged,
    KeyringExists,
    KeyringMissing,
    KeyringProtectedAnew,
    KeyringUse,
)
from common.security.private_files import PermissionsTooWide, read_private, write_private
from common.security.signing import ED25519, verify


def test_keys_are_the_same_after_loading(tmp_path: Path) -> None:
    created = Keyring.create(tmp_path, hq=True)
    loaded = Keyring.load(tmp_path)
    assert loaded.signer.key_id == created.signer.key_id
    assert loaded.root_signer.key_id == created.root_signer.key_id
    assert loaded.private_body_keys.reader("00") == created.private_body_keys.reader("00")
    assert loaded.tls_key_pem == created.tls_key_pem
    assert loaded.tls_authority_key.public_key() == created.tls_authority_key.public_key()


def test_signature_by_the_loaded_key_verifies(tmp_path: Path) -> None:
    Keyring.create(tmp_path, hq=False)
    signer = Keyring.load(tmp_path).signer
    assert verify(ED25519, signer.public_key, signer.sign(b"data"), b"data")


def test_files_are_for_the_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    former = os.umask(0)
    try:
        Keyring.create(tmp_path, hq=True)
    finally:
        os.umask(former)
    directory = tmp_path / "keys"
    assert directory.stat().st_mode & 0o777 == 0o700
    files = list(directory.iterdir())
    assert len(files) == 7
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_province_holds_neither_root_nor_authority(tmp_path: Path) -> None:
    keyring = Keyring.create(tmp_path, hq=False)
    with pytest.raises(KeyNotHeld):
        _ = keyring.root_signer
    with pytest.raises(KeyNotHeld):
        _ = keyring.tls_authority_key


def test_keys_are_never_overwritten(tmp_path: Path) -> None:
    first = Keyring.create(tmp_path, hq=False)
    with pytest.raises(KeyringExists):
        Keyring.create(tmp_path, hq=False)
    assert Keyring.load(tmp_path).signer.key_id == first.signer.key_id


def test_no_keys_are_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(KeyringMissing):
        Keyring.load(tmp_path)
    (tmp_path / "keys").mkdir(mode=0o700)
    with pytest.raises(KeyringMissing):
        Keyring.load(tmp_path)


@pytest.mark.parametrize("what", ["directory", "list", "key"])
def test_keys_are_refused_when_others_can_read_them(tmp_path: Path, what: str) -> None:
    Keyring.create(tmp_path, hq=False)
    directory = tmp_path / "keys"
    path = {"directory": directory, "list": directory / "keyring.json", "key": next(directory.glob("signing-*"))}[what]
    path.chmod(path.stat().st_mode | 0o040)
    with pytest.raises(PermissionsTooWide) as caught:
        Keyring.load(tmp_path)
    assert str(path) in str(caught.value)


def test_directory_that_others_can_enter_gets_no_keys(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(mode=0o755)
    (tmp_path / "keys").chmod(0o755)
    with pytest.raises(PermissionsTooWide):
        Keyring.create(tmp_path, hq=False)


def test_former_key_stays_when_a_new_one_is_made(tmp_path: Path) -> None:
    first = Keyring.create(tmp_path, hq=False)
    second = first.with_new_key(tmp_path, KeyringUse.SIGNING).with_new_key(tmp_path, KeyringUse.PRIVATE_BODIES)
    loaded = Keyring.load(tmp_path)
    assert [signer.key_id for signer in loaded.signers] == [second.signer.key_id, first.signer.key_id]
    assert list(loaded.private_body_keys.public_keys) == list(second.private_body_keys.public_keys)
    assert first.private_body_keys.reader("31").key_id in loaded.private_body_keys.public_keys
    assert loaded.private_body_keys.reader("31").key_id != first.private_body_keys.reader("31").key_id


def test_use_that_a_node_has_no_key_for_gets_no_new_one(tmp_path: Path) -> None:
    with pytest.raises(KeyNotHeld):
        Keyring.create(tmp_path, hq=False).with_new_key(tmp_path, KeyringUse.ROOT)


def test_crash_before_the_list_is_written_leaves_no_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = write_private

    def fail_at_list(path: Path, content: bytes) -> None:
        if path.name == "keyring.json":
            raise OSError("power cut")
        real(path, content)

    monkeypatch.setattr(keyring_module, "write_private", fail_at_list)
    with pytest.raises(OSError, match="power cut"):
        Keyring.create(tmp_path, hq=False)
    monkeypatch.undo()
    with pytest.raises(KeyringMissing):
        Keyring.load(tmp_path)
    created = Keyring.create(tmp_path, hq=False)
    assert Keyring.load(tmp_path).signer.key_id == created.signer.key_id


@pytest.mark.parametrize(
    "content", [b"", b"not a key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_damaged_key_is_named(tmp_path: Path, content: bytes) -> None:
    Keyring.create(tmp_path, hq=False)
    path = next((tmp_path / "keys").glob("tls-*"))
    path.write_bytes(content)
    with pytest.raises(KeyringDamaged, match=path.name):
        Keyring.load(tmp_path)


def test_key_of_the_wrong_kind_is_refused(tmp_path: Path) -> None:
    Keyring.create(tmp_path, hq=False)
    directory = tmp_path / "keys"
    next(directory.glob("signing-*")).write_bytes(next(directory.glob("tls-*")).read_bytes())
    with pytest.raises(KeyringDamaged):
        Keyring.load(tmp_path)


def test_missing_key_file_is_damage(tmp_path: Path) -> None:
    Keyring.create(tmp_path, hq=False)
    next((tmp_path / "keys").glob("signing-*")).unlink()
    with pytest.raises(KeyringDamaged):
        Keyring.load(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"[]",
        b"{",
        b"\xff",
        b'{"format": 2, "keys": {}}',
        b'{"format": 1, "keys": {}}',
        b'{"format": 1, "keys": {"tls": 1}}',
        b'{"format": 1, "keys": {"signing": ["../tls.pem"]}}',
        b'{"format": 1, "keys": {"spelling": []}}',
    ],
)
def test_damaged_list_is_refused(tmp_path: Path, content: bytes) -> None:
    Keyring.create(tmp_path, hq=False)
    (tmp_path / "keys" / "keyring.json").write_bytes(content)
    with pytest.raises(KeyringDamaged):
        Keyring.load(tmp_path)


def test_keyring_does_not_print_secrets(tmp_path: Path) -> None:
    keyring = Keyring.create(tmp_path, hq=True)
    assert repr(keyring) == "Keyring(signing: 1, private-bodies: 1, tls: 1, root: 1, tls-authority: 1)"


def test_write_leaves_the_old_content_when_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    write_private(path, b"old")

    def fail(_source: str, _target: Path) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_private(path, b"new")
    monkeypatch.undo()
    assert read_private(path) == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]


def test_keys_that_two_processes_make_at_once_are_all_kept(tmp_path: Path) -> None:
    """Each begins with what is stored by then, not with what it read before."""
    first = Keyring.create(tmp_path, hq=True)
    second = Keyring.load(tmp_path)
    with_one = first.with_new_key(tmp_path, KeyringUse.SIGNING)
    with_both = second.with_new_key(tmp_path, KeyringUse.SIGNING)
    made = {with_one.signer.key_id, with_both.signer.key_id, first.signer.key_id}
    assert len(made) == 3
    assert {signer.key_id for signer in Keyring.load(tmp_path).signers} == made
    # Nor does taking one away bring back what another has taken away.
    second.without_use(tmp_path, KeyringUse.ROOT)
    first.without(tmp_path, KeyringUse.SIGNING, {first.signer.public_key})
    stored = Keyring.load(tmp_path)
    assert {signer.key_id for signer in stored.signers} == made - {first.signer.key_id}
    assert stored.root_signers == ()


def test_many_processes_that_change_the_keyring_wait_for_each_other(tmp_path: Path) -> None:
    Keyring.create(tmp_path, hq=False)
    making = (
        "import sys; from pathlib import Path; from common.security.keyring import Keyring, KeyringUse\n"
        "place = Path(sys.argv[1]); keyring = Keyring.load(place)\n"
        "for _ in range(5):\n"
        "    keyring = keyring.with_new_key(place, KeyringUse.PRIVATE_BODIES)\n"
        "    keyring.sweep(place)\n"
        "    Keyring.load(place)\n"
    )
    makers = [subprocess.Popen([sys.executable, "-c", making, str(tmp_path)]) for _ in range(3)]
    assert [maker.wait(120) for maker in makers] == [0, 0, 0]
    assert len(Keyring.load(tmp_path).keys(KeyringUse.PRIVATE_BODIES)) == 1 + 3 * 5


def test_what_another_process_stored_is_read_anew_without_asking_for_the_passphrase(tmp_path: Path) -> None:
    protected = Keyring.create(tmp_path, hq=False).protected(tmp_path, b"a good passphrase")
    other = Keyring.load(tmp_path, lambda: b"a good passphrase").with_new_key(tmp_path, KeyringUse.SIGNING)
    assert protected.reread(tmp_path).signer.key_id == other.signer.key_id
    assert protected.reread(tmp_path).is_protected


def test_a_changed_passphrase_is_said_and_nothing_is_stored_under_the_former_one(tmp_path: Path) -> None:
    keyring = Keyring.create(tmp_path, hq=False)
    Keyring.load(tmp_path).protected(tmp_path, b"a good passphrase")
    with pytest.raises(KeyringProtectedAnew):
        keyring.reread(tmp_path)
    with pytest.raises(KeyringProtectedAnew):
        keyring.with_new_key(tmp_path, KeyringUse.SIGNING)
    assert Keyring.load(tmp_path, lambda: b"a good passphrase").signer.key_id == keyring.signer.key_id

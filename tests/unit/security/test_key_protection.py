"""Key files encrypted under a passphrase: opened by it alone, converted in one step, never left half done."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from common.security import keyring as keyring_module
from common.security.key_protection import (
    AskedPassphrase,
    PassphraseMissing,
    PassphraseUnusable,
    PassphraseWrong,
    passphrase_from,
    passphrase_in,
)
from common.security.keyring import KEYS_DIRECTORY, Keyring, KeyringDamaged, KeyringUse
from common.security.private_files import PermissionsTooWide

SECRET, OTHER = b"correct horse", b"battery staple"


@pytest.fixture
def plain(tmp_path: Path) -> Keyring:
    return Keyring.create(tmp_path, hq=True)


def files(data_dir: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (data_dir / KEYS_DIRECTORY).iterdir() if path.suffix != ".lock"}


def test_protected_keys_open_with_the_passphrase_alone(tmp_path: Path, plain: Keyring) -> None:
    plain.protected(tmp_path, SECRET)
    again = Keyring.load(tmp_path, lambda: SECRET)
    assert again.is_protected
    assert again.signer.key_id == plain.signer.key_id
    assert again.tls_key_pem == plain.tls_key_pem
    assert again.root_signer.public_key == plain.root_signer.public_key
    with pytest.raises(PassphraseWrong):
        Keyring.load(tmp_path, lambda: OTHER)
    with pytest.raises(PassphraseMissing):
        Keyring.load(tmp_path)


def test_nothing_readable_is_left_on_the_disk(tmp_path: Path, plain: Keyring) -> None:
    plain.protected(tmp_path, SECRET)
    for name, content in files(tmp_path).items():
        assert not name.endswith(".pem")
        assert b"PRIVATE" not in content
        assert SECRET not in content
        assert (tmp_path / KEYS_DIRECTORY / name).stat().st_mode & 0o077 == 0


def test_new_keys_of_a_protected_keyring_are_protected(tmp_path: Path, plain: Keyring) -> None:
    protected = plain.protected(tmp_path, SECRET)
    grown = protected.with_new_keys(tmp_path, (KeyringUse.SIGNING, KeyringUse.TLS))
    again = Keyring.load(tmp_path, lambda: SECRET)
    assert [s.key_id for s in again.signers] == [s.key_id for s in grown.signers]
    assert again.signers[1].key_id == plain.signer.key_id
    assert not [name for name in files(tmp_path) if name.endswith(".pem")]


def test_the_passphrase_is_changed_and_taken_off(tmp_path: Path, plain: Keyring) -> None:
    plain.protected(tmp_path, SECRET).protected(tmp_path, OTHER)
    with pytest.raises(PassphraseWrong):
        Keyring.load(tmp_path, lambda: SECRET)
    Keyring.load(tmp_path, lambda: OTHER).protected(tmp_path, None)
    assert Keyring.load(tmp_path).signer.key_id == plain.signer.key_id
    assert not [name for name in files(tmp_path) if name.endswith(".key")]


@pytest.mark.parametrize("written", range(6))
def test_a_crash_while_converting_leaves_the_keyring_as_it_was(
    tmp_path: Path, plain: Keyring, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    """The process dies after so many files; the list comes last."""
    before, count = plain.signer.key_id, 0
    write = keyring_module.write_private

    def dies(path: Path, content: bytes) -> None:
        nonlocal count
        if count == written:
            raise KeyboardInterrupt
        count += 1
        write(path, content)

    monkeypatch.setattr(keyring_module, "write_private", dies)
    with pytest.raises(KeyboardInterrupt):
        plain.protected(tmp_path, SECRET)
    monkeypatch.undo()
    again = Keyring.load(tmp_path)
    assert again.signer.key_id == before
    again.protected(tmp_path, SECRET)
    assert Keyring.load(tmp_path, lambda: SECRET).signer.key_id == before
    # What the crash left is gone: nothing but the list and the files that it names.
    listed = json.loads((tmp_path / KEYS_DIRECTORY / "keyring.json").read_bytes())["keys"]
    assert set(files(tmp_path)) == {"keyring.json", *(name for names in listed.values() for name in names)}


def test_a_file_in_the_place_of_another_is_noticed(tmp_path: Path, plain: Keyring) -> None:
    plain.with_new_key(tmp_path, KeyringUse.SIGNING).protected(tmp_path, SECRET)
    first, second = sorted((tmp_path / KEYS_DIRECTORY).glob("signing-*.key"))
    os.replace(first, second)
    with pytest.raises(KeyringDamaged):
        Keyring.load(tmp_path, lambda: SECRET)


def test_the_passphrase_comes_from_its_file_or_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    file.write_bytes(SECRET + b"\n")
    file.chmod(0o600)
    assert passphrase_in(file) == SECRET
    assert passphrase_from(str(file), {})() == SECRET
    assert passphrase_from("", {"QUANWANG_KEY_PASSPHRASE": SECRET.decode()})() == SECRET
    with pytest.raises(PassphraseMissing):
        passphrase_from("", {})()
    file.chmod(0o644)
    with pytest.raises(PermissionsTooWide):
        passphrase_in(file)
    with pytest.raises(PassphraseUnusable):
        passphrase_in(tmp_path / "none")
    with pytest.raises(PassphraseUnusable):
        passphrase_from("", {"QUANWANG_KEY_PASSPHRASE": "short"})()


def test_no_secret_is_shown(plain: Keyring, tmp_path: Path) -> None:
    protected = plain.protected(tmp_path, SECRET)
    assert SECRET.decode() not in repr(protected) + repr(vars(protected))


def typed(*answers: str) -> tuple[AskedPassphrase, list[int]]:
    """Somebody who types these, and then closes the terminal."""
    attempts: list[int] = []

    def ask(attempt: int) -> str:
        attempts.append(attempt)
        if len(attempts) > len(answers):
            raise EOFError
        return answers[len(attempts) - 1]

    return AskedPassphrase(ask), attempts


def test_a_passphrase_may_be_typed_three_times(tmp_path: Path, plain: Keyring) -> None:
    plain.protected(tmp_path, SECRET)
    asked, attempts = typed("", OTHER.decode(), SECRET.decode())
    assert Keyring.load(tmp_path, asked).signer.key_id == plain.signer.key_id
    assert attempts == [1, 2, 3]
    asked, attempts = typed("a", "b", "c", SECRET.decode())
    with pytest.raises(PassphraseWrong):
        Keyring.load(tmp_path, asked)
    assert attempts == [1, 2, 3]
    asked, _ = typed("a")
    with pytest.raises(PassphraseMissing):
        Keyring.load(tmp_path, asked)


def test_nobody_is_asked_without_a_terminal_or_where_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Input:
        def __init__(self, terminal: bool) -> None:
            self.terminal = terminal

        def isatty(self) -> bool:
            return self.terminal

    monkeypatch.setattr("sys.stdin", Input(terminal=False))
    with pytest.raises(PassphraseMissing) as missing:
        passphrase_from("", {})()
    for way in ("keys.passphrase_file", "QUANWANG_KEY_PASSPHRASE", "terminal"):
        assert way in str(missing.value)
    monkeypatch.setattr("sys.stdin", Input(terminal=True))
    assert isinstance(passphrase_from("", {}), AskedPassphrase)
    assert not isinstance(passphrase_from("file", {}), AskedPassphrase)
    assert not isinstance(passphrase_from("", {"QUANWANG_KEY_PASSPHRASE": SECRET.decode()}), AskedPassphrase)

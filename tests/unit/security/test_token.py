"""Keys in a token: the keyring holds their public halves alone, and what befalls the token is said and temporary."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from common.errors import TemporaryFault
from common.security import private_bodies
from common.security.keyring import KEYS_DIRECTORY, Keyring, KeyringUse
from common.security.private_bodies import decrypt_private_body, encrypt_private_body
from common.security.reader import HPKE_X25519
from common.security.signing import ED25519, verify
from common.security.token import (
    KeyNotOnToken,
    KeyTokenLocked,
    KeyTokenNotNamed,
    KeyTokenUnavailable,
    KeyTokenUnknown,
    open_token,
)
from common.security.token_keys import TokenKey
from tests.support.soft_token import NAME, SoftToken, TokenProcess, install_plug_in


@pytest.fixture
def process(tmp_path: Path) -> Iterator[TokenProcess]:
    process = TokenProcess(tmp_path / "token")
    process.plug_in()
    yield process
    process.close()


@pytest.fixture
def token(process: TokenProcess) -> SoftToken:
    return SoftToken(process.address)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    path = tmp_path / "node"
    path.mkdir(mode=0o700)
    return path


def test_a_keyring_on_a_token_signs_reads_and_holds_no_private_half(
    data_dir: Path, token: SoftToken, process: TokenProcess
) -> None:
    Keyring.create(data_dir, hq=False, token=token)
    keyring = Keyring.load(data_dir, token=token)
    assert verify(ED25519, keyring.signer.public_key, keyring.signer.sign(b"seal"), b"seal")
    sealed = encrypt_private_body(b"secret", b"routing", [keyring.private_body_keys.reader("31")])
    assert decrypt_private_body(sealed, b"routing", "31", keyring.private_body_keys) == b"secret"
    with pytest.raises(private_bodies.PrivateBodyAltered):
        decrypt_private_body(sealed, b"another header", "31", keyring.private_body_keys)
    kept = b"".join(path.read_bytes() for path in (data_dir / KEYS_DIRECTORY).iterdir())
    assert len(process.private_keys) == 2
    for private in process.private_keys:
        assert private not in kept
        assert private.hex().encode() not in kept
    assert len(list((data_dir / KEYS_DIRECTORY).glob("*.token"))) == 2
    assert len(list((data_dir / KEYS_DIRECTORY).glob("tls-*.pem"))) == 1


def test_what_the_library_encrypts_the_token_opens(token: SoftToken) -> None:
    key = TokenKey.generate(token, HPKE_X25519)
    for info in (b"", b"binding", bytes(64)):
        wrapped = private_bodies._SUITE.encrypt(b"k" * 32, X25519PublicKey.from_public_bytes(key.public_key), info)
        assert key.unwrap(wrapped, info) == b"k" * 32
        assert key.unwrap(wrapped, info + b"x") is None
        assert key.unwrap(wrapped[:-1], info) is None
        assert key.unwrap(b"short", info) is None


def test_keys_move_onto_a_token_by_being_replaced_and_former_ones_are_destroyed_there(
    data_dir: Path, token: SoftToken, process: TokenProcess
) -> None:
    former = Keyring.create(data_dir, hq=False)
    grown = Keyring.load(data_dir, token=token).with_new_keys(data_dir, (KeyringUse.SIGNING, KeyringUse.TLS))
    assert [signer.key_id for signer in grown.signers][1] == former.signer.key_id
    assert isinstance(grown.keys(KeyringUse.SIGNING)[0], TokenKey)
    alone = grown.without(data_dir, KeyringUse.SIGNING, {former.signer.public_key})
    again = alone.with_new_key(data_dir, KeyringUse.SIGNING)
    assert len(process.private_keys) == 2
    again.without(data_dir, KeyringUse.SIGNING, {alone.signer.public_key})
    assert len(process.private_keys) == 1
    loaded = Keyring.load(data_dir, token=token)
    assert [signer.key_id for signer in loaded.signers] == [again.signer.key_id]


def test_a_protected_keyring_keeps_its_keys_on_the_token(data_dir: Path, token: SoftToken) -> None:
    keyring = Keyring.create(data_dir, hq=True, token=token)
    keyring.protected(data_dir, b"correct horse")
    again = Keyring.load(data_dir, lambda: b"correct horse", token)
    assert again.is_protected
    assert again.signer.key_id == keyring.signer.key_id


def test_a_token_that_is_away_or_locked_is_said_and_temporary_and_nothing_is_changed(
    data_dir: Path, token: SoftToken, process: TokenProcess
) -> None:
    keyring = Keyring.create(data_dir, hq=False, token=token)
    process.lock()
    with pytest.raises(KeyTokenLocked):
        keyring.signer.sign(b"seal")
    process.lock(False)
    process.pull_out()
    before = sorted(path.name for path in (data_dir / KEYS_DIRECTORY).iterdir())
    with pytest.raises(KeyTokenUnavailable) as away:
        keyring.signer.sign(b"seal")
    assert isinstance(away.value, TemporaryFault)
    with pytest.raises(KeyTokenUnavailable):
        keyring.with_new_key(data_dir, KeyringUse.SIGNING)
    assert sorted(path.name for path in (data_dir / KEYS_DIRECTORY).iterdir()) == before
    process.plug_in()
    assert keyring.signer.sign(b"seal")


def test_another_token_and_a_forgotten_setting_are_told_apart_from_one_that_is_away(
    data_dir: Path, token: SoftToken, tmp_path: Path
) -> None:
    keyring = Keyring.create(data_dir, hq=False, token=token)
    with pytest.raises(KeyTokenNotNamed):
        Keyring.load(data_dir)
    other = TokenProcess(tmp_path / "other")
    other.plug_in()
    with pytest.raises(KeyNotOnToken) as wrong:
        Keyring.load(data_dir, token=SoftToken(other.address)).signer.sign(b"seal")
    other.close()
    assert keyring.signer.key_id in str(wrong.value)


def test_whatever_a_plug_in_raises_or_gives_means_that_it_cannot_for_now() -> None:
    class Broken(SoftToken):
        def _ask(self, wish: str, *given: bytes) -> bytes:
            if wish == "generate_ed25519":
                return b"short"
            raise RuntimeError("CKR_DEVICE_ERROR")

    broken = Broken("")
    with pytest.raises(KeyTokenUnavailable):
        TokenKey.generate(broken, ED25519)
    with pytest.raises(KeyTokenUnavailable, match="CKR_DEVICE_ERROR"):
        TokenKey(broken, ED25519, bytes(32)).sign(b"seal")


def test_only_what_is_installed_as_a_token_can_be_named(
    tmp_path: Path, process: TokenProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert open_token("") is None
    for name in (NAME, "os", "os:abort", "tests.support.soft_token:open_token"):
        with pytest.raises(KeyTokenUnknown):
            open_token(name, str(process.file))
    install_plug_in(tmp_path / "site")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "site")])
    opened = open_token(NAME, str(process.file))
    assert opened is not None
    assert len(opened.generate_ed25519()) == 32
    with pytest.raises(KeyTokenUnavailable):
        open_token(NAME, str(tmp_path / "no such file"))

"""A node's private keys, in `<data directory>/keys/`.

One file a key (PKCS#8, PEM, or encrypted: key_protection.py; for a key in a token its public half alone), and
`keyring.json`, which says for each use which keys there are, the newest first. The list is written last: what it does
not name does not exist, so a crash at any point leaves the keyring as it was. Which key is in force is not said here:
the directory says it.

Several processes of a node may share the directory. Who changes it holds its lock, and begins with what is stored by
then; who reads holds it too, so that no file goes away between the list and the key.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from common.errors import Fault
from common.file_lock import FileLock, SharedFileLock
from common.security.encoding import pae
from common.security.key_protection import (
    AskedPassphrase,
    KeyFileDamaged,
    KeyProtection,
    Passphrase,
    PassphraseWrong,
    no_passphrase,
)
from common.security.private_bodies import X25519PrivateKeys
from common.security.private_files import (
    make_private_directory,
    read_private,
    require_private_directory,
    write_private,
)
from common.security.private_keys import PrivateKey, from_pem, public_bytes, short_name, to_pem
from common.security.signing import Ed25519Signer, Signer
from common.security.token import KeyToken, KeyTokenNotNamed
from common.security.token_keys import SUITE_OF_USE, TokenKey

KEYS_DIRECTORY = "keys"
PROBE_DOMAIN = b"quanwang/token-probe/v1"

LIST_FILE = "keyring.json"
_LOCK_FILE = "keyring.lock"
_LIST_FORMAT = 1
_PROTECTED_LIST_FORMAT = 2
_PLAIN, _ENCRYPTED, _TOKEN = ".pem", ".key", ".token"
_SUFFIXES = (_PLAIN, _ENCRYPTED, _TOKEN)


class KeyringUse(StrEnum):
    """What a private key is for. The last two are HQ's alone."""

    SIGNING = "signing"
    PRIVATE_BODIES = "private-bodies"
    TLS = "tls"
    ROOT = "root"
    TLS_AUTHORITY = "tls-authority"


NODE_USES = (KeyringUse.SIGNING, KeyringUse.PRIVATE_BODIES, KeyringUse.TLS)
HQ_USES = (*NODE_USES, KeyringUse.ROOT, KeyringUse.TLS_AUTHORITY)


class KeyringMissing(Fault):
    """The node has no keys yet, or has lost them."""

    en = "There are no keys in {path}."
    zh = "{path} 中没有密钥。"
    mend_en = "Initialise the node if it is new; else see docs/operations.md, Keys that are lost."
    mend_zh = "新节点请先初始化；已投入使用的节点见 docs/operations.zh-CN.md（密钥丢失）。"


class KeyringExists(Fault):
    """Keys are there already; they are never overwritten."""

    en = "There are keys in {path} already; they are not overwritten."
    zh = "{path} 中已有密钥，不会覆盖。"


class KeyringDamaged(Fault):
    """A key file is missing, cannot be read, or is of the wrong kind."""

    en = "The keyring is damaged: {path} is missing, unreadable, or not a key for this use."
    zh = "密钥库已损坏：{path} 缺失、无法读取或类型不符。"
    mend_en = "Restore it from a backup."
    mend_zh = "请从备份恢复。"


class KeyringProtectedAnew(Fault):
    """The key files were encrypted under another passphrase, or none, since this program read them."""

    en = "The passphrase of the keys in {path} was changed since this program started, so it cannot read them anew."
    zh = "{path} 中密钥的口令在本程序启动后已更改，本程序无法重新读取。"
    mend_en = "Start it again with the passphrase of now."
    mend_zh = "请使用现行口令重新启动本程序。"


class KeyNotHeld(Fault):
    """This node has no key for that use: only HQ holds the root key and the TLS authority."""

    en = "This node holds no key for {use}."
    zh = "本节点没有用于 {use} 的密钥。"


class Keyring:
    """Private keys by use, the newest first. Prints itself without any secret. It never changes: what adds or drops a
    key gives another one."""

    def __init__(
        self,
        keys: Mapping[KeyringUse, Sequence[PrivateKey]],
        protection: KeyProtection | None = None,
        token: KeyToken | None = None,
    ) -> None:
        self._protection = protection
        self._token = token
        self._keys = {use: tuple(of_use) for use, of_use in keys.items()}
        for use in NODE_USES:
            if not self._keys.get(use):
                raise KeyringDamaged(path=use)
        for use, of_use in self._keys.items():
            if not all(_fits(key, use) for key in of_use):
                raise KeyringDamaged(path=use)
        self.signers: tuple[Signer, ...] = tuple(
            key if isinstance(key, TokenKey) else Ed25519Signer(cast(Ed25519PrivateKey, key).private_bytes_raw())
            for key in self._keys[KeyringUse.SIGNING]
        )
        """The node's signing keys, the newest first."""
        self.private_body_keys = X25519PrivateKeys(
            cast(X25519PrivateKey | TokenKey, key) for key in self._keys[KeyringUse.PRIVATE_BODIES]
        )

    def __repr__(self) -> str:
        return f"Keyring({', '.join(f'{use}: {len(keys)}' for use, keys in self._keys.items())})"

    @classmethod
    def create(cls, data_dir: Path, hq: bool, token: KeyToken | None = None) -> Keyring:
        """Makes a node's first keys; those that may live in a token, in it. Raises KeyringExists (nothing is
        overwritten), PermissionsTooWide, OSError, KeyTokenUnavailable."""
        directory = data_dir / KEYS_DIRECTORY
        make_private_directory(directory)
        if (directory / LIST_FILE).exists():
            raise KeyringExists(path=directory)
        uses = HQ_USES if hq else NODE_USES
        keyring = cls({use: (_generate(use, token),) for use in uses}, token=token)
        with _alone(data_dir):
            keyring._store(data_dir)
        return keyring

    @classmethod
    def load(cls, data_dir: Path, passphrase: Passphrase = no_passphrase, token: KeyToken | None = None) -> Keyring:
        """Reads a node's keys; `passphrase` is asked only where they are encrypted. `token`: where further keys of the
        node are made, and where those are that the keyring refers to.

        Raises KeyringMissing, KeyringDamaged, PermissionsTooWide; PassphraseMissing, PassphraseWrong; KeyTokenNotNamed.
        """
        path = data_dir / KEYS_DIRECTORY / LIST_FILE

        def protection(facts: Mapping[str, Any]) -> KeyProtection | None:
            return _open_protection(facts, passphrase, path) if facts else None

        with SharedFileLock(data_dir / KEYS_DIRECTORY / _LOCK_FILE):
            return cls._read(data_dir, protection, token)

    @classmethod
    def _read(
        cls, data_dir: Path, protection_of: Callable[[Mapping[str, Any]], KeyProtection | None], token: KeyToken | None
    ) -> Keyring:
        directory = data_dir / KEYS_DIRECTORY
        path = directory / LIST_FILE
        try:
            require_private_directory(directory)
            listed, facts = _parse_list(read_private(path), path)
        except FileNotFoundError as error:
            raise KeyringMissing(path=directory) from error
        protection = protection_of(facts)
        keys = {
            use: tuple(_load_key(directory / name, use, protection, token) for name in names)
            for use, names in listed.items()
        }
        return cls(keys, protection, token)

    @staticmethod
    def list_file(data_dir: Path) -> Path:
        """The file that says which keys there are; it is replaced as a whole with each change."""
        return data_dir / KEYS_DIRECTORY / LIST_FILE

    def reread(self, data_dir: Path) -> Keyring:
        """The keyring as it is stored by now: another process may have changed it. No passphrase is asked again.

        Raises KeyringProtectedAnew, KeyringMissing, KeyringDamaged, PermissionsTooWide, FileBusy, OSError.
        """
        directory = data_dir / KEYS_DIRECTORY
        with SharedFileLock(directory / _LOCK_FILE):
            if not (directory / LIST_FILE).exists():
                raise KeyringMissing(path=directory)
            return self._stored(data_dir)

    def _stored(self, data_dir: Path) -> Keyring:
        """With the lock. What was never stored is as it is in memory."""
        if not (data_dir / KEYS_DIRECTORY / LIST_FILE).exists():
            return self

        def protection(facts: Mapping[str, Any]) -> KeyProtection | None:
            if dict(facts) != ({} if self._protection is None else self._protection.facts):
                raise KeyringProtectedAnew(path=data_dir / KEYS_DIRECTORY)
            return self._protection

        return self._read(data_dir, protection, self._token)

    @property
    def is_protected(self) -> bool:
        """Whether the keys are encrypted at rest."""
        return self._protection is not None

    def protected(self, data_dir: Path, passphrase: bytes | None) -> Keyring:
        """The same keys, stored under another passphrase (None: under none). Raises PassphraseUnusable, OSError.

        Until the list is written the former files count, from then on the new ones; the former ones are then removed.
        """
        protection = None if passphrase is None else KeyProtection.create(passphrase)
        with _alone(data_dir):
            keyring = Keyring(self._stored(data_dir)._keys, protection, self._token)
            keyring._store(data_dir, anew=True)
            _sweep(data_dir)
        return keyring

    def with_new_key(self, data_dir: Path, use: KeyringUse) -> Keyring:
        """The keyring with a new key for `use` before the former ones, stored. Raises KeyNotHeld, OSError."""
        return self.with_new_keys(data_dir, (use,))

    def with_new_keys(self, data_dir: Path, uses: Iterable[KeyringUse]) -> Keyring:
        """The same for several uses: after a crash there are all of them or none. Raises KeyNotHeld, OSError."""
        wanted = tuple(uses)
        return self.with_new_keys_where(data_dir, lambda _stored: wanted)

    def with_new_keys_where(self, data_dir: Path, choose: Callable[[Keyring], Iterable[KeyringUse]]) -> Keyring:
        """The same for the uses that `choose` names, looking at what is stored by now. Raises KeyNotHeld, OSError."""
        with _alone(data_dir):
            stored = self._stored(data_dir)
            keys = dict(stored._keys)
            uses = tuple(choose(stored))
            for use in uses:
                if not keys.get(use):
                    raise KeyNotHeld(use=use)
                keys[use] = (_generate(use, self._token), *keys[use])
            if not uses:
                return stored
            keyring = Keyring(keys, self._protection, self._token)
            keyring._store(data_dir)
        return keyring

    def with_root(self, data_dir: Path, private_key: bytes) -> Keyring:
        """The keyring with a root key (32 bytes, a secret) that was kept elsewhere, stored. Raises OSError."""
        root = Ed25519PrivateKey.from_private_bytes(private_key)
        with _alone(data_dir):
            stored = self._stored(data_dir)._keys
            others = [key for key in stored.get(KeyringUse.ROOT, ()) if public_bytes(key) != public_bytes(root)]
            keyring = Keyring({**stored, KeyringUse.ROOT: (root, *others)}, self._protection, self._token)
            keyring._store(data_dir)
        return keyring

    def without(self, data_dir: Path, use: KeyringUse, public_keys: Collection[bytes]) -> Keyring:
        """The keyring without the keys of these public keys (as `public_bytes` gives them), stored; their files go.

        The newest key of a use always stays; one in a token is destroyed there. Raises OSError, KeyTokenUnavailable.
        """
        with _alone(data_dir):
            stored = self._stored(data_dir)._keys
            newest, *former = stored.get(use, ())
            kept = (newest, *(key for key in former if public_bytes(key) not in public_keys))
            keyring = Keyring({**stored, use: kept}, self._protection, self._token)
            # Before the list forgets them: a token that is away keeps them listed, and they are done away with later.
            for key in former:
                if key not in kept and isinstance(key, TokenKey):
                    key.destroy()
            keyring._store(data_dir)
            _sweep(data_dir)
        return keyring

    def without_use(self, data_dir: Path, use: KeyringUse) -> Keyring:
        """The keyring without any key for `use`, stored: for a root key that is kept elsewhere. Raises OSError."""
        with _alone(data_dir):
            keys = {other: of_use for other, of_use in self._stored(data_dir)._keys.items() if other is not use}
            keyring = Keyring(keys, self._protection, self._token)
            keyring._store(data_dir)
            _sweep(data_dir)
        return keyring

    def sweep(self, data_dir: Path) -> None:
        """Removes key files that the list does not name: what a crash left behind. Raises OSError."""
        with _alone(data_dir):
            _sweep(data_dir)

    def probe_token(self) -> None:
        """Has the token sign something that means nothing, where the newest signing key is in one.

        Raises KeyTokenUnavailable, KeyNotOnToken.
        """
        newest = self._keys[KeyringUse.SIGNING][0]
        if isinstance(newest, TokenKey):
            newest.sign(pae(PROBE_DOMAIN))

    def keys(self, use: KeyringUse) -> tuple[PrivateKey, ...]:
        """The keys for a use, the newest first; none where the node holds none."""
        return self._keys.get(use, ())

    @property
    def signer(self) -> Signer:
        """The newest signing key."""
        return self.signers[0]

    @property
    def root_signers(self) -> tuple[Ed25519Signer, ...]:
        """HQ's root keys, the newest first; none where they are kept elsewhere, or at a province."""
        return tuple(
            Ed25519Signer(cast(Ed25519PrivateKey, key).private_bytes_raw()) for key in self.keys(KeyringUse.ROOT)
        )

    def root_key_of(self, public_key: bytes) -> bytes | None:
        """The private half of a root key: a secret, to be written into an encrypted file. None where it is not held."""
        for key in self.keys(KeyringUse.ROOT):
            if public_bytes(key) == public_key:
                return cast(Ed25519PrivateKey, key).private_bytes_raw()
        return None

    @property
    def root_signer(self) -> Ed25519Signer:
        """HQ's root key, which signs directories. Raises KeyNotHeld."""
        return Ed25519Signer(cast(Ed25519PrivateKey, self._current(KeyringUse.ROOT)).private_bytes_raw())

    @property
    def tls_key(self) -> ec.EllipticCurvePrivateKey:
        """The newest TLS key."""
        return cast(ec.EllipticCurvePrivateKey, self._current(KeyringUse.TLS))

    @property
    def tls_key_pem(self) -> bytes:
        """The same as PEM, as gRPC takes it. A secret."""
        return to_pem(self.tls_key)

    def tls_key_of(self, certificate_pem: bytes) -> ec.EllipticCurvePrivateKey:
        """The key that a certificate is for. Raises KeyNotHeld."""
        wanted = x509.load_pem_x509_certificate(certificate_pem).public_key()
        for key in self.keys(KeyringUse.TLS):
            if cast(ec.EllipticCurvePrivateKey, key).public_key() == wanted:
                return cast(ec.EllipticCurvePrivateKey, key)
        raise KeyNotHeld(use=KeyringUse.TLS)

    def tls_key_pem_of(self, certificate_pem: bytes) -> bytes:
        """The same as PEM. A secret. Raises KeyNotHeld."""
        return to_pem(self.tls_key_of(certificate_pem))

    @property
    def tls_authority_key(self) -> ec.EllipticCurvePrivateKey:
        """The key by which HQ issues TLS certificates. Raises KeyNotHeld."""
        return cast(ec.EllipticCurvePrivateKey, self._current(KeyringUse.TLS_AUTHORITY))

    def _store(self, data_dir: Path, anew: bool = False) -> None:
        """Writes what is not there yet, then the list. `anew`: every file under a name of its own."""
        directory = data_dir / KEYS_DIRECTORY
        listed: dict[str, list[str]] = {}
        suffix = _PLAIN if self._protection is None else _ENCRYPTED
        generation = f"-{os.urandom(4).hex()}" if anew else ""
        known = {} if anew else _names_on_disk(directory)
        for use, of_use in self._keys.items():
            for key in of_use:
                stem = f"{use}-{short_name(key)}"
                name = known.get(stem) or f"{stem}{generation}{_TOKEN if isinstance(key, TokenKey) else suffix}"
                listed.setdefault(use.value, []).append(name)
                if not (directory / name).exists():
                    write_private(directory / name, self._content(name, key))
        content: dict[str, Any] = {"format": _LIST_FORMAT, "keys": listed}
        if self._protection is not None:
            content |= {"format": _PROTECTED_LIST_FORMAT, "protection": self._protection.facts}
        write_private(directory / LIST_FILE, json.dumps(content, indent=2).encode() + b"\n")

    def _content(self, name: str, key: PrivateKey) -> bytes:
        if isinstance(key, TokenKey):
            return key.public_key.hex().encode("ascii") + b"\n"
        pem = to_pem(key)
        return pem if self._protection is None else self._protection.encrypt(name, pem)

    def _current(self, use: KeyringUse) -> PrivateKey:
        keys = self._keys.get(use, ())
        if not keys:
            raise KeyNotHeld(use=use)
        return keys[0]


def _alone(data_dir: Path) -> FileLock:
    """Held by whoever changes the files, from the reading of what is stored on."""
    return FileLock(data_dir / KEYS_DIRECTORY / _LOCK_FILE)


def _sweep(data_dir: Path) -> None:
    directory = data_dir / KEYS_DIRECTORY
    listed, _ = _parse_list(read_private(directory / LIST_FILE), directory / LIST_FILE)
    named = {name for names in listed.values() for name in names}
    for path in directory.iterdir():
        if path.suffix in _SUFFIXES and path.name not in named:
            path.unlink()


def _generate_p256() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


_GENERATE: dict[KeyringUse, Callable[[], PrivateKey]] = {
    KeyringUse.SIGNING: Ed25519PrivateKey.generate,
    KeyringUse.PRIVATE_BODIES: X25519PrivateKey.generate,
    # gRPC's BoringSSL takes no Ed25519 certificates.
    KeyringUse.TLS: _generate_p256,
    KeyringUse.ROOT: Ed25519PrivateKey.generate,
    KeyringUse.TLS_AUTHORITY: _generate_p256,
}


_KINDS: dict[KeyringUse, type] = {
    KeyringUse.SIGNING: Ed25519PrivateKey,
    KeyringUse.PRIVATE_BODIES: X25519PrivateKey,
    KeyringUse.TLS: ec.EllipticCurvePrivateKey,
    KeyringUse.ROOT: Ed25519PrivateKey,
    KeyringUse.TLS_AUTHORITY: ec.EllipticCurvePrivateKey,
}


def _generate(use: KeyringUse, token: KeyToken | None) -> PrivateKey:
    suite = SUITE_OF_USE.get(use.value)
    return _GENERATE[use]() if token is None or suite is None else TokenKey.generate(token, suite)


def _fits(key: PrivateKey, use: KeyringUse) -> bool:
    if isinstance(key, TokenKey):
        return key.suite == SUITE_OF_USE.get(use.value)
    return isinstance(key, _KINDS[use])


def _parse_list(content: bytes, path: Path) -> tuple[dict[KeyringUse, list[str]], dict[str, Any]]:
    """The files by use, and how they are encrypted (nothing: they are not)."""
    try:
        parsed = json.loads(content)
        listed = {KeyringUse(use): [str(name) for name in names] for use, names in parsed["keys"].items()}
        facts = dict(parsed.get("protection") or {})
        known = parsed["format"] == (_PROTECTED_LIST_FORMAT if facts else _LIST_FORMAT) and all(
            name.endswith(_SUFFIXES) and "/" not in name for names in listed.values() for name in names
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise KeyringDamaged(path=path) from error
    if not known:
        raise KeyringDamaged(path=path)
    return listed, facts


def _names_on_disk(directory: Path) -> dict[str, str]:
    """The files that the list names, by the use and key that their names begin with."""
    path = directory / LIST_FILE
    if not path.exists():
        return {}
    listed, _ = _parse_list(read_private(path), path)
    return {
        "-".join(name.split(".")[0].split("-")[: use.value.count("-") + 2]): name
        for use, names in listed.items()
        for name in names
    }


def _open_protection(facts: Mapping[str, Any], passphrase: Passphrase, path: Path) -> KeyProtection:
    while True:
        given = passphrase()
        try:
            return KeyProtection.open(facts, given, path)
        except PassphraseWrong:
            if not (isinstance(passphrase, AskedPassphrase) and passphrase.may_ask_again):
                raise
        except (ValueError, TypeError, KeyError) as error:
            raise KeyringDamaged(path=path) from error


def _load_key(path: Path, use: KeyringUse, protection: KeyProtection | None, token: KeyToken | None) -> PrivateKey:
    try:
        content = read_private(path)
        if path.suffix == _TOKEN:
            if token is None:
                raise KeyTokenNotNamed(path=path)
            return TokenKey(token, SUITE_OF_USE[use.value], bytes.fromhex(content.decode("ascii")))
        return from_pem(content if protection is None else protection.decrypt(path.name, content))
    except (OSError, ValueError, TypeError, KeyError, KeyFileDamaged) as error:
        raise KeyringDamaged(path=path) from error

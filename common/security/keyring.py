"""A node's private keys, in `<data directory>/keys/`.

One PEM file (PKCS#8) a key, and `keyring.json`, which says for each use which keys there are, the current one first.
The list is written last: what it does not name does not exist, so a crash at any point leaves the keyring as it was.
Former keys stay, since what was encrypted or signed with them must still be read and explained.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import cast

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from common.errors import Fault
from common.security.private_bodies import X25519PrivateKeys
from common.security.private_files import (
    make_private_directory,
    read_private,
    require_private_directory,
    write_private,
)
from common.security.signing import Ed25519Signer

KEYS_DIRECTORY = "keys"

_LIST_FILE = "keyring.json"
_LIST_FORMAT = 1

PrivateKey = Ed25519PrivateKey | X25519PrivateKey | ec.EllipticCurvePrivateKey


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
    """The node has no keys yet."""

    en = "There are no keys in {path}. Initialise the node first."
    zh = "{path} 中没有密钥，请先初始化节点。"


class KeyringExists(Fault):
    """Keys are there already; they are never overwritten."""

    en = "There are keys in {path} already; they are not overwritten."
    zh = "{path} 中已有密钥，不会覆盖。"


class KeyringDamaged(Fault):
    """A key file is missing, cannot be read, or is of the wrong kind."""

    en = "The keyring is damaged: {path} is missing, unreadable, or not a key for this use. Restore it from a backup."
    zh = "密钥库已损坏：{path} 缺失、无法读取或类型不符，请从备份恢复。"


class KeyNotHeld(Fault):
    """This node has no key for that use: only HQ holds the root key and the TLS authority."""

    en = "This node holds no key for {use}."
    zh = "本节点没有用于 {use} 的密钥。"


class Keyring:
    """Private keys by use, the current one first. Prints itself without any secret."""

    def __init__(self, keys: Mapping[KeyringUse, Sequence[PrivateKey]]) -> None:
        self._keys = {use: tuple(of_use) for use, of_use in keys.items()}
        for use in NODE_USES:
            if not self._keys.get(use):
                raise KeyringDamaged(path=use)
        for use, of_use in self._keys.items():
            if not all(isinstance(key, _KINDS[use]) for key in of_use):
                raise KeyringDamaged(path=use)
        self.signers = tuple(
            Ed25519Signer(cast(Ed25519PrivateKey, key).private_bytes_raw()) for key in self._keys[KeyringUse.SIGNING]
        )
        """The node's signing keys, the current one first."""
        self.private_body_keys = X25519PrivateKeys(
            cast(X25519PrivateKey, key) for key in self._keys[KeyringUse.PRIVATE_BODIES]
        )

    def __repr__(self) -> str:
        return f"Keyring({', '.join(f'{use}: {len(keys)}' for use, keys in self._keys.items())})"

    @classmethod
    def create(cls, data_dir: Path, hq: bool) -> Keyring:
        """Makes a node's first keys. Raises KeyringExists (nothing is overwritten), PermissionsTooWide, OSError."""
        directory = data_dir / KEYS_DIRECTORY
        make_private_directory(directory)
        if (directory / _LIST_FILE).exists():
            raise KeyringExists(path=directory)
        keys: dict[KeyringUse, tuple[PrivateKey, ...]] = {use: (_GENERATE[use](),) for use in NODE_USES}
        if hq:
            keys |= {use: (_GENERATE[use](),) for use in HQ_USES}
        _store(directory, keys)
        return cls(keys)

    @classmethod
    def load(cls, data_dir: Path) -> Keyring:
        """Reads a node's keys. Raises KeyringMissing, KeyringDamaged, PermissionsTooWide."""
        directory = data_dir / KEYS_DIRECTORY
        path = directory / _LIST_FILE
        try:
            require_private_directory(directory)
            listed = _parse_list(read_private(path), path)
        except FileNotFoundError as error:
            raise KeyringMissing(path=directory) from error
        return cls({use: tuple(_load_key(directory / name) for name in names) for use, names in listed.items()})

    def with_new_key(self, data_dir: Path, use: KeyringUse) -> Keyring:
        """The keyring with a new current key for `use`, stored; the former ones stay. Raises KeyNotHeld, OSError."""
        former = self._keys.get(use, ())
        if not former:
            raise KeyNotHeld(use=use)
        keys = {**self._keys, use: (_GENERATE[use](), *former)}
        _store(data_dir / KEYS_DIRECTORY, keys)
        return Keyring(keys)

    @property
    def signer(self) -> Ed25519Signer:
        """The current signing key."""
        return self.signers[0]

    @property
    def root_signer(self) -> Ed25519Signer:
        """HQ's root key, which signs directories. Raises KeyNotHeld."""
        return Ed25519Signer(cast(Ed25519PrivateKey, self._current(KeyringUse.ROOT)).private_bytes_raw())

    @property
    def tls_key(self) -> ec.EllipticCurvePrivateKey:
        """The key of the node's TLS certificate."""
        return cast(ec.EllipticCurvePrivateKey, self._current(KeyringUse.TLS))

    @property
    def tls_key_pem(self) -> bytes:
        """The same as PEM, as gRPC takes it. A secret."""
        return _to_pem(self.tls_key)

    @property
    def tls_authority_key(self) -> ec.EllipticCurvePrivateKey:
        """The key by which HQ issues TLS certificates. Raises KeyNotHeld."""
        return cast(ec.EllipticCurvePrivateKey, self._current(KeyringUse.TLS_AUTHORITY))

    def _current(self, use: KeyringUse) -> PrivateKey:
        keys = self._keys.get(use, ())
        if not keys:
            raise KeyNotHeld(use=use)
        return keys[0]


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


def _store(directory: Path, keys: Mapping[KeyringUse, Sequence[PrivateKey]]) -> None:
    listed: dict[str, list[str]] = {}
    for use, of_use in keys.items():
        for key in of_use:
            name = f"{use}-{_short_name(key)}.pem"
            listed.setdefault(use, []).append(name)
            if not (directory / name).exists():
                write_private(directory / name, _to_pem(key))
    content = {"format": _LIST_FORMAT, "keys": listed}
    write_private(directory / _LIST_FILE, json.dumps(content, indent=2).encode() + b"\n")


def _parse_list(content: bytes, path: Path) -> dict[KeyringUse, list[str]]:
    try:
        parsed = json.loads(content)
        listed = {KeyringUse(use): [str(name) for name in names] for use, names in parsed["keys"].items()}
        known = parsed["format"] == _LIST_FORMAT and all(
            name.endswith(".pem") and "/" not in name for names in listed.values() for name in names
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise KeyringDamaged(path=path) from error
    if not known:
        raise KeyringDamaged(path=path)
    return listed


def _load_key(path: Path) -> PrivateKey:
    try:
        return _from_pem(read_private(path))
    except (OSError, ValueError, TypeError) as error:
        raise KeyringDamaged(path=path) from error


# The two places where keys meet the disk: encryption under a passphrase belongs here and nowhere else.


def _to_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _from_pem(content: bytes) -> PrivateKey:
    key = serialization.load_pem_private_key(content, password=None)
    if not isinstance(key, PrivateKey):
        raise TypeError
    return key


def _short_name(key: PrivateKey) -> str:
    public_key = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(public_key).hexdigest()[:16]

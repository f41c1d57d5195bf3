"""A root key in a file of its own, encrypted under a passphrase: for a machine without network.

Beside the key stands what it signed last, under the same encryption: that is how the machine, which knows nothing else
of the federation, refuses to sign two directories of one version, or one that goes back. An older copy of the file
knows less: keep one file, and use copies only when it is lost.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common.directory.model import Directory
from common.directory.signing import root_in_force, root_statement
from common.errors import Fault, Refusal
from common.security.key_protection import KeyFileDamaged, KeyProtection
from common.security.keyring import Keyring
from common.security.private_files import read_private, write_private
from common.security.signing import ED25519, Ed25519Signer, key_id_of
from hq_node.directory.exchange import SuccessorFile
from hq_node.directory.model import RootKeyNotHeld

KIND, FORMAT = "quanwang-root-key", 1
_SEALED_AS = "root-key"


class RootKeyFileUnreadable(Fault):
    """The file is missing, is no root key's, or was altered."""

    en = "{path} cannot be used as a root key: {detail}."
    zh = "无法将 {path} 用作根密钥：{detail}。"


class RootKeyFileExists(Refusal):
    """There is a file of that name; a root key is never written over."""

    en = "{path} exists already; a root key is not written over anything."
    zh = "{path} 已存在；根密钥不会覆盖任何文件。"


class RootFileNotInForce(Refusal):
    """The file holds another key than the one that signs HQ's directories now."""

    en = "The file holds {key_id}, which is not the root key in force at this HQ. Nothing was changed."
    zh = "文件中的密钥为 {key_id}，并非此总部的现行根密钥。未做任何更改。"


class RootSignedBeyond(Refusal):
    """The key has signed a directory that HQ does not have: HQ must not sign another one in its place."""

    en = (
        "The key in this file has signed version {version} of the directory, which HQ does not have; HQ is at version "
        "{published}. Nothing was changed."
    )
    zh = "该文件中的密钥已签署目录版本 {version}，而总部没有该版本；总部现为版本 {published}。未做任何更改。"
    mend_en = "Take what was signed first: hq-node directory import-signed FILE."
    mend_zh = "请先导入已签署的目录：hq-node directory import-signed FILE。"


@dataclass(frozen=True, slots=True)
class RootKeyFile:
    """An open root key. `first_root`: the federation's first one, by which it is told from other federations;
    `version`, `hash`: of the directory that it signed last, as far as this file knows. Prints itself without the key.
    """

    private_key: bytes = field(repr=False)
    first_root: bytes
    version: int
    hash: bytes
    protection: KeyProtection = field(repr=False)

    @property
    def signer(self) -> Ed25519Signer:
        return Ed25519Signer(self.private_key)

    def signed(self, version: int, hash: bytes) -> RootKeyFile:
        """The same, that has now signed this one."""
        return replace(self, version=version, hash=hash)

    def create(self, path: Path) -> None:
        """Writes a new file. Raises RootKeyFileExists, OSError."""
        if path.exists() or path.is_symlink():
            raise RootKeyFileExists(path=path)
        self.store(path)

    def store(self, path: Path) -> None:
        """Writes the file, durably and at once. Raises OSError."""
        secret = {
            "private_key": self.private_key.hex(),
            "first_root": self.first_root.hex(),
            "version": self.version,
            "hash": self.hash.hex(),
        }
        sealed = self.protection.encrypt(_SEALED_AS, json.dumps(secret).encode("utf-8"))
        content = {
            "kind": KIND,
            "format": FORMAT,
            "key_id": self.signer.key_id,
            "public_key": self.signer.public_key.hex(),
            "federation": key_id_of(ED25519, self.first_root),
            "protection": self.protection.facts,
            "sealed": base64.b64encode(sealed).decode("ascii"),
        }
        write_private(path, json.dumps(content, indent=2).encode("utf-8") + b"\n")


def open_root_key(path: Path, passphrase: bytes) -> RootKeyFile:
    """Raises RootKeyFileUnreadable, PassphraseWrong, PermissionsTooWide."""
    try:
        content = json.loads(read_private(path))
        if content["kind"] != KIND or content["format"] != FORMAT:
            raise RootKeyFileUnreadable(path=path, detail=f"it is no {KIND} of format {FORMAT}")
        protection = KeyProtection.open(content["protection"], passphrase, path)
        secret = json.loads(protection.decrypt(_SEALED_AS, base64.b64decode(content["sealed"], validate=True)))
        private_key = bytes.fromhex(secret["private_key"])
        Ed25519PrivateKey.from_private_bytes(private_key)
        return RootKeyFile(
            private_key,
            bytes.fromhex(secret["first_root"]),
            int(secret["version"]),
            bytes.fromhex(secret["hash"]),
            protection,
        )
    except OSError as error:
        raise RootKeyFileUnreadable(path=path, detail=error.strerror) from error
    except (ValueError, TypeError, KeyError, AttributeError, KeyFileDamaged) as error:
        raise RootKeyFileUnreadable(path=path, detail="it is damaged or was altered") from error


def taken_out(keyring: Keyring, first_root: bytes, directory: Directory, passphrase: bytes) -> RootKeyFile:
    """The root key in force out of HQ's keyring, with the directory that it signed last.

    Raises RootKeyNotHeld, PassphraseUnusable.
    """
    in_force = root_in_force(first_root, directory.roots)
    private_key = keyring.root_key_of(in_force)
    if private_key is None:
        raise RootKeyNotHeld(key_id=key_id_of(ED25519, in_force))
    return RootKeyFile(private_key, first_root, directory.version, directory.hash, KeyProtection.create(passphrase))


def taken_back(root: RootKeyFile, first_root: bytes, directory: Directory) -> bytes:
    """The private key for HQ's keyring (a secret), where `directory` is the newest that HQ has.

    Raises RootFileNotInForce, RootSignedBeyond.
    """
    if root.first_root != first_root or root.signer.public_key != root_in_force(first_root, directory.roots):
        raise RootFileNotInForce(key_id=root.signer.key_id)
    if (root.version, root.hash) != (directory.version, directory.hash) and root.version >= directory.version:
        # HQ would sign another directory of that version: nodes would see a fork.
        raise RootSignedBeyond(version=root.version, published=directory.version)
    return root.private_key


def make_successor(root: RootKeyFile, passphrase: bytes) -> tuple[RootKeyFile, SuccessorFile]:
    """The next root key of the same federation, which goes on where `root` ends, and what `root` says of it.

    Raises PassphraseUnusable.
    """
    private_key = Ed25519PrivateKey.generate().private_bytes_raw()
    following = replace(root, private_key=private_key, protection=KeyProtection.create(passphrase))
    public_key = following.signer.public_key
    signature = root.signer.sign(root_statement(ED25519, public_key, root.signer.key_id))
    return following, SuccessorFile(public_key, signature)

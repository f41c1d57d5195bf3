"""How HQ replaces its own keys: by the same wish as a province, which it hears itself."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from pathlib import Path

from common.directory.own_keys import NodeKeys
from common.directory.rotation import KeyRotation
from common.directory.signing import root_in_force
from common.errors import Refusal
from common.program.key_keeper import RotationAnswer
from common.program.node import Node
from common.security.encoding import pae
from common.security.keyring import Keyring, KeyringUse
from common.security.signing import ED25519, verify
from hq_node.directory.authority import HqCertificates, load_hq_certificates, store_server_certificate
from hq_node.directory.commands import RotateKeys, RotateRoot

FORGET_DOMAIN = b"quanwang/root-forget/v1"


class RootKeptElsewhere(Refusal):
    """HQ does not hold the root key; whoever does makes the next one."""

    en = (
        "HQ does not hold the root key. Where it is kept: hq-node root rotate; then, here: "
        "hq-node directory import-root FILE."
    )
    zh = "总部不持有根密钥。请在保管处执行 hq-node root rotate，再于此处执行 hq-node directory import-root FILE。"


class RootNotProved(Refusal):
    """Whoever asks to do away with HQ's root key did not show to hold the one in force elsewhere."""

    en = "The file does not hold the root key that is in force, or HQ holds a next one already. Nothing was changed."
    zh = "该文件中的密钥不是现行根密钥，或总部已持有新的根密钥。未做任何更改。"


def forget_statement(public_key: bytes) -> bytes:
    """What the root key signs to say: I am kept elsewhere; do away with me here."""
    return pae(FORGET_DOMAIN, public_key)


class OwnCertificates:
    """HQ's certificates while it runs: the ports take each handshake's from here."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self.current = self._load()

    def _load(self) -> HqCertificates:
        return load_hq_certificates(self._data_dir)

    def replace_server(self, certificate: bytes) -> None:
        """Stores the next server certificate (PEM); the next handshake is made with it. Raises OSError."""
        store_server_certificate(self._data_dir, certificate)
        self.current = HqCertificates(self.current.authority, certificate)

    def reread(self, keyring: Keyring) -> None:
        """Takes up the server certificate that another replica has stored, if `keyring` has its key.

        Raises KeyNotHeld, OSError, PermissionsTooWide.
        """
        stored = self._load()
        if stored.server != self.current.server:
            keyring.tls_key_of(stored.server)
            self.current = HqCertificates(self.current.authority, stored.server)


class HqKeyDesk:
    """HQ asks itself; its directory changes with the command. `first_root`: the federation's first root key."""

    def __init__(self, node: Node, certificates: OwnCertificates, first_root: bytes) -> None:
        self._node = node
        self._certificates = certificates
        self._first_root = first_root

    def certificate(self) -> bytes:
        return self._certificates.current.server

    async def look_again(self, keys: NodeKeys) -> None:
        """Other replicas may have replaced keys and certificate."""
        await asyncio.to_thread(keys.reread)
        await asyncio.to_thread(self._certificates.reread, keys.keyring)

    async def ask(self, wish: KeyRotation, rotation: bytes, signature: bytes) -> RotationAnswer:
        rotated = await self._node.writer.execute(RotateKeys(wish, rotation, signature))
        return RotationAnswer(rotated.tls_certificate, rotated.signed_directory)

    async def keep_certificate(self, certificate: bytes) -> None:
        await asyncio.to_thread(self._certificates.replace_server, certificate)

    async def rotate_root(self, keys: NodeKeys) -> None:
        """The next root key is stored before the directory names it, so a crash leaves it to be named later."""
        holders = keys.keyring.root_signers
        if not holders:
            raise RootKeptElsewhere
        if root_in_force(self._first_root, self._node.context.directory.roots) == holders[0].public_key:
            keys.keyring = await asyncio.to_thread(keys.keyring.with_new_key, keys.data_dir, KeyringUse.ROOT)
        await self._node.writer.execute(RotateRoot(keys.keyring.root_signers[0].public_key))
        await self.drop_former_roots(keys)

    async def drop_former_roots(self, keys: NodeKeys) -> list[str]:
        """A root key signs nothing any more once a directory names the next one: whoever found it then could only
        deceive."""
        line = [self._first_root, *(root.public_key for root in self._node.context.directory.roots)]
        former = {signer.public_key: signer.key_id for signer in keys.keyring.root_signers}
        former = {public_key: key_id for public_key, key_id in former.items() if public_key in line[:-1]}
        if former:
            keys.keyring = await asyncio.to_thread(_without_roots, keys, former.keys())
        return list(former.values())

    async def forget_root(self, keys: NodeKeys, public_key: bytes, proof: bytes) -> None:
        """Takes the root key out of HQ's keyring, for somebody who proved to hold it elsewhere.

        Raises RootNotProved, RootKeptElsewhere.
        """
        if not keys.keyring.root_signers:
            raise RootKeptElsewhere
        in_force = root_in_force(self._first_root, self._node.context.directory.roots)
        if keys.keyring.root_signers[0].public_key != in_force or public_key != in_force:
            raise RootNotProved
        if not verify(ED25519, public_key, proof, forget_statement(public_key)):
            raise RootNotProved
        keys.keyring = await asyncio.to_thread(keys.keyring.without_use, keys.data_dir, KeyringUse.ROOT)

    async def take_directory(self, signed: bytes) -> None:
        """It is in force already."""


def _without_roots(keys: NodeKeys, public_keys: Collection[bytes]) -> Keyring:
    """The keyring without these root keys; a replica that never had the one in force is left with none."""
    held = {signer.public_key for signer in keys.keyring.root_signers}
    if held <= set(public_keys):
        return keys.keyring.without_use(keys.data_dir, KeyringUse.ROOT)
    return keys.keyring.without(keys.data_dir, KeyringUse.ROOT, public_keys)

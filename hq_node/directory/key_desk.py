"""How HQ replaces its own keys: by the same wish as a province, which it hears itself."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from pathlib import Path

from common.directory.own_keys import NodeKeys
from common.directory.rotation import KeyRotation
from common.directory.signing import root_in_force
from common.program.key_keeper import RotationAnswer
from common.program.node import Node
from common.security.keyring import KeyNotHeld, Keyring, KeyringUse
from hq_node.directory.authority import HqCertificates, load_hq_certificates, store_server_certificate
from hq_node.directory.commands import RotateKeys, RotateRoot


class OwnCertificates:
    """HQ's certificates while it runs: the ports take each handshake's from here."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self.current = load_hq_certificates(data_dir)

    def replace_server(self, certificate: bytes) -> None:
        """Stores the next server certificate (PEM); the next handshake is made with it. Raises OSError."""
        store_server_certificate(self._data_dir, certificate)
        self.current = HqCertificates(self.current.authority, certificate)


class HqKeyDesk:
    """HQ asks itself; its directory changes with the command. `first_root`: the federation's first root key."""

    def __init__(self, node: Node, certificates: OwnCertificates, first_root: bytes) -> None:
        self._node = node
        self._certificates = certificates
        self._first_root = first_root

    def certificate(self) -> bytes:
        return self._certificates.current.server

    async def ask(self, wish: KeyRotation, rotation: bytes, signature: bytes) -> RotationAnswer:
        rotated = await self._node.writer.execute(RotateKeys(wish, rotation, signature))
        return RotationAnswer(rotated.tls_certificate, rotated.signed_directory)

    async def keep_certificate(self, certificate: bytes) -> None:
        await asyncio.to_thread(self._certificates.replace_server, certificate)

    async def rotate_root(self, keys: NodeKeys) -> None:
        """The next root key is stored before the directory names it, so a crash leaves it to be named later."""
        holders = keys.keyring.root_signers
        if not holders:
            raise KeyNotHeld(use=KeyringUse.ROOT)
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

    async def take_directory(self, signed: bytes) -> None:
        """It is in force already."""


def _without_roots(keys: NodeKeys, public_keys: Collection[bytes]) -> Keyring:
    """The keyring without these root keys; a replica that never had the one in force is left with none."""
    held = {signer.public_key for signer in keys.keyring.root_signers}
    if held <= set(public_keys):
        return keys.keyring.without_use(keys.data_dir, KeyringUse.ROOT)
    return keys.keyring.without(keys.data_dir, KeyringUse.ROOT, public_keys)

"""Looks after the node's own keys while it runs: replaces them by schedule or when told, finishes what a crash has
interrupted, and does away with private keys that have ended.

    rotate:  make the next keys -> ask HQ to name them -> keep the certificate -> take the directory

Every step may be repeated. The keys are stored before anybody hears of them; the same keys make the same wish, and HQ
answers the same wish the same way; the node signs with a key from the moment when it has taken a directory with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from common.clock import Clock
from common.directory.continuity import rotation_bytes
from common.directory.model import Directory, KeyUse, NodeEntry
from common.directory.own_keys import NodeKeys
from common.directory.rotation import KeyRotation
from common.directory.rotation_wire import encode_rotation
from common.errors import Fault, QuanwangError, TemporaryFault
from common.log import get_logger
from common.security import tls
from common.security.keyring import KeyringUse
from common.security.token import KeyTokenUnavailable
from common.settings import KeySettings

log = get_logger()

DAY_US = 86_400_000_000
ROTATED = (KeyringUse.SIGNING, KeyringUse.PRIVATE_BODIES, KeyringUse.TLS)
TAKE_OVER_S = 1.0

Alarm = Callable[[str, str, str], None]
KEY_ROTATION_FAILED = "KEY_ROTATION_FAILED"


class NodeShutOut(Fault):
    """Only a node that takes part replaces its keys."""

    en = "Node {node} does not take part in the federation at present; its keys cannot be replaced."
    zh = "节点 {node} 当前未参与联邦，不能轮换密钥。"


class KeyRotationUnfinished(TemporaryFault):
    """The next keys are made, but HQ has not named them yet."""

    en = "The next keys are made and stored; HQ has not named them yet ({detail}). The running node finishes by itself."
    zh = "新密钥已生成并保存，但总部尚未登记（{detail}）。节点运行期间会自动完成。"


class KeyRotationWaitsForRoot(KeyRotationUnfinished):
    """HQ has written the next keys into a directory that the root has not signed yet."""

    en = (
        "The next keys are made and stored, and stand in HQ's next directory, which waits for the root's signature. "
        "The running node finishes by itself."
    )
    zh = "新密钥已生成并保存，且已列入总部的下一版目录，该目录正在等待根密钥签名。节点运行期间会自动完成。"


@dataclass(frozen=True, slots=True)
class RotationAnswer:
    """HQ's: the certificate (PEM, or empty), and the SignedDirectory that names the keys (empty: not signed yet)."""

    tls_certificate: bytes
    signed_directory: bytes


class KeyDesk(Protocol):
    """Where the node's role differs: whom it asks, where its certificate is, how it takes a directory."""

    def certificate(self) -> bytes:
        """The certificate (PEM) that the node uses."""

    async def look_again(self, keys: NodeKeys) -> None:
        """Takes up keys and certificate from the files, where other processes of the node may have replaced them.

        Raises what `Keyring.reread` raises."""

    async def ask(self, wish: KeyRotation, rotation: bytes, signature: bytes) -> RotationAnswer:
        """Raises what HQ refused, or TemporaryFault."""

    async def keep_certificate(self, certificate: bytes) -> None:
        """Stores and uses a new certificate. Raises CertificateUnusable, OSError."""

    async def rotate_root(self, keys: NodeKeys) -> None:
        """Replaces the root key, where the node is HQ and holds it. Raises KeyNotHeld."""

    async def forget_root(self, keys: NodeKeys, public_key: bytes, proof: bytes) -> None:
        """Takes the root key out of the keyring, for whoever proves to hold it elsewhere. Raises KeyNotHeld."""

    async def drop_former_roots(self, keys: NodeKeys) -> list[str]:
        """Does away with root keys that others have replaced, where the node is HQ; their ids. Raises OSError."""

    async def take_directory(self, signed: bytes) -> None:
        """Takes the directory over, unless the node has it already."""


class KeyKeeper:
    """One for a node, on its event loop."""

    def __init__(
        self,
        keys: NodeKeys,
        directory: Callable[[], Directory],
        desk: KeyDesk,
        clock: Clock,
        settings: KeySettings,
        alarm: Alarm,
        leads: Callable[[], bool] = lambda: True,
    ) -> None:
        """`leads`: whether this process is the one of the node's that looks after the keys by schedule."""
        self.keys = keys
        self._directory = directory
        self._desk = desk
        self._clock = clock
        self._settings = settings
        self._alarm = alarm
        self._leads = leads
        self._turn = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def rotate(self, uses: Iterable[KeyringUse]) -> list[str]:
        """Replaces the keys of these uses; returns which were replaced, by their use.

        Raises NodeShutOut, KeyRotationUnfinished, and what HQ refused.
        """
        async with self._turn:
            await self._desk.look_again(self.keys)
            entry, certificate = self._entry(), self._desk.certificate()
            await asyncio.to_thread(self.keys.add, entry, certificate, list(uses))
            return await self._finish()

    async def rotate_root(self) -> list[str]:
        """Replaces HQ's root key. Raises KeyNotHeld, and what the handlers refuse."""
        async with self._turn:
            await self._desk.look_again(self.keys)
            await self._desk.rotate_root(self.keys)
        return [KeyringUse.ROOT.value]

    async def forget_root(self, public_key: bytes, proof: bytes) -> None:
        """Takes HQ's root key out of its keyring, for whoever proves to hold it elsewhere. Raises what the desk
        raises."""
        async with self._turn:
            await self._desk.look_again(self.keys)
            await self._desk.forget_root(self.keys, public_key, proof)

    def certificate(self) -> bytes:
        """The certificate (PEM) that the node uses."""
        return self._desk.certificate()

    async def finish(self) -> list[str]:
        """Finishes what was begun; nothing, where nothing was. Raises what `rotate` raises."""
        async with self._turn:
            await self._desk.look_again(self.keys)
            return await self._finish()

    async def tend(self) -> None:
        """One look: finish, replace what is due, do away with what has ended. What fails is an alarm, and waits."""
        try:
            await asyncio.to_thread(self.keys.keyring.probe_token)
            await self.rotate(self.due_uses())
            async with self._turn:
                now_us, kept_us = self._clock.now_us(), self._settings.private_keys_kept_days * DAY_US
                entry, certificate = self._entry(), self._desk.certificate()
                dropped = await asyncio.to_thread(self.keys.drop, entry, certificate, now_us, kept_us)
                dropped += await self._desk.drop_former_roots(self.keys)
            if dropped:
                log.info("private keys dropped", keys=dropped)
        except NodeShutOut:
            log.warning("keys not replaced: the node is shut out")
        except KeyTokenUnavailable as error:
            log.error("key token away", code=error.code, detail=str(error))
            self._alarm(KeyTokenUnavailable.code, self.keys.node, f"{error.code}: {error}"[:512])
        except TemporaryFault as error:
            log.warning("keys not replaced yet", code=error.code, detail=str(error))
        except (QuanwangError, OSError) as error:
            code = error.code if isinstance(error, QuanwangError) else type(error).__name__
            log.error("keys cannot be replaced", code=code, detail=str(error))
            self._alarm(KEY_ROTATION_FAILED, self.keys.node, f"{code}: {error}"[:512])

    def due_uses(self) -> list[KeyringUse]:
        """The uses whose key has reached its age by the schedule, or would not outlast the next half of its life."""
        entry, now_us, settings = self._directory().node(self.keys.node), self._clock.now_us(), self._settings
        if entry is None:
            return []
        due = []
        for use, of_use, days in (
            (KeyUse.SIGNING, KeyringUse.SIGNING, settings.signing_days),
            (KeyUse.PRIVATE_BODIES, KeyringUse.PRIVATE_BODIES, settings.private_bodies_days),
        ):
            newest = entry.newest(use)
            if days and newest is not None and now_us >= newest.valid_from_us + days * DAY_US:
                due.append(of_use)
        from_us, until_us = tls.validity_us(self._desk.certificate())
        old = settings.tls_days and now_us >= from_us + settings.tls_days * DAY_US
        if old or now_us >= (from_us + until_us) // 2:
            due.append(KeyringUse.TLS)
        return due

    def start(self) -> None:
        """Looks after the keys from now on, first at once."""
        self._task = asyncio.create_task(self._tend_for_ever(), name="key-keeper")

    async def stop(self) -> None:
        """Stops; what was begun is finished at the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    async def _tend_for_ever(self) -> None:
        look_s = self._settings.look_ms / 1000
        while True:
            if self._leads():
                await self.tend()
                await asyncio.sleep(look_s)
            else:
                # What another process began and did not live to finish is finished soon after taking over from it.
                await asyncio.sleep(min(look_s, TAKE_OVER_S))

    def _entry(self) -> NodeEntry:
        entry = self._directory().node(self.keys.node)
        if entry is None or not entry.active:
            raise NodeShutOut(node=self.keys.node)
        return entry

    def _wish(self, directory: Directory, certificate: bytes, now_us: int) -> tuple[KeyRotation, bytes, bytes]:
        """What is asked of HQ, its bytes, and the signature over them."""
        signer = self.keys.choose_signer(directory, now_us)
        wish = self.keys.rotation(directory, certificate, now_us)
        rotation = encode_rotation(wish)
        return wish, rotation, signer.sign(rotation_bytes(rotation))

    async def _finish(self) -> list[str]:
        """Asks HQ to name what it has not named yet, and keeps what it answers."""
        entry, certificate = self._entry(), self._desk.certificate()
        unfinished = self.keys.unfinished(entry, certificate)
        if not unfinished:
            return []
        directory, now_us = self._directory(), self._clock.now_us()
        # Beside the event loop: a token may take its time.
        wish, rotation, signature = await asyncio.to_thread(self._wish, directory, certificate, now_us)
        answer = await self._desk.ask(wish, rotation, signature)
        if not answer.signed_directory:
            raise KeyRotationWaitsForRoot
        await self._desk.take_directory(answer.signed_directory)
        if answer.tls_certificate:
            await self._desk.keep_certificate(answer.tls_certificate)
        left = self.keys.unfinished(self._entry(), self._desk.certificate())
        if left:
            raise KeyRotationUnfinished(detail=", ".join(sorted(left)))
        log.info("keys replaced", uses=sorted(unfinished))
        return sorted(unfinished)

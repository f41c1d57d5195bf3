"""Passwords by Argon2id, in a few threads of their own: each takes tens of megabytes and a good part of a second, which
neither the event loop nor the writer has.

A second factor's secret is sealed under a key that follows from the password, too: whoever reads the database alone
learns neither.
"""

from __future__ import annotations

import asyncio
import struct
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from common.sign_in.model import SignInBusy
from common.sign_in.settings import SignInSettings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

SALT_BYTES, NONCE_BYTES, KEY_BYTES = 16, 12, 32
COST = struct.Struct(">III")
"""Before a sealed second factor: what its key cost, since the settings may change."""
WAITING_MAX = 64
"""How many may wait to have a password hashed."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Checked:
    """A password that was compared with what is stored. `renewed`: its hash at today's cost, where it has another;
    `factor`: the opened secret of the second factor, where there is one."""

    right: bool
    renewed: str = field(default="", repr=False)
    factor: bytes = field(default=b"", repr=False)


class Passwords:
    """Hashes and compares. The functions without `async` are for any thread but the event loop's and the writer's."""

    def __init__(self, settings: SignInSettings, entropy: Callable[[int], bytes]) -> None:
        self._settings = settings
        self._entropy = entropy
        self._executor: ThreadPoolExecutor | None = None
        self._waiting = 0
        self._nobodys = ""

    async def run(self, work: Callable[[], T]) -> T:
        """The work, in one of the threads. Raises SignInBusy."""
        if self._waiting >= WAITING_MAX:
            raise SignInBusy()
        if self._executor is None:
            # Only once somebody signs in: an idle node has no such threads.
            self._executor = ThreadPoolExecutor(self._settings.hashing_at_once, thread_name_prefix="passwords")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        finally:
            self._waiting -= 1

    def hashed(self, password: str) -> str:
        """The password as it is stored (a PHC string)."""
        s = self._settings
        cost = (s.hashing_memory_kib, s.hashing_iterations, s.hashing_lanes)
        return _argon2(self._entropy(SALT_BYTES), *cost).derive_phc_encoded(_bytes(password))

    def check(self, password: str, stored: str, sealed_factor: bytes = b"") -> Checked:
        """Whether it is the stored one. Empty: nobody's, which takes as long, and is never right."""
        from cryptography.exceptions import InvalidKey
        from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

        # Made with the first check of all, whoever it is of: else the first unknown name would take twice as long.
        nobodys = self._nobodys_hash()
        try:
            Argon2id.verify_phc_encoded(_bytes(password), stored or nobodys)
        except InvalidKey:
            return Checked(False)
        if not stored:
            return Checked(False)
        renewed = "" if stored.startswith(self._cost()) else self.hashed(password)
        return Checked(True, renewed, self.open_factor(password, sealed_factor) if sealed_factor else b"")

    def seal_factor(self, password: str, secret: bytes) -> bytes:
        """The second factor's secret as it is stored."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        s = self._settings
        cost = COST.pack(s.hashing_memory_kib, s.hashing_iterations, s.hashing_lanes)
        head = cost + self._entropy(SALT_BYTES)
        nonce = self._entropy(NONCE_BYTES)
        return head + nonce + AESGCM(_factor_key(password, head)).encrypt(nonce, secret, None)

    def open_factor(self, password: str, sealed: bytes) -> bytes:
        """The secret that was sealed under this password."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        head, rest = sealed[: COST.size + SALT_BYTES], sealed[COST.size + SALT_BYTES :]
        return AESGCM(_factor_key(password, head)).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], None)

    def close(self) -> None:
        """Ends the threads."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)

    def _cost(self) -> str:
        s = self._settings
        return f"$argon2id$v=19$m={s.hashing_memory_kib},t={s.hashing_iterations},p={s.hashing_lanes}$"

    def _nobodys_hash(self) -> str:
        """Of a password that nobody knows, at today's cost: whom nobody knows waits as long as whom somebody knows."""
        if not self._nobodys:
            self._nobodys = self.hashed(self._entropy(KEY_BYTES).hex())
        return self._nobodys


def _bytes(password: str) -> bytes:
    """The same for the same password, however the keyboard composes its characters."""
    return unicodedata.normalize("NFC", password).encode()


def _factor_key(password: str, head: bytes) -> bytes:
    salt = head[COST.size :]
    return _argon2(salt, *COST.unpack(head[: COST.size])).derive(b"second factor\x00" + _bytes(password))


def _argon2(salt: bytes, memory_kib: int, iterations: int, lanes: int) -> Argon2id:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    return Argon2id(salt=salt, length=KEY_BYTES, iterations=iterations, lanes=lanes, memory_cost=memory_kib)

"""Signatures behind an interface: who signs need not know with what, and who verifies is told by the suite's name.

A suite is bound to its key in the directory; the name in a seal must agree with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = "ed25519"


class Signer(Protocol):
    """A private key that can sign; it may live in a file or in a hardware module."""

    @property
    def suite(self) -> str: ...

    @property
    def key_id(self) -> str: ...

    @property
    def public_key(self) -> bytes: ...

    def sign(self, data: bytes) -> bytes: ...


ChooseSigner = Callable[[Any, int], Signer]
"""`choose(directory, now_us)`: the key by which the node signs, as the directory in force has it (µs)."""


class Ed25519Signer:
    """A signing key held in memory."""

    suite = ED25519

    def __init__(self, private_bytes: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(private_bytes)
        self.public_key = self._key.public_key().public_bytes_raw()
        self.key_id = key_id_of(ED25519, self.public_key)

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data)


def key_id_of(suite: str, public_key: bytes) -> str:
    """The name of a key: its suite and the first 16 hexadecimal digits of its digest."""
    return f"{suite}:{hashlib.sha256(public_key).hexdigest()[:16]}"


def verify(suite: str, public_key: bytes, signature: bytes, data: bytes) -> bool:
    """Whether `signature` over `data` is by the holder of `public_key`. An unknown suite or a malformed key verifies
    nothing."""
    if suite != ED25519:
        return False
    try:
        _ed25519_public_key(public_key).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=256)
def _ed25519_public_key(public_key: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public_key)

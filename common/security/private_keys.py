"""Private keys of the three kinds that a keyring holds, and keys in a token: their public halves, names, and PEM."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from common.security.token_keys import TokenKey

PrivateKey = Ed25519PrivateKey | X25519PrivateKey | ec.EllipticCurvePrivateKey | TokenKey


def public_bytes(key: PrivateKey) -> bytes:
    """The public half: 32 raw bytes, or for TLS keys DER SubjectPublicKeyInfo."""
    if isinstance(key, TokenKey):
        return key.public_key
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return _spki(key)
    return key.public_key().public_bytes_raw()


def to_pem(key: PrivateKey) -> bytes:
    """As PEM (PKCS#8), without encryption: a secret. Not of a key in a token, which gives none away."""
    assert not isinstance(key, TokenKey), "a token gives no private key away"
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def from_pem(content: bytes) -> PrivateKey:
    """The key that PEM holds. Raises ValueError, TypeError."""
    key = serialization.load_pem_private_key(content, password=None)
    if not isinstance(key, PrivateKey):
        raise TypeError
    return key


def short_name(key: PrivateKey) -> str:
    """A name for files, by the public half."""
    return hashlib.sha256(key.public_key if isinstance(key, TokenKey) else _spki(key)).hexdigest()[:16]


def _spki(key: Ed25519PrivateKey | X25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

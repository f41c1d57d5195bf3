"""A key in a token, as the keyring holds it: its public half, and what the token does with the other.

HPKE (RFC 9180, base mode) is done here from the agreed secret on: tokens agree on X25519 and know nothing of HPKE.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from common.security.reader import HPKE_X25519
from common.security.signing import ED25519, key_id_of
from common.security.token import KeyNotOnToken, KeyToken, KeyTokenUnavailable, guarded

_PUBLIC_KEY_BYTES, _SIGNATURE_BYTES = 32, 64
_VERSION = b"HPKE-v1"
# DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
_KEM_SUITE = b"KEM" + b"\x00\x20"
_SUITE = b"HPKE" + b"\x00\x20" + b"\x00\x01" + b"\x00\x02"
_BASE_MODE = b"\x00"


class TokenKey:
    """A key that stays in its token."""

    def __init__(self, token: KeyToken, suite: str, public_key: bytes) -> None:
        self.suite = suite
        self.public_key = public_key
        self.key_id = key_id_of(suite, public_key)
        self._token = token

    def __repr__(self) -> str:
        return f"TokenKey({self.key_id})"

    @classmethod
    def generate(cls, token: KeyToken, suite: str) -> TokenKey:
        """A new key, in the token. Raises KeyTokenUnavailable."""
        public_key = guarded(token.generate_ed25519 if suite == ED25519 else token.generate_x25519)
        if len(public_key) != _PUBLIC_KEY_BYTES:
            raise KeyTokenUnavailable(detail=f"a public key of {len(public_key)} bytes")
        return cls(token, suite, public_key)

    def sign(self, data: bytes) -> bytes:
        """As `common.security.signing.Signer`. Raises KeyTokenUnavailable, KeyNotOnToken."""
        try:
            signature = guarded(lambda: self._token.sign(self.public_key, data))
        except KeyError as error:
            raise KeyNotOnToken(key_id=self.key_id) from error
        if len(signature) != _SIGNATURE_BYTES:
            raise KeyTokenUnavailable(detail=f"a signature of {len(signature)} bytes")
        return signature

    def unwrap(self, wrapped: bytes, info: bytes) -> bytes | None:
        """What was encrypted to this key with HPKE, or None. Raises KeyTokenUnavailable, KeyNotOnToken."""
        enclosed, ciphertext = wrapped[:_PUBLIC_KEY_BYTES], wrapped[_PUBLIC_KEY_BYTES:]
        if len(enclosed) != _PUBLIC_KEY_BYTES:
            return None
        try:
            agreed = guarded(lambda: self._token.agree(self.public_key, enclosed))
        except KeyError as error:
            raise KeyNotOnToken(key_id=self.key_id) from error
        if hmac.compare_digest(agreed, bytes(len(agreed))):
            return None  # The other half was of small order.
        key, nonce = _key_schedule(agreed, enclosed + self.public_key, info)
        try:
            return AESGCM(key).decrypt(nonce, ciphertext, b"")
        except (InvalidTag, ValueError):
            return None

    def destroy(self) -> None:
        """Does away with the key. Raises KeyTokenUnavailable."""
        guarded(lambda: self._token.destroy(self.public_key))


SUITE_OF_USE = {"signing": ED25519, "private-bodies": HPKE_X25519}
"""The uses whose keys may live in a token: gRPC takes TLS keys from memory alone."""


def _key_schedule(agreed: bytes, kem_context: bytes, info: bytes) -> tuple[bytes, bytes]:
    """Key and nonce of the one message (RFC 9180, sections 4.1 and 5.1)."""
    extracted = _extract(_KEM_SUITE, b"", b"eae_prk", agreed)
    shared = _expand(_KEM_SUITE, extracted, b"shared_secret", kem_context, 32)
    context = _BASE_MODE + _extract(_SUITE, b"", b"psk_id_hash", b"") + _extract(_SUITE, b"", b"info_hash", info)
    secret = _extract(_SUITE, shared, b"secret", b"")
    return _expand(_SUITE, secret, b"key", context, 32), _expand(_SUITE, secret, b"base_nonce", context, 12)


def _extract(suite: bytes, salt: bytes, label: bytes, material: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), _VERSION + suite + label + material, sha256)


def _expand(suite: bytes, key: bytes, label: bytes, info: bytes, length: int) -> bytes:
    """At most one block of the hash, which is all that is needed here."""
    labelled = length.to_bytes(2, "big") + _VERSION + suite + label + info
    return hmac.digest(key, labelled + b"\x01", sha256)[:length]

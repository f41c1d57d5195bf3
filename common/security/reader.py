"""Who can open a private body: a node, by a public key that the directory names."""

from __future__ import annotations

from typing import NamedTuple

HPKE_X25519 = "hpke-x25519"
"""HPKE (RFC 9180), base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM."""


class Reader(NamedTuple):
    """A node, the key that a body is to be wrapped for, and that key's 32 bytes (suite HPKE_X25519)."""

    node: str
    key_id: str
    public_key: bytes

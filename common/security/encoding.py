"""What is hashed and signed, byte for byte: domain-separated, and with lengths, so that no two meanings share bytes."""

from __future__ import annotations

import hashlib


def pae(domain: bytes, *parts: bytes) -> bytes:
    """Pre-authentication encoding: the number of pieces and each piece with its length, all lengths 8 bytes
    little-endian."""
    pieces = (domain, *parts)
    encoded = [len(pieces).to_bytes(8, "little")]
    for piece in pieces:
        encoded.append(len(piece).to_bytes(8, "little"))
        encoded.append(piece)
    return b"".join(encoded)


def tagged_digest(domain: bytes, *parts: bytes) -> bytes:
    """SHA-256 over the pre-authentication encoding."""
    return hashlib.sha256(pae(domain, *parts)).digest()

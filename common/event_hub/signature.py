"""What proves to a receiver that a delivery comes from here, and when: HMAC-SHA-256 over time and body."""

from __future__ import annotations

import hashlib
import hmac

HEADER = "Quanwang-Signature"


def signature(secret: bytes, at_s: int, body: bytes) -> str:
    """The header's content: `t=<seconds since 1970>,v1=<hexadecimal HMAC over "<seconds>." and the body>`."""
    proof = hmac.new(secret, f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at_s},v1={proof}"


def is_signed(header: str, secret: bytes, body: bytes, now_s: int, seconds_max: int = 300) -> bool:
    """Whether a delivery is genuine and no older than `seconds_max`: what a receiver asks."""
    parts = dict(part.partition("=")[::2] for part in header.split(","))
    at = parts.get("t", "")
    if not (at.isascii() and at.isdigit() and len(at) <= 12 and abs(now_s - int(at)) <= seconds_max):
        return False
    return hmac.compare_digest(header.encode(), signature(secret, int(at), body).encode())

"""What a caller shows in order to be known: a public id and a secret in one text. Only the secret's hash is stored.

The secret has 256 random bits, so one round of SHA-256 is enough to keep it: nobody can try them all.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass, field

from common.ids import ID_BYTES

SECRET_BYTES = 32
SESSION_PREFIX, TOKEN_PREFIX = "qws_", "qwt_"

_TEXT = re.compile(r"(qws_|qwt_)([A-Za-z0-9_-]{64})")


@dataclass(frozen=True, slots=True)
class Bearer:
    """One who shows `secret` is the one whose public id this is."""

    prefix: str
    bearer_id: bytes
    secret: bytes = field(repr=False)

    def text(self) -> str:
        """As it is sent."""
        return self.prefix + base64.urlsafe_b64encode(self.bearer_id + self.secret).decode()


def read_bearer(text: str) -> Bearer | None:
    """What was sent; None where it cannot be one."""
    found = _TEXT.fullmatch(text)
    if found is None:
        return None
    try:
        content = base64.urlsafe_b64decode(found[2])
    except binascii.Error:
        return None
    return Bearer(found[1], content[:ID_BYTES], content[ID_BYTES:])


def secret_hash(secret: bytes) -> bytes:
    """What is stored of a secret."""
    return hashlib.sha256(secret).digest()


def is_secret(secret: bytes, stored: bytes) -> bool:
    """Whether it is the secret whose hash is stored; in the same time whether or not."""
    return hmac.compare_digest(secret_hash(secret), stored)


def csrf_token(secret: bytes) -> str:
    """What a page that holds a session sends with every change: it follows from the session's secret, which a page
    from elsewhere can neither read nor make the browser tell."""
    return hmac.digest(secret, b"quanwang csrf v1", "sha256").hex()

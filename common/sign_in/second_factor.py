"""The second factor: codes by time (TOTP, RFC 6238), and recovery codes for when the device is lost."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from urllib.parse import quote

from common.sign_in.model import CODE_DIGITS, CODE_STEP_S, RECOVERY_CODES

FACTOR_SECRET_BYTES = 20
STEPS_AROUND = 1
"""Clocks may differ by so many steps either way."""
RECOVERY_BYTES = 10
ISSUER = "Quanwang CRM"


def step_of(secret: bytes, code: str, now_us: int, after: int) -> int | None:
    """The step of time to which a code belongs; None where it is wrong, or of a step not after `after`: no code counts
    twice. Every step is compared, in the same time."""
    from cryptography.hazmat.primitives.hashes import SHA1
    from cryptography.hazmat.primitives.twofactor.totp import TOTP

    totp = TOTP(secret, CODE_DIGITS, SHA1(), CODE_STEP_S)  # noqa: S303 - as every authenticator has it.
    now = now_us // 1_000_000 // CODE_STEP_S
    found = None
    for step in range(now - STEPS_AROUND, now + STEPS_AROUND + 1):
        if hmac.compare_digest(totp.generate(step * CODE_STEP_S), code.encode()) and step > after:
            found = step
    return found


def is_code(text: str) -> bool:
    """Whether it is of the form of a code by time."""
    return len(text) == CODE_DIGITS and text.isascii() and text.isdigit()


def factor_uri(secret: bytes, operator: str, node: str) -> str:
    """What an authenticator is told, mostly as a picture that it reads."""
    account, issuer = quote(f"{operator}@{node}"), quote(ISSUER)
    return f"otpauth://totp/{issuer}:{account}?secret={shown(secret)}&issuer={issuer}"


def shown(secret: bytes) -> str:
    """The secret as people type it into an authenticator."""
    return base64.b32encode(secret).decode().rstrip("=")


def recovery_codes(entropy: Callable[[int], bytes]) -> tuple[str, ...]:
    """New codes, each good for one sign-in."""
    return tuple(grouped(entropy(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES))


def recovery_hash(code: str) -> str:
    """What is stored of a recovery code: 80 random bits need no slow hash. Spaces, hyphens and case do not matter."""
    return hashlib.sha256(code.replace("-", "").replace(" ", "").upper().encode()).hexdigest()


def grouped(raw: bytes) -> str:
    """Random bytes as people copy them: letters and digits in groups of four."""
    text = base64.b32encode(raw).decode().rstrip("=")
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))

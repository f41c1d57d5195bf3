"""Rules of authenticating customers: what a service password may be, and how failures make somebody wait."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from itertools import pairwise

from common.errors import Refusal

PASSWORD_CHARACTERS_MIN, PASSWORD_CHARACTERS_MAX = 6, 32
SECRET_CHARACTERS_MAX = 64
NUMBER_CHARACTERS_MAX = CHANNEL_CHARACTERS_MAX = METHOD_CHARACTERS_MAX = 32
NAME_CHARACTERS_MAX = 64
REASON_CHARACTERS_MAX = 200
INTERACTION_BYTES = 16
CODE_DIGITS = 6
CODE_HASH_BYTES, SALT_BYTES = 32, 16
ALL_CHANNELS = ""
"""As a channel: all of them together, which whoever names a new one each time cannot get around."""
ALL_CHANNELS_TIMES = 3
FORGOTTEN_AFTER_US = 86_400_000_000
"""A day after the last failure it counts no more."""
CODE_AGAIN_US = 60_000_000
"""So long after a code no other is sent: a customer's telephone does not ring because somebody asks and asks."""


class InteractionMissing(Refusal):
    """Nothing can be verified for an interaction that nobody names."""

    en = "Name the interaction with the customer (a UUID): what home verifies counts within it alone."
    zh = "请注明与客户的交互编号（UUID）：归属省的验证结果仅在该交互内有效。"


class AuthenticationMethodUnknown(Refusal):
    """Home verifies nothing of this name."""

    en = "A customer cannot be authenticated by {method}. Known: {known}."
    zh = "不支持验证方式 {method}，可选：{known}。"


class ServicePasswordUnfit(Refusal):
    """It would be guessed at once, or cannot be typed."""

    en = "A service password has {least} to {most} printable characters, not all alike and no mere sequence."
    zh = "服务密码应为 {least} 至 {most} 个可显示字符，不得为相同或连续字符。"


class PasswordReasonMissing(Refusal):
    """A password that is set without a reason."""

    en = "Say why the service password is set, in 1 to {most} printable characters, without personal data."
    zh = "请说明设置服务密码的原因（1 至 {most} 个可显示字符，不含个人信息）。"


def require_fit_password(password: str) -> None:
    """Raises ServicePasswordUnfit."""
    steps = {ord(after) - ord(before) for before, after in pairwise(password)}
    right_length = PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX
    if not right_length or not password.isprintable() or steps in ({0}, {1}, {-1}):
        raise ServicePasswordUnfit(least=PASSWORD_CHARACTERS_MIN, most=PASSWORD_CHARACTERS_MAX)


def require_reason(reason: str) -> None:
    """Raises PasswordReasonMissing."""
    if not (0 < len(reason.strip()) <= REASON_CHARACTERS_MAX and reason.isprintable()):
        raise PasswordReasonMissing(most=REASON_CHARACTERS_MAX)


def code_of(random: bytes) -> str:
    """A code out of at least eight random bytes."""
    return f"{int.from_bytes(random[-7:], 'big') % 10**CODE_DIGITS:0{CODE_DIGITS}}"


def hash_code(code: str, salt: bytes) -> bytes:
    """A code as it is stored for the minutes that it is good."""
    return hashlib.blake2b(code.encode(), key=salt, digest_size=CODE_HASH_BYTES).digest()


def same(one: str, other: str) -> bool:
    """Whether two secrets are the same, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


@dataclass(slots=True)
class Attempts:
    """The failures of one customer over one channel, in a row."""

    failures: int = 0
    last_at_us: int = 0
    locked_until_us: int = 0

    def begin(self, most: int, lock_us: int, now_us: int) -> bool:
        """An attempt begins, and counts as failed until it has succeeded: so attempts side by side count, too. Whether
        it may succeed at all."""
        if now_us < self.locked_until_us:
            return False
        if now_us - self.last_at_us > FORGOTTEN_AFTER_US:
            self.failures = 0
        self.failures, self.last_at_us = self.failures + 1, now_us
        if self.failures >= most:
            self.locked_until_us = now_us + lock_us
        return True


@dataclass(frozen=True, slots=True)
class SentCode:
    """The last code that was sent to a customer, good within one interaction of one node. `code_hash`: see
    `hash_code`."""

    customer_number: str
    node: str
    interaction: bytes
    salt: bytes
    code_hash: bytes
    sent_at_us: int
    valid_until_us: int


@dataclass(frozen=True, slots=True)
class Verified:
    """Home has made sure of a customer: by which method, for which interaction of which node, asked by which leg, and
    who acted there. Evidence, too."""

    node: str
    interaction: bytes
    customer_number: str
    method: str
    verified_at_us: int
    valid_until_us: int
    leg_id: bytes
    operator: str
    organisation: str
    channel: str

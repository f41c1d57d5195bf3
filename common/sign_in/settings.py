"""How operators sign in: what hashing costs, how long sessions last, how failures slow the next try down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common.validation import Unfit

MINUTE_US, HOUR_US = 60_000_000, 3_600_000_000

BOUNDS: Mapping[str, tuple[int, int]] = {
    "password_characters_min": (8, 64),
    "one_time_password_hours": (1, 24 * 90),
    "session_idle_minutes": (1, 24 * 60),
    "session_hours": (1, 24 * 7),
    "account_failures_free": (1, 100),
    "address_failures_free": (1, 1_000_000),
    "wait_seconds_max": (1, 86_400),
}
"""What can be changed while the node runs (common/sign_in/parameters.py), and the least and the most of each."""


@dataclass(frozen=True, slots=True)
class SignInSettings:
    """`hashing_memory_kib`, `hashing_iterations`, `hashing_lanes`: what hashing a password costs (RFC 9106);
    `hashing_at_once`: how many are hashed at a time. `password_characters_min`: how long a password is at least.
    `one_time_password_hours`: so long one can be used. `session_idle_minutes`: a session that is not used for so long
    has ended; `session_hours`: so does every one after so long. `account_failures_free`, `address_failures_free`: so
    many tries may fail before an account or an address has to wait, twice as long after each further one, up to
    `wait_seconds_max`. All but the first four are defaults of parameters."""

    hashing_memory_kib: int = 47_104
    hashing_iterations: int = 2
    hashing_lanes: int = 1
    hashing_at_once: int = 2
    password_characters_min: int = 12
    one_time_password_hours: int = 168
    session_idle_minutes: int = 30
    session_hours: int = 12
    account_failures_free: int = 5
    address_failures_free: int = 50
    wait_seconds_max: int = 900

    def __post_init__(self) -> None:
        if self.hashing_memory_kib < 8 * self.hashing_lanes:
            raise Unfit(
                "hashing_memory_kib must be at least 8 for each of hashing_lanes",
                "hashing_memory_kib 不得小于 hashing_lanes 的 8 倍",
            )
        for name, (least, most) in BOUNDS.items():
            if not least <= getattr(self, name) <= most:
                raise Unfit(f"{name} must be between {least} and {most}", f"{name} 应在 {least} 至 {most} 之间")

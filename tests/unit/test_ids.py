"""Identities are UUIDv7, and no random byte serves twice."""

from __future__ import annotations

import itertools
import uuid

from common.ids import IdSource


class Clock:
    def now_us(self) -> int:
        return 1_795_000_000_123_456

    def monotonic_us(self) -> int:
        return 0


def test_identity_is_a_uuid_of_version_7_with_the_time_in_milliseconds() -> None:
    identity = uuid.UUID(bytes=IdSource(Clock(), lambda size: b"\xff" * size).new())
    assert (identity.version, identity.variant) == (7, uuid.RFC_4122)
    assert identity.int >> 80 == 1_795_000_000_123


def test_every_random_byte_is_used_once() -> None:
    numbers = itertools.count()

    def entropy(size: int) -> bytes:
        assert size % 10 == 0
        return b"".join(next(numbers).to_bytes(10, "big") for _ in range(size // 10))

    ids = IdSource(Clock(), entropy)
    seen = [ids.new() for _ in range(1_000)]
    assert len(set(seen)) == 1_000
    assert [int.from_bytes(identity[9:], "big") for identity in seen] == list(range(1_000))

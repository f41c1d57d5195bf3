"""Identities: nodes, requests, messages, legs.

A node is known by its GB/T 2260 code ("11" Beijing, "31" Shanghai, ...); HQ is "00". Requests and messages carry
UUIDv7: their first 48 bits are the time in milliseconds, so that rows arrive in key order, which halves the cost of
an insert.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from common.clock import Clock

HQ = "00"

ID_BYTES = 16
NODE_CHARACTERS = 2
LEG_ID_BYTES = ID_BYTES + 2 * NODE_CHARACTERS
_RANDOM_BYTES = 10
_RANDOM_AT_ONCE = 128
"""For how many identities random bytes are fetched at a time: a system call for each costs as much as an insert."""
NODE_PATTERN = re.compile(r"[0-9]{2}")


class IdSource:
    """Makes UUIDv7 identities from an injected clock and an injected source of random bytes."""

    def __init__(self, clock: Clock, entropy: Callable[[int], bytes]) -> None:
        self._clock = clock
        self._entropy = entropy
        self._random = b""
        self._used = 0

    def new(self) -> bytes:
        """A new UUIDv7, as 16 bytes."""
        milliseconds = self._clock.now_us() // 1000
        random = bytearray(self._next_random())
        random[0] = 0x70 | (random[0] & 0x0F)
        random[2] = 0x80 | (random[2] & 0x3F)
        return milliseconds.to_bytes(6, "big") + bytes(random)

    def _next_random(self) -> bytes:
        if self._used >= len(self._random):
            self._random, self._used = self._entropy(_RANDOM_BYTES * _RANDOM_AT_ONCE), 0
        start, self._used = self._used, self._used + _RANDOM_BYTES
        return self._random[start : self._used]


def made_at_ms(identity: bytes) -> int:
    """When a UUIDv7 was made (milliseconds since 1970), by the clock of whoever made it."""
    return int.from_bytes(identity[:6], "big")


def format_id(identity: bytes) -> str:
    """The written form of a 16-byte identity; of anything else its hexadecimal digits."""
    return str(uuid.UUID(bytes=identity)) if len(identity) == ID_BYTES else identity.hex()


def parse_id(text: str) -> bytes:
    """The 16 bytes of a written identity; raises ValueError for anything else."""
    return uuid.UUID(text).bytes


def leg_id(request_id: bytes, origin: str, destination: str) -> bytes:
    """The key of a leg: what one origin asks of one destination in one request.

    The origin belongs to it, since anybody can put any request id into a request: two origins never share a leg. It
    begins with the request, so that a request's legs lie together.
    """
    return request_id + origin.encode("ascii") + destination.encode("ascii")


def split_leg_id(identity: bytes) -> tuple[bytes, str, str]:
    """The request, the origin and the destination that a leg's key is made of."""
    nodes = identity[ID_BYTES:].decode("ascii")
    return identity[:ID_BYTES], nodes[:NODE_CHARACTERS], nodes[NODE_CHARACTERS:]


def format_leg(identity: bytes) -> str:
    """A leg as people write it: "<request id>/<origin>/<destination>"."""
    request_id, origin, destination = split_leg_id(identity)
    return f"{format_id(request_id)}/{origin}/{destination}"


def parse_leg(text: str) -> bytes:
    """The key of a written leg; raises ValueError for anything else."""
    written, *nodes = text.split("/")
    if len(nodes) != 2 or not all(NODE_PATTERN.fullmatch(node) for node in nodes):
        raise ValueError(text)
    return leg_id(parse_id(written), *nodes)


def link_name(sealer: str, receiver: str) -> str:
    """The directed link of a journal: "31>00" is what Shanghai seals for HQ."""
    return f"{sealer}>{receiver}"

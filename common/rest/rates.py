"""How much each caller and each address may ask: a bucket that fills steadily, so that a burst is possible and a flood
is not."""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict
from dataclasses import dataclass

from common.clock import Clock
from common.rest.errors import TooManyCalls

BUCKETS_MAX = 10_000
"""Buckets kept at a time. Of more, those asked longest ago are forgotten; a forgotten one is full again."""
IPV6_NETWORK_BITS = 64
"""One subscriber has at least so much of the address space to himself."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls a second on the average, and so many at once."""

    a_second: float
    at_once: int


class Buckets:
    """The buckets of one kind of asker. For the event loop alone."""

    def __init__(self, rate: Rate, clock: Clock, buckets_max: int = BUCKETS_MAX) -> None:
        self._rate = rate
        self._clock = clock
        self._most = buckets_max
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, asker: str) -> None:
        """Takes one call out of the asker's bucket. Raises TooManyCalls, saying in how many seconds there is one."""
        now_us = self._clock.monotonic_us()
        level, seen_us = self._buckets.pop(asker, (float(self._rate.at_once), now_us))
        level = min(float(self._rate.at_once), level + (now_us - seen_us) / 1e6 * self._rate.a_second)
        allowed = level >= 1
        self._buckets[asker] = (level - 1 if allowed else level, now_us)
        while len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        if not allowed:
            raise TooManyCalls(retry_after=math.ceil((1 - level) / self._rate.a_second))


def address_group(address: str) -> str:
    """What counts as one address: an IPv4 address, or a network of IPv6."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, IPV6_NETWORK_BITS), strict=False))
    return str(parsed)

"""One process's view of a lease: whether it holds it, and when it may take it over.

No clock is compared with another machine's. A holder says again and again that it is alive; whoever sees the same beat
for longer than the lease lasts, by its own monotonic clock, takes the lease over, unless the beat has moved after all.
That a former holder does nothing more is not a matter of clocks either: what runs under a lease looks at its row, in
the same transaction (`UnderLease`).
"""

from __future__ import annotations

from typing import Any

from common.clock import Clock
from common.leases.commands import BeatLease, UnderLease
from common.leases.events import LeaseSeen

LEASE_US = 10_000_000
"""How long a holder may be silent. With the time between two looks, a lease whose holder died is taken over within
LEASE_US * 4 / 3."""


class LeaseKeeper:
    """Asked on the writer's thread, and told there of what was committed."""

    def __init__(self, name: str, owner: str, clock: Clock, lease_us: int = LEASE_US) -> None:
        self.name = name
        self.epoch = 0
        """Under which the lease is held here; 0: it is not."""
        self._owner = owner
        self._clock = clock
        self._lease_us = lease_us
        self._next_us: int | None = None
        self._seen: tuple[int, int] | None = None
        self._seen_first_us = 0

    def due(self) -> list[Any]:
        """The command that is due now, if any: to say that this process is alive, or to look whether the holder is."""
        now_us = self._clock.monotonic_us()
        if self._next_us is not None and now_us < self._next_us:
            return []
        self._next_us = now_us + self._lease_us // 3
        silent = self._seen is not None and now_us - self._seen_first_us >= self._lease_us
        return [BeatLease(self.name, self._owner, self.epoch, self._seen if silent and not self.epoch else None)]

    def under(self, commands: list[Any]) -> list[Any]:
        """The commands as they run under this lease."""
        return [UnderLease(self.name, self.epoch, command) for command in commands]

    def seen(self, event: LeaseSeen) -> None:
        """A group in which the lease was looked at is committed."""
        if event.name != self.name:
            return
        self.epoch = event.epoch if event.held_by_asker else 0
        if self._seen != (event.epoch, event.beat):
            self._seen = (event.epoch, event.beat)
            self._seen_first_us = self._clock.monotonic_us()

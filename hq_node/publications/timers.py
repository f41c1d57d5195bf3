"""When provinces are looked after: at once when something was published or answered, and every minute."""

from __future__ import annotations

from typing import Any

from common.clock import Clock
from hq_node.publications.commands import DeliverPublications

LOOK_EVERY_US = 60_000_000


class PublicationTimers:
    """Asked on the writer's thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._look_from_us = 0

    def wake(self, _event: Any = None) -> None:
        """Something has happened that may matter."""
        self._look_from_us = 0

    def due(self) -> list[Any]:
        """The command, when it is time."""
        now_us = self._clock.monotonic_us()
        if now_us < self._look_from_us:
            return []
        self._look_from_us = now_us + LOOK_EVERY_US
        return [DeliverPublications()]

"""What time asks of the directory: that it is published anew long before it expires."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from common.clock import Clock
from common.directory.model import Directory
from hq_node.directory.commands import PublishDirectory

AGAIN_US = 60_000_000


class DirectoryTimers:
    """Publishes when half of the validity is over."""

    def __init__(self, clock: Clock, directory: Callable[[], Directory]) -> None:
        self._clock = clock
        self._directory = directory
        self._again_us = 0

    def due(self) -> list[Any]:
        """The commands that are due now."""
        directory = self._directory()
        half_us = (directory.issued_at_us + directory.valid_until_us) // 2
        monotonic_us = self._clock.monotonic_us()
        if self._clock.now_us() < half_us or monotonic_us < self._again_us:
            return []
        self._again_us = monotonic_us + AGAIN_US
        return [PublishDirectory()]

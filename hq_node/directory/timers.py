"""What time asks of the directory: that it is published anew long before it expires, and that replaced keys end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from common.clock import Clock
from common.directory.model import Directory
from hq_node.directory.commands import PublishDirectory, RetireKeys, SignDraft
from hq_node.directory.rotation import overlap_is_over

AGAIN_US = 60_000_000


class DirectoryTimers:
    """Publishes when half of the validity is over; ends keys when newer ones have stood beside them for long enough;
    signs what waits for the root's signature, where this process holds the root after all."""

    def __init__(
        self,
        clock: Clock,
        directory: Callable[[], Directory],
        can_sign_draft: Callable[[], bool],
        key_overlap_us: int,
        again_us: int,
    ) -> None:
        self._clock = clock
        self._directory = directory
        self._can_sign_draft = can_sign_draft
        self._key_overlap_us = key_overlap_us
        self._again_us = again_us
        self._publish_after_us = self._retire_after_us = self._sign_after_us = 0

    def due(self) -> list[Any]:
        """The commands that are due now."""
        directory = self._directory()
        now_us, monotonic_us = self._clock.now_us(), self._clock.monotonic_us()
        due: list[Any] = []
        half_us = (directory.issued_at_us + directory.valid_until_us) // 2
        if monotonic_us >= self._sign_after_us and self._can_sign_draft():
            self._sign_after_us = monotonic_us + self._again_us
            due.append(SignDraft())
        if now_us >= half_us and monotonic_us >= self._publish_after_us:
            self._publish_after_us = monotonic_us + self._again_us
            due.append(PublishDirectory())
        if monotonic_us >= self._retire_after_us:
            self._retire_after_us = monotonic_us + self._again_us
            if any(
                overlap_is_over(key, entry, now_us, self._key_overlap_us)
                for entry in directory.nodes
                for key in entry.keys
            ):
                due.append(RetireKeys())
        return due

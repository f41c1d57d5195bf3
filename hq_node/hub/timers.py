"""What time asks of the hub, and when it may: asked by the writer some times a second."""

from __future__ import annotations

from typing import Any

from common.alarms.commands import RaiseAlarm
from common.clock import Clock, business_date
from common.program.clock_guard import ClockGuard
from hq_node.hub.commands import PassTimeLimits, RollBusinessDate

DATE_AGAIN_US = 60_000_000
"""A date that could not be rolled (the storage was away) is tried again after this."""


class HubTimers:
    """Time limits, but not for `grace_us` after the start; the business date; neither while the clocks disagree."""

    def __init__(self, clock: Clock, guard: ClockGuard, grace_us: int) -> None:
        self._clock = clock
        self._guard = guard
        self._grace_us = grace_us
        self.rest()
        self._date = ""
        self._date_again_us = 0
        self._jumps_told = 0

    def rest(self) -> None:
        """Nothing expires for the grace from now on: links that another process had must have had time to resume."""
        self._expire_from_us = self._clock.monotonic_us() + self._grace_us

    def due(self) -> list[Any]:
        """The commands that are due now."""
        trusted = self._guard.trusted()
        commands: list[Any] = []
        if self._guard.jumps > self._jumps_told:
            self._jumps_told = self._guard.jumps
            commands.append(RaiseAlarm("CLOCK_JUMPED", "clock", f"the wall clock moved by {self._guard.jump_us} µs"))
        if not trusted:
            return commands
        monotonic_us = self._clock.monotonic_us()
        date = business_date(self._clock.now_us())
        if date != self._date or monotonic_us >= self._date_again_us:
            self._date, self._date_again_us = date, monotonic_us + DATE_AGAIN_US
            commands.append(RollBusinessDate(date))
        if monotonic_us >= self._expire_from_us:
            commands.append(PassTimeLimits())
        return commands

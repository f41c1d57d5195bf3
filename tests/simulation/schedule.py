"""Simulated time: what happens next, and the clocks that the nodes read."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

SECOND_US = 1_000_000
STARTED_AT_US = 1_800_000_000 * SECOND_US
"""The wall clock of every run at its beginning, before skews."""


class Timer:
    """Something that will happen, unless it is called off."""

    __slots__ = ("arguments", "function")

    def __init__(self, function: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        self.function: Callable[..., None] | None = function
        self.arguments = arguments

    def cancel(self) -> None:
        self.function = None


class Schedule:
    """What happens, in order of time; what happens at one moment, in the order in which it was arranged."""

    def __init__(self) -> None:
        self.now_us = 0
        self.happened = 0
        self._waiting: list[tuple[int, int, Timer]] = []
        self._arranged = 0

    def after(self, delay_us: int, function: Callable[..., None], *arguments: Any) -> Timer:
        """Arranges for `function` to be called after so long."""
        timer = Timer(function, arguments)
        self._arranged += 1
        heapq.heappush(self._waiting, (self.now_us + max(0, delay_us), self._arranged, timer))
        return timer

    def run_until(self, end_us: int) -> None:
        """Lets everything happen up to a moment, and time pass."""
        waiting = self._waiting
        while waiting and waiting[0][0] <= end_us:
            self.now_us, _, timer = heapq.heappop(waiting)
            function = timer.function
            if function is not None:
                self.happened += 1
                function(*timer.arguments)
        self.now_us = end_us


class SkewedClock:
    """The clock of one node: the wall may be wrong and may jump; the monotonic reading never goes back."""

    def __init__(self, schedule: Schedule, skew_us: int = 0) -> None:
        self._schedule = schedule
        self.skew_us = skew_us

    def now_us(self) -> int:
        return STARTED_AT_US + self._schedule.now_us + self.skew_us

    def monotonic_us(self) -> int:
        return self._schedule.now_us

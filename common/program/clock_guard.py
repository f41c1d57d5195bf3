"""Watches the wall clock against the monotonic one: nothing may expire because somebody set the clock."""

from __future__ import annotations

from common.clock import Clock


class ClockGuard:
    """Says whether the wall clock can be trusted for expiry and dates.

    Between two looks both clocks should have moved by the same time. Where the wall clock moved by more than `jump_us`
    more or less, it was set, or the machine slept. It is trusted again when it is back where it should be, or when the
    new time has stood for `hold_us`: by then an operator has seen the alarm. Small differences (a clock that is slewed
    into step) are followed. All in microseconds.
    """

    def __init__(self, clock: Clock, jump_us: int, hold_us: int) -> None:
        self._clock = clock
        self._jump_us = jump_us
        self._hold_us = hold_us
        self._expected_us = self._difference_us()
        self._latest_us = self._expected_us
        self._jumped_at_us: int | None = None
        self.jumps = 0
        """How often the clock jumped since the start."""

    @property
    def jump_us(self) -> int:
        """By how much the wall clock is ahead of where it should be, while it is not trusted; otherwise 0."""
        return 0 if self._jumped_at_us is None else self._latest_us - self._expected_us

    def trusted(self) -> bool:
        """Looks at both clocks. Called regularly: what happens between two looks is one step."""
        difference = self._difference_us()
        step, self._latest_us = difference - self._latest_us, difference
        now_us = self._clock.monotonic_us()
        if abs(step) > self._jump_us:
            self.jumps += self._jumped_at_us is None
            self._jumped_at_us = now_us
        if self._jumped_at_us is None:
            self._expected_us = difference
            return True
        back = abs(difference - self._expected_us) <= self._jump_us
        if back or now_us - self._jumped_at_us >= self._hold_us:
            self._expected_us, self._jumped_at_us = difference, None
            return True
        return False

    def _difference_us(self) -> int:
        return self._clock.now_us() - self._clock.monotonic_us()

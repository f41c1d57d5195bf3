"""How long to wait before dialling again. Pure: chance is handed in."""

from __future__ import annotations

from collections.abc import Callable

Chance = Callable[[], float]
"""Gives a number from 0 up to 1, each time another one."""


class Backoff:
    """Delays that double from `first_s` up to `most_s`, each shortened by chance to between a half and the whole.

    Without chance, thirty provinces that lost HQ at one moment would come back at one moment. A link that stayed open
    for `reset_s` begins again with the first delay. All in seconds.
    """

    def __init__(self, first_s: float, most_s: float, reset_s: float, chance: Chance) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._reset_s = reset_s
        self._chance = chance
        self._next_s = first_s

    def after(self, open_for_s: float, in_order: bool = False) -> float:
        """The delay after a stream that was open for so long (0: it never opened). `in_order`: the other end closed it
        because it stops, and another one may stand behind the same address."""
        if in_order and open_for_s > 0 and open_for_s >= self._first_s:
            # At once; should nobody be there, the next delay is the first again.
            self._next_s = self._first_s
            return 0.0
        if open_for_s >= self._reset_s:
            self._next_s = self._first_s
        delay = self._next_s
        self._next_s = min(self._next_s * 2, self._most_s)
        return delay * (1 - self._chance() / 2)

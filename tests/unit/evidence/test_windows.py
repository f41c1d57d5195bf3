"""What is still missing is looked for in wider and wider spans, and nothing is read twice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from common.evidence.windows import LegTimes, Place, Window, beyond, find_windows
from common.gen.quanwang.federation.v1 import envelope_pb2

LINK, OTHER = "31>00", "00>31"
DAY_US = 86_400_000_000


class Journal:
    """One empty batch a day, on each link, for a year; counts what is read."""

    def __init__(self) -> None:
        self.read: list[tuple[str, int]] = []

    def between(self, window: Window) -> Iterator[bytes]:
        for day in range(365):
            if window.from_us <= day * DAY_US <= window.to_us:
                self.read.append((window.link, day))
                yield b""


@pytest.mark.parametrize(
    ("windows", "seen", "left"),
    [
        ([(LINK, 1, 9)], [], [(LINK, 1, 9)]),
        ([(LINK, 1, 9)], [(OTHER, 1, 9)], [(LINK, 1, 9)]),
        ([(LINK, 1, 9)], [(LINK, 10, 12), (LINK, -3, 0)], [(LINK, 1, 9)]),
        ([(LINK, 1, 9)], [(LINK, 1, 9)], []),
        ([(LINK, 1, 9)], [(LINK, 0, 4)], [(LINK, 5, 9)]),
        ([(LINK, 1, 9)], [(LINK, 9, 12)], [(LINK, 1, 8)]),
        ([(LINK, 1, 9)], [(LINK, 3, 4), (LINK, 6, 6)], [(LINK, 1, 2), (LINK, 5, 5), (LINK, 7, 9)]),
    ],
)
def test_what_was_looked_into_is_left_out(
    windows: list[tuple[str, int, int]], seen: list[tuple[str, int, int]], left: list[tuple[str, int, int]]
) -> None:
    made = beyond([Window(*window) for window in windows], [Window(*window) for window in seen])
    assert made == [Window(*window) for window in left]


def test_what_is_nowhere_is_looked_for_everywhere_once() -> None:
    journal = Journal()
    nowhere = Place(LINK, envelope_pb2.PHASE_REQUEST, "31", "44")
    leg = LegTimes((LINK, OTHER), 200 * DAY_US, 201 * DAY_US, (), frozenset({nowhere}))
    windows = find_windows(journal, bytes(16), [leg])
    assert sorted(journal.read) == sorted((link, day) for link in (LINK, OTHER) for day in range(365))
    assert {window.link for window in windows} == {LINK, OTHER}
    assert all(window.from_us < 0 and window.to_us > 365 * DAY_US for window in windows)


def test_nothing_beyond_the_legs_life_is_read_where_nothing_is_missing() -> None:
    journal = Journal()
    find_windows(journal, bytes(16), [LegTimes((LINK,), 200 * DAY_US, 201 * DAY_US)])
    assert sorted(journal.read) == [(LINK, 200), (LINK, 201)]

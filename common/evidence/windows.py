"""Where a node looks for what was said about a request: spans of time on directed links.

The journal has one row a batch and no row a message, so a message is found by when it was sealed or received. Rows of
legs know these times; between a span's ends every batch is looked into.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

BEFORE_US = 60_000_000
"""A message may have waited between being received and being processed."""
AFTER_US = 10_000_000
"""It may be sealed some time after it was said, where another process seals."""


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """What was stored in the journal of `link` between two moments (µs, both included)."""

    link: str
    from_us: int
    to_us: int


def around(link: str, at_us: int) -> Window:
    """The window of something that happened at a moment."""
    return Window(link, at_us - BEFORE_US, at_us + AFTER_US)


def merged(windows: Iterable[Window]) -> list[Window]:
    """The same spans without overlaps, by link and time."""
    result: list[Window] = []
    for window in sorted(windows):
        last = result[-1] if result else None
        if last is not None and last.link == window.link and window.from_us <= last.to_us:
            result[-1] = Window(last.link, last.from_us, max(last.to_us, window.to_us))
        else:
            result.append(window)
    return result


@dataclass(frozen=True, slots=True)
class LegTimes:
    """One leg as the node's own row knows it. `moments`: when something was said about it, for certain; `until_us`:
    when it ended, or now."""

    links: tuple[str, ...]
    from_us: int
    until_us: int
    moments: tuple[int, ...] = ()

    def known(self) -> list[Window]:
        """The spans around what is known to have happened."""
        return [around(link, at_us) for link in self.links for at_us in {self.from_us, *self.moments} if at_us]

    def whole(self) -> list[Window]:
        """The leg's whole life."""
        return [Window(link, self.from_us - BEFORE_US, self.until_us + AFTER_US) for link in self.links]

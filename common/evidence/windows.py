"""Where a node looks for what was said about a request: spans of time on directed links.

The journal has one row a batch and no row a message, so a message is found by when it was sealed or received. Rows of
legs know these times; between a span's ends every batch is looked into.

Times are where to look first, and prove nothing: a clock may have been set between receiving and processing, and what
was received may have waited for long. Rows of legs also know what must be there; until all of that is found, the
search goes on in wider and wider spans, at last in everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from common.gen.quanwang.federation.v1 import envelope_pb2, seal_pb2

BEFORE_US = 60_000_000
"""A message may have waited between being received and being processed."""
AFTER_US = 10_000_000
"""It may be sealed some time after it was said, where another process seals."""
REACHES_US = (3_600_000_000, 2 * 86_400_000_000, 62 * 86_400_000_000)
"""How far beyond a leg's life to look, step by step, for what must be there and was not found."""
EVER_US = 2**62


class Place(NamedTuple):
    """That a leg's request or final stands on a directed link. `phase`: of the envelope."""

    link: str
    phase: int
    origin: str
    destination: str


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


def beyond(windows: Iterable[Window], seen: Iterable[Window]) -> list[Window]:
    """What of these spans lies outside of all that was looked into already."""
    left = list(windows)
    for done in seen:
        left = [part for window in left for part in _without(window, done)]
    return left


def _without(window: Window, done: Window) -> Iterator[Window]:
    if window.link != done.link or done.to_us < window.from_us or window.to_us < done.from_us:
        yield window
        return
    if window.from_us < done.from_us:
        yield Window(window.link, window.from_us, done.from_us - 1)
    if done.to_us < window.to_us:
        yield Window(window.link, done.to_us + 1, window.to_us)


@dataclass(frozen=True, slots=True)
class LegTimes:
    """One leg as the node's own row knows it. `moments`: when something was said about it, by the node's clock;
    `until_us`: when it ended, or now; `expected`: what the node's journals must hold of it."""

    links: tuple[str, ...]
    from_us: int
    until_us: int
    moments: tuple[int, ...] = ()
    expected: frozenset[Place] = frozenset()

    def known(self) -> list[Window]:
        """The spans around what is known to have happened."""
        return [around(link, at_us) for link in self.links for at_us in {self.from_us, *self.moments} if at_us]

    def whole(self) -> list[Window]:
        """The leg's whole life."""
        return self.within(BEFORE_US, AFTER_US)

    def within(self, before_us: int, after_us: int) -> list[Window]:
        """The leg's life, and so much before and after it."""
        # A clock that was set back may show an end before the beginning.
        moments = [at_us for at_us in (self.from_us, self.until_us, *self.moments) if at_us]
        return [Window(link, min(moments) - before_us, max(moments) + after_us) for link in self.links]


class Batches(Protocol):
    """A node's journals."""

    def between(self, window: Window) -> Iterator[bytes]:
        """The batches of a link that were stored in that time, in their order."""


class Sought:
    """What is still to be found of a request."""

    def __init__(self, request_id: bytes, legs: Iterable[LegTimes]) -> None:
        self._request_id = request_id
        self.missing = {place for leg in legs for place in leg.expected}

    def looked_into(self, batch: bytes) -> None:
        """Takes note of what a batch holds."""
        if self.missing and self._request_id in batch:
            self.missing.difference_update(_places_in(batch, self._request_id))


def spans(legs: Iterable[LegTimes]) -> Iterator[list[Window]]:
    """The spans to look into one after the other while something is missing, each list wider than the one before: the
    legs' lives, then more and more around them, at last everything."""
    legs = list(legs)
    yield merged(window for leg in legs for window in (*leg.known(), *leg.whole()))
    for reach_us in REACHES_US:
        yield merged(window for leg in legs for window in leg.within(reach_us, reach_us))
    yield merged(Window(link, -EVER_US, EVER_US) for leg in legs for link in leg.links)


def find_windows(journal: Batches, request_id: bytes, legs: Iterable[LegTimes]) -> list[Window]:
    """The spans that hold everything that was said of these legs. Nothing may be left out where personal data is
    erased, so the only limit is the journals' own size: each batch is read once at most."""
    legs = list(legs)
    sought = Sought(request_id, legs)
    windows: list[Window] = []
    for wider in spans(legs):
        for window in beyond(wider, windows):
            for batch in journal.between(window):
                sought.looked_into(batch)
        windows = wider
        if not sought.missing:
            break
    return windows


def _places_in(batch_bytes: bytes, request_id: bytes) -> Iterator[Place]:
    batch = seal_pb2.SealedBatch.FromString(batch_bytes)
    link = seal_pb2.Seal.FromString(batch.seal.seal).link
    for entry in batch.entries:
        if request_id in entry.header:
            outer = envelope_pb2.EnvelopeHeader.FromString(entry.header)
            routing = envelope_pb2.Routing.FromString(outer.routing)
            if routing.request_id == request_id:
                answer = routing.phase == envelope_pb2.PHASE_FINAL
                origin = routing.destination if answer else routing.source
                yield Place(link, routing.phase, origin, routing.leg_destination)

"""Lengths of time, counted in fixed ranges: they can be added up over buckets and nodes, and tell percentiles."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field

_MS, _S = 1_000, 1_000_000

BOUNDS_US = (
    *(value * _MS for value in (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700)),
    *(value * _S for value in (1, 1.5, 2, 3, 5, 7, 10, 15, 20, 30, 60, 120, 300, 600, 1_800, 3_600, 21_600, 86_400)),
)
"""The upper ends of the ranges, the last of which is open."""


@dataclass(slots=True)
class Histogram:
    """How many lengths of time fell into each range, by the range's place."""

    counts: dict[int, int] = field(default_factory=dict)
    sum_us: int = 0

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(self.counts.values())

    def add(self, duration_us: int) -> None:
        """One more. What a set clock makes negative counts as nothing."""
        duration_us = max(0, duration_us)
        place = bisect_left(BOUNDS_US, duration_us)
        self.counts[place] = self.counts.get(place, 0) + 1
        self.sum_us += duration_us

    def merge(self, other: Histogram) -> None:
        """Takes in another's counts."""
        for place, count in other.counts.items():
            self.counts[place] = self.counts.get(place, 0) + count
        self.sum_us += other.sum_us

    def percentile_us(self, share: float) -> int | None:
        """The length of time that `share` (0 to 1) of all did not exceed, as well as the ranges tell: between the ends
        of its range, evenly. None: there was nothing."""
        wanted, seen = share * self.count, 0
        for place in sorted(self.counts):
            count = self.counts[place]
            if seen + count >= wanted:
                low = BOUNDS_US[place - 1] if place else 0
                high = BOUNDS_US[place] if place < len(BOUNDS_US) else low
                return round(low + (high - low) * (wanted - seen) / count)
            seen += count
        return None

    def to_document(self) -> list[object]:
        """As it is stored: the sum, and the counts by place."""
        return [self.sum_us, {str(place): self.counts[place] for place in sorted(self.counts)}]

    @classmethod
    def from_document(cls, document: tuple[int, Mapping[str, int]] | list[object]) -> Histogram:
        """What `to_document` gave."""
        sum_us, counts = document
        assert isinstance(counts, Mapping)
        assert isinstance(sum_us, int)
        return cls({int(place): count for place, count in counts.items()}, sum_us)

    def described(self) -> dict[str, object]:
        """As the API tells it: with its percentiles, and the ranges by their upper end in µs ("": open)."""
        ends = {place: str(round(BOUNDS_US[place])) if place < len(BOUNDS_US) else "" for place in self.counts}
        return {
            "count": self.count,
            "sum_us": self.sum_us,
            "p50_us": self.percentile_us(0.50),
            "p95_us": self.percentile_us(0.95),
            "p99_us": self.percentile_us(0.99),
            "ranges_us": {ends[place]: self.counts[place] for place in sorted(self.counts)},
        }

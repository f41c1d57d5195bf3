"""Relay, naive and floor side by side: short stretches in turns, since a machine's speed drifts while one measures."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmark.federation import make_federation
from tests.benchmark.fleet import Fleet
from tests.benchmark.floor import Floor
from tests.benchmark.workload import Measured, Stretch

PATHS = ("naive", "relay")

WAVES_MIN = 3
"""How many times the requests in flight must all have been answered in one stretch."""


@dataclass
class Figures:
    """The stretches of one path at one depth."""

    stretches: list[Measured] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        """Requests a second of each stretch."""
        return [stretch.requests / stretch.seconds for stretch in self.stretches]

    def summary(self) -> dict[str, float]:
        """Medians of the stretches; latencies over all requests of all stretches."""
        latencies = sorted(latency for stretch in self.stretches for latency in stretch.latencies_us)
        cpu_us = [sum(stretch.cpu_s.values()) / stretch.requests * 1e6 for stretch in self.stretches]
        return {
            "requests_per_s": round(statistics.median(self.rates), 1),
            "p50_ms": round(percentile(latencies, 50) / 1000, 2),
            "p99_ms": round(percentile(latencies, 99) / 1000, 2),
            "cpu_us_per_request": round(statistics.median(cpu_us), 1),
        }

    def details(self) -> dict[str, Any]:
        """The summary and how far the stretches lie apart."""
        by_node = {
            node: round(
                statistics.median(stretch.cpu_s[node] / stretch.requests * 1e6 for stretch in self.stretches), 1
            )
            for node in self.stretches[0].cpu_s
        }
        return self.summary() | {
            "requests_per_s_min": round(min(self.rates), 1),
            "requests_per_s_max": round(max(self.rates), 1),
            "requests": sum(stretch.requests for stretch in self.stretches),
            "cpu_us_by_node": by_node,
        }


def percentile(ordered: Sequence[int], percent: float) -> int:
    """The smallest value that at least so many percent do not exceed; 0 of nothing."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0


class Comparison:
    """Measures all three at several depths, in `place`, which must be on the disk that is meant."""

    def __init__(self, place: Path, tell: Callable[[str], None]) -> None:
        self._place = place
        self._tell = tell
        self._figures: dict[tuple[str, int], Figures] = {}
        self.commits_us: list[float] = []

    async def run(self, depths: Sequence[int], rounds: int, seconds: float, requests: int) -> dict[str, Any]:
        """`requests` is how many a stretch has; 0: as many as come in `seconds`."""
        federation = make_federation()
        federation.save(self._place / "federation.json")
        fleets = [Fleet(path, self._place) for path in PATHS]
        floor = Floor(federation, self._place / "floor")
        try:
            await asyncio.gather(*(fleet.start() for fleet in fleets))
            for depth in depths:
                for number in range(rounds):
                    self._tell(f"{depth} in flight, round {number + 1} of {rounds}")
                    await self._round(depth, fleets, floor, seconds, requests)
        finally:
            await asyncio.gather(*(fleet.stop() for fleet in fleets))
            floor.close()
        return self._result(depths)

    async def _round(self, depth: int, fleets: Sequence[Fleet], floor: Floor, seconds: float, requests: int) -> None:
        if requests:
            warm_up, stretch = Stretch(0.0, min(depth, requests)), Stretch(0.0, requests_max=requests)
        else:
            warm_up, stretch = Stretch(min(1.0, seconds), depth), Stretch(seconds, WAVES_MIN * depth)
        for fleet in fleets:
            self._keep(fleet.path, depth, await fleet.load(depth, warm_up, stretch))
        self._keep("floor", depth, floor.load(depth, warm_up, stretch))

    def _keep(self, path: str, depth: int, measured: Measured) -> None:
        self._figures.setdefault((path, depth), Figures()).stretches.append(measured)

    def _result(self, depths: Sequence[int]) -> dict[str, Any]:
        result: dict[str, Any] = {"depths": {}, "relay": {}, "naive": {}, "floor": {}}
        for depth in depths:
            relay, naive, floor = (self._figures[path, depth] for path in ("relay", "naive", "floor"))
            # Neighbours in time are compared, and then the middle taken: the drift of the machine falls out.
            ratios = [ours / theirs for ours, theirs in zip(relay.rates, naive.rates, strict=True)]
            shares = [ours / theirs for ours, theirs in zip(relay.rates, floor.rates, strict=True)]
            result["depths"][str(depth)] = relay.summary() | {
                "ratio_to_naive": round(statistics.median(ratios), 2),
                "share_of_floor": round(statistics.median(shares), 3),
            }
            for path in ("relay", "naive", "floor"):
                result[path][str(depth)] = self._figures[path, depth].details()
            result["relay"][str(depth)]["ratio_to_naive_min"] = round(min(ratios), 2)
            result["relay"][str(depth)]["ratio_to_naive_max"] = round(max(ratios), 2)
        return result

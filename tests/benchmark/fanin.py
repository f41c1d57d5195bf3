"""Many provinces at one hub: what HQ does for a request must not grow with the number of links it comes and goes by.

The provinces stand in a ring, each asks the next one, all with equally many requests in flight. A small ring and the
large one take turns; what is compared is the rate of all requests together, and HQ's processor time for each.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common.directory.regions import PROVINCES
from common.ids import HQ
from tests.benchmark.federation import make_federation
from tests.benchmark.fleet import Fleet
from tests.benchmark.workload import Stretch

SMALL_RING = 3

WARM_UP = Stretch(2.0)


async def measure(
    place: Path, provinces: int, in_flight: int, seconds: float, rounds: int, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Figures of both rings, and how the large one compares."""
    rings = {count: _Ring(place / str(count), count) for count in (SMALL_RING, provinces)}
    for number in range(rounds):
        for count, ring in rings.items():
            tell(f"round {number + 1} of {rounds}, {count} provinces")
            await ring.run(in_flight, Stretch(seconds))
    small, large = (ring.figures() for ring in rings.values())
    return {
        "in_flight_each": in_flight,
        "rings": {str(count): ring.figures() for count, ring in rings.items()},
        "throughput_ratio": round(large["requests_per_s"] / small["requests_per_s"], 3),
        "hq_cpu_ratio": round(large["hq_cpu_us_per_request"] / small["hq_cpu_us_per_request"], 3),
    }


class _Ring:
    """So many provinces and their HQ. The processes of a ring run only while it is measured, so that the idle ones of
    the other take nothing from it; their databases stay."""

    def __init__(self, place: Path, count: int) -> None:
        self._place = place
        self._provinces = list(PROVINCES)[:count]
        self._rates: list[float] = []
        self._hq_cpu_us: list[float] = []
        place.mkdir(parents=True)
        make_federation([HQ, *self._provinces], self._provinces).save(place / "federation.json")

    async def run(self, in_flight: int, stretch: Stretch) -> None:
        """One round."""
        homes = dict(zip(self._provinces, [*self._provinces[1:], self._provinces[0]], strict=True))
        fleet = Fleet("relay", self._place, [HQ, *self._provinces])
        await fleet.start()
        try:
            measured, cpu_s, seconds = await fleet.load_all(homes, in_flight, WARM_UP, stretch)
        finally:
            await asyncio.shield(fleet.stop())
        rate = sum(one.requests / one.seconds for one in measured)
        self._rates.append(rate)
        self._hq_cpu_us.append(cpu_s[HQ] / seconds / rate * 1e6)

    def figures(self) -> dict[str, float]:
        """Medians over the rounds."""
        return {
            "requests_per_s": round(statistics.median(self._rates), 1),
            "hq_cpu_us_per_request": round(statistics.median(self._hq_cpu_us), 1),
        }

"""Whether a node's memory stays flat: resident memory of the three processes while many requests pass."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmark.federation import make_federation
from tests.benchmark.fleet import Fleet
from tests.benchmark.workload import Stretch

SAMPLES = 20
"""How often is looked, over the whole run."""

BEGINNING = 0.1
"""The part of the run after which memory should grow no more: caches are full by then."""


async def measure(place: Path, requests: int, in_flight: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """Samples by number of requests; and how much each process grew after the beginning."""
    make_federation().save(place / "federation.json")
    fleet = Fleet("relay", place)
    samples: list[dict[str, Any]] = []
    stretch = Stretch(0.0, requests_max=max(1, requests // SAMPLES), seconds_max=3600.0)
    await fleet.start()
    try:
        done = 0
        while done < requests:
            measured = await fleet.load(in_flight, Stretch(0.0), stretch)
            # The last ones in flight end after the stretch; they are work all the same.
            done += measured.requests + in_flight
            samples.append({"requests": done, "rss_mib": fleet.rss_mib()})
            tell(f"{done} requests")
    finally:
        await fleet.stop()
    first = next(sample for sample in samples if sample["requests"] >= requests * BEGINNING)
    growth = {node: round(samples[-1]["rss_mib"][node] - first["rss_mib"][node], 1) for node in first["rss_mib"]}
    return {"in_flight": in_flight, "samples": samples, "growth_mib": growth}

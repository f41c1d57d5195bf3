"""Relay, naive and floor side by side: short stretches in turns, since a machine's speed drifts while one measures."""

from __future__ import annotations

import asyncio
import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmark.federation import DATABASES_FILE, NODES, make_federation
from tests.benchmark.fleet import POSTGRES_PATH, Fleet
from tests.benchmark.floor import Floor
from tests.benchmark.workload import Measured, Stretch
from tests.support.postgres import DURABLE, Cluster, PostgresServer

STORES = {"sqlite": ("relay",), "postgres": (POSTGRES_PATH,), "both": ("relay", POSTGRES_PATH)}
"""The paths of the relay on each choice of stores."""

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
    """Measures all three at several depths, in `place`, which must be on the disk that is meant. `store`: what the
    relay keeps its records in; on both, its two paths are measured in turns as well."""

    def __init__(self, place: Path, tell: Callable[[str], None], store: str = "sqlite") -> None:
        self._place = place
        self._relays = STORES[store]
        self._tell = tell
        self._figures: dict[tuple[str, int], Figures] = {}
        self.commits_us: list[float] = []

    async def run(self, depths: Sequence[int], rounds: int, seconds: float, requests: int) -> dict[str, Any]:
        """`requests` is how many a stretch has; 0: as many as come in `seconds`."""
        federation = make_federation()
        federation.save(self._place / "federation.json")
        fleets = [Fleet(path, self._place) for path in ("naive", *self._relays)]
        floor = Floor(federation, self._place / "floor")
        server = make_databases(self._place / POSTGRES_PATH) if POSTGRES_PATH in self._relays else None
        try:
            await asyncio.gather(*(fleet.start() for fleet in fleets))
            for depth in depths:
                for number in range(rounds):
                    self._tell(f"{depth} in flight, round {number + 1} of {rounds}")
                    await self._round(depth, fleets, floor, seconds, requests)
        finally:
            await asyncio.gather(*(fleet.stop() for fleet in fleets))
            floor.close()
            if server is not None:
                server.close()
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
        paths = {"relay": self._relays[0], "naive": "naive", "floor": "floor"}
        result: dict[str, Any] = {"depths": {}, "relay": {}, "naive": {}, "floor": {}}
        for depth in depths:
            relay, naive, floor = (self._figures[path, depth] for path in paths.values())
            # Neighbours in time are compared, and then the middle taken: the drift of the machine falls out.
            ratios = [ours / theirs for ours, theirs in zip(relay.rates, naive.rates, strict=True)]
            shares = [ours / theirs for ours, theirs in zip(relay.rates, floor.rates, strict=True)]
            result["depths"][str(depth)] = relay.summary() | {
                "ratio_to_naive": round(statistics.median(ratios), 2),
                "share_of_floor": round(statistics.median(shares), 3),
            }
            for name, path in paths.items():
                result[name][str(depth)] = self._figures[path, depth].details()
            result["relay"][str(depth)]["ratio_to_naive_min"] = round(min(ratios), 2)
            result["relay"][str(depth)]["ratio_to_naive_max"] = round(max(ratios), 2)
            for path in self._relays[1:]:
                self._compare_stores(result, path, depth)
        return result

    def _compare_stores(self, result: dict[str, Any], path: str, depth: int) -> None:
        """The relay on another store beside the first, again neighbour by neighbour."""
        other, first = self._figures[path, depth], self._figures[self._relays[0], depth]
        ratios = [ours / theirs for ours, theirs in zip(other.rates, first.rates, strict=True)]
        details = other.details() | {
            "ratio_to_sqlite": round(statistics.median(ratios), 2),
            "ratio_to_sqlite_min": round(min(ratios), 2),
            "ratio_to_sqlite_max": round(max(ratios), 2),
        }
        result.setdefault(path, {})[str(depth)] = details
        result["depths"][str(depth)]["postgres_to_sqlite"] = details["ratio_to_sqlite"]


def make_databases(place: Path) -> PostgresServer:
    """A server with a database for each node, named in `place` for the nodes to find. Its commits are as durable as
    SQLite's."""
    place.mkdir(parents=True)
    server = PostgresServer(place, settings=DURABLE)
    cluster = Cluster(server.url)
    urls = {node: cluster.create() for node in NODES}
    (place / DATABASES_FILE).write_text(json.dumps(urls), encoding="utf-8")
    cluster.release()
    return server

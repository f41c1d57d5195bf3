"""The relay beside the same work through message brokers, in turns: per message, and with the same batches packed."""

from __future__ import annotations

import asyncio
import json
import statistics
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from tests.benchmark.brokers import CLIENTS, Server, missing
from tests.benchmark.comparison import Figures
from tests.benchmark.federation import make_federation
from tests.benchmark.fleet import Fleet
from tests.benchmark.workload import Measured, Stretch

PACKINGS = ("messages", "batches")


async def measure(
    place: Path, depths: Sequence[int], seconds: float, rounds: int, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Figures of each path by depth, and the relay's rate as a multiple of each; what is not installed is named."""
    absent = {name: way for name in CLIENTS if (way := missing(name))}
    for name, way in absent.items():
        tell(f"{name} is left out: install {way}.")
    brokers = [name for name in CLIENTS if name not in absent]
    paths = ["relay", *(f"{name}-{packing}" for name in brokers for packing in PACKINGS)]
    figures: dict[str, dict[str, Figures]] = {path: {} for path in paths}
    async with AsyncExitStack() as stack:
        await _start_brokers(brokers, place, stack)
        for number in range(rounds):
            for path in paths:
                tell(f"round {number + 1} of {rounds}, {path}")
                for depth, measured in (await _stretches(path, place / f"{path}-{number}", depths, seconds)).items():
                    figures[path].setdefault(str(depth), Figures()).stretches.append(measured)
    return {"absent": absent, "paths": {path: _result(figures, path) for path in paths}}


async def _start_brokers(brokers: Sequence[str], place: Path, stack: AsyncExitStack) -> None:
    servers = {name: Server(name, place / name) for name in brokers}
    for server in servers.values():
        stack.push_async_callback(server.stop)
        await server.start()
    addresses = {name: server.address for name, server in servers.items()}
    (place / "brokers.json").write_text(json.dumps(addresses), encoding="utf-8")


async def _stretches(path: str, place: Path, depths: Sequence[int], seconds: float) -> dict[int, Measured]:
    """A new federation for each round: a broker's queues outlive the processes, and new chains need new queues."""
    place.mkdir()
    make_federation().save(place / "federation.json")
    (place / "brokers.json").write_bytes((place.parent / "brokers.json").read_bytes())
    fleet = Fleet(path, place)
    await fleet.start()
    try:
        return {depth: await fleet.load(depth, Stretch(1.0, depth), Stretch(seconds, 3 * depth)) for depth in depths}
    finally:
        await asyncio.shield(fleet.stop())


def _result(figures: dict[str, dict[str, Figures]], path: str) -> dict[str, Any]:
    result = {}
    for depth, own in figures[path].items():
        ratios = [ours / theirs for ours, theirs in zip(figures["relay"][depth].rates, own.rates, strict=True)]
        result[depth] = own.summary() | {"relay_is_times": round(statistics.median(ratios), 2)}
    return result

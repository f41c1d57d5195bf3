"""What a process holds on to, and whether it grows."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import psutil

from tests.support.running import RunningNode

BEGINNING = 0.2
"""The part of the run that is left out: pools and caches fill, and the database's pages are read."""

GROWTH_MAX = {"rss_mib": 0.10, "open_files": 0.0, "connections": 0.0, "threads": 0.0, "tasks": 0.0}
"""By which part of it a thing may grow from the first third of the rest to the last."""

JITTER = {"rss_mib": 4.0, "open_files": 3.0, "connections": 2.0, "threads": 2.0, "tasks": 4.0}
"""What may come and go beside that: a stream that is just being dialled, a client that has not hung up yet."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at a node."""

    rss_mib: float
    open_files: int
    connections: int
    threads: int
    tasks: int


def look_at(node: RunningNode) -> Sample:
    """What the node's process holds now. Its event loop's tasks are told by the node itself."""
    process = psutil.Process(node.pid)
    with process.oneshot():
        return Sample(
            rss_mib=round(process.memory_info().rss / 2**20, 1),
            open_files=process.num_fds(),
            connections=len(process.net_connections("inet")),
            threads=process.num_threads(),
            tasks=_tasks(node.http("/metrics").text),
        )


def _tasks(metrics: str) -> int:
    [line] = [line for line in metrics.splitlines() if line.startswith("quanwang_event_loop_tasks ")]
    return int(float(line.split()[1]))


def course(samples: Sequence[Sample]) -> dict[str, dict[str, Any]]:
    """Of each thing: what there was early and late (medians), the most, and whether that is flat."""
    settled = samples[int(len(samples) * BEGINNING) :]
    third = max(1, len(settled) // 3)
    found = {}
    for name in GROWTH_MAX:
        values = [asdict(sample)[name] for sample in settled]
        early, late = statistics.median(values[:third]), statistics.median(values[-third:])
        flat = late <= early * (1 + GROWTH_MAX[name]) + JITTER[name]
        found[name] = {"early": early, "late": late, "most": max(values), "flat": flat}
    return found

"""The processes of one path: started, connected, set to work, measured from outside, stopped."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil

from tests.benchmark.federation import HOME, NODES, ORIGIN
from tests.benchmark.workload import Measured, Stretch

ROOT = Path(__file__).resolve().parents[2]

POSTGRES_PATH = "relay-postgres"
"""The relay on PostgreSQL."""

LINE_BYTES_MAX = 64 * 1024 * 1024
"""Of one line between the processes: all latencies of a slice travel in one."""


class ProcessFailed(Exception):
    """A process of the measurement ended; what it said is above."""


class Fleet:
    """The nodes of one path (such as "relay" or "naive")."""

    def __init__(self, path: str, place: Path, nodes: Sequence[str] = NODES) -> None:
        self.path = path
        self._place = place
        self._nodes = nodes
        self._processes: dict[str, asyncio.subprocess.Process] = {}

    async def start(self) -> None:
        """Returns when all know of each other."""
        (self._place / self.path).mkdir(parents=True, exist_ok=True)
        for node in self._nodes:
            self._processes[node] = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.benchmark.process", self.path, node, str(self._place)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                cwd=ROOT,
                limit=LINE_BYTES_MAX,
            )
        ports = {node: (await self._hear(node))["port"] for node in self._nodes}
        for node in self._nodes:
            await self.order(node, "connect", ports=ports)

    async def stop(self) -> None:
        """Asks all to stop; ends what does not."""
        for node, process in self._processes.items():
            if process.returncode is None:
                self._say(node, {"order": "stop"})
        for process in self._processes.values():
            try:
                await asyncio.wait_for(process.wait(), 15)
            except TimeoutError:
                process.kill()
                await process.wait()

    async def order(self, node: str, order: str, **parameters: Any) -> Any:
        """Gives an order and waits for its result."""
        self._say(node, {"order": order, **parameters})
        return (await self._hear(node))["result"]

    async def load(self, in_flight: int, warm_up: Stretch, stretch: Stretch) -> Measured:
        """One stretch of work: the origin asks the home."""
        [measured], cpu_s, _seconds = await self.load_all({ORIGIN: HOME}, in_flight, warm_up, stretch)
        measured.cpu_s = cpu_s
        return measured

    async def load_all(
        self, homes: dict[str, str], in_flight: int, warm_up: Stretch, stretch: Stretch
    ) -> tuple[list[Measured], dict[str, float], float]:
        """One stretch of work in which each key of `homes` asks the province of its value, `in_flight` requests each.

        Gives what each origin measured; the processor time of each node while all of them were at work; and how many
        seconds that was.
        """
        order = {"order": "load", "in_flight": in_flight, "warm_up": asdict(warm_up), "stretch": asdict(stretch)}
        for origin, home in homes.items():
            self._say(origin, order | {"home": home})
        await asyncio.gather(*(self._expect_mark(origin, "begin") for origin in homes))
        before, since = self._cpu_s(), time.perf_counter()
        ends = [asyncio.ensure_future(self._expect_mark(origin, "end")) for origin in homes]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        after, seconds = self._cpu_s(), time.perf_counter() - since
        await asyncio.gather(*ends)
        results = [(await self._hear(origin))["result"] for origin in homes]
        measured = [Measured(in_flight, result["seconds"], result["latencies_us"]) for result in results]
        return measured, {node: after[node] - before[node] for node in self._nodes}, seconds

    def rss_mib(self) -> dict[str, float]:
        """Resident memory of each process."""
        return {node: self._psutil(node).memory_info().rss / 2**20 for node in self._nodes}

    async def _expect_mark(self, node: str, edge: str) -> None:
        answer = await self._hear(node)
        if answer.get("mark") != edge:
            raise ProcessFailed(f"expected {edge}, heard {str(answer)[:200]}")

    def _cpu_s(self) -> dict[str, float]:
        """User and system time so far. The generator's own share is in the origins'."""
        times = {node: self._psutil(node).cpu_times() for node in self._nodes}
        return {node: time.user + time.system for node, time in times.items()}

    def _psutil(self, node: str) -> psutil.Process:
        return psutil.Process(self._processes[node].pid)

    def _say(self, node: str, order: dict[str, Any]) -> None:
        stdin = self._processes[node].stdin
        assert stdin is not None
        stdin.write(json.dumps(order).encode() + b"\n")

    async def _hear(self, node: str) -> dict[str, Any]:
        stdout = self._processes[node].stdout
        assert stdout is not None
        line = await stdout.readline()
        if not line:
            raise ProcessFailed(f"{self.path} node {node}")
        answer: dict[str, Any] = json.loads(line)
        return answer

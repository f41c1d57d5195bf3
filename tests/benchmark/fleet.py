"""Three processes, one path: started, connected, set to work, measured from outside, stopped."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil

from tests.benchmark.federation import NODES, ORIGIN
from tests.benchmark.workload import Measured, Stretch

ROOT = Path(__file__).resolve().parents[2]

LINE_BYTES_MAX = 64 * 1024 * 1024
"""Of one line between the processes: all latencies of a slice travel in one."""


class ProcessFailed(Exception):
    """A process of the measurement ended; what it said is above."""


class Fleet:
    """Origin, HQ and home of one path ("relay" or "naive")."""

    def __init__(self, path: str, place: Path) -> None:
        self.path = path
        self._place = place
        self._processes: dict[str, asyncio.subprocess.Process] = {}

    async def start(self) -> None:
        """Returns when all three know of each other."""
        (self._place / self.path).mkdir(parents=True, exist_ok=True)
        for node in NODES:
            self._processes[node] = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.benchmark.process", self.path, node, str(self._place)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                cwd=ROOT,
                limit=LINE_BYTES_MAX,
            )
        ports = {node: (await self._hear(node))["port"] for node in NODES}
        for node in NODES:
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
        """One stretch of work."""
        self._say(
            ORIGIN,
            {"order": "load", "in_flight": in_flight, "warm_up": asdict(warm_up), "stretch": asdict(stretch)},
        )
        await self._expect_mark("begin")
        before = self._cpu_s()
        await self._expect_mark("end")
        after = self._cpu_s()
        result = (await self._hear(ORIGIN))["result"]
        cpu_s = {node: after[node] - before[node] for node in NODES}
        return Measured(in_flight, result["seconds"], result["latencies_us"], cpu_s)

    def rss_mib(self) -> dict[str, float]:
        """Resident memory of each process."""
        return {node: self._psutil(node).memory_info().rss / 2**20 for node in NODES}

    async def _expect_mark(self, edge: str) -> None:
        answer = await self._hear(ORIGIN)
        if answer.get("mark") != edge:
            raise ProcessFailed(f"expected {edge}, heard {str(answer)[:200]}")

    def _cpu_s(self) -> dict[str, float]:
        """User and system time so far. The generator's own share is in the origin's."""
        times = {node: self._psutil(node).cpu_times() for node in NODES}
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

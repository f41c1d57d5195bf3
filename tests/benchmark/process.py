"""One process of a measurement: a node, told by lines of JSON what to do.

Started by `fleet.py`; the answers are lines of JSON on standard output.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from common.core import NodeCore
from tests.benchmark.broker_nodes import BrokerBatchNode, BrokerMessageNode
from tests.benchmark.brokers import CLIENTS
from tests.benchmark.federation import Federation, open_core
from tests.benchmark.fleet import LINE_BYTES_MAX, POSTGRES_PATH
from tests.benchmark.naive_node import NaiveNode
from tests.benchmark.profiling import Profiler, SwitchProfile, switch_profile
from tests.benchmark.relay_node import RelayNode
from tests.benchmark.workload import Load, Stretch, Subscriptions


class NodeProcess:
    """A node and its orders."""

    def __init__(self, path: str, node: str, place: Path) -> None:
        federation = Federation.load(place / "federation.json")
        core = open_core(federation, node, place / path, handlers={SwitchProfile: switch_profile})
        self._node = make_node(path, federation, core, place)
        self._subscriptions: dict[str, Subscriptions] = {}
        self._profiler = Profiler(self._node)

    async def run(self) -> None:
        """Obeys until the input ends or says "stop"."""
        reader = asyncio.StreamReader(limit=LINE_BYTES_MAX)
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        say({"port": await self._node.listen()})
        while line := await reader.readline():
            order = json.loads(line)
            name = order.pop("order")
            if name == "stop":
                break
            say({"done": name, "result": await getattr(self, f"_{name}")(**order)})
        await self._node.stop()

    async def _connect(self, ports: dict[str, int]) -> None:
        await self._node.connect(ports)

    async def _load(
        self, home: str, in_flight: int, warm_up: dict[str, Any], stretch: dict[str, Any]
    ) -> dict[str, Any]:
        if home not in self._subscriptions:
            self._subscriptions[home] = Subscriptions(home)
        load = Load(self._node.ask, self._subscriptions[home])
        measured = await load.run(in_flight, Stretch(**warm_up), Stretch(**stretch), _mark)
        return {"seconds": measured.seconds, "latencies_us": measured.latencies_us}

    async def _profile_begin(self, thread: str) -> None:
        await self._profiler.begin(thread)

    async def _profile_end(self, top: int) -> str:
        return await self._profiler.end(top)


def make_node(path: str, federation: Federation, core: NodeCore, place: Path) -> Any:
    """The node of a path: "relay", "naive", or a broker's name and whether it is given messages or batches."""
    if path in ("relay", POSTGRES_PATH):
        return RelayNode(federation, core)
    if path == "naive":
        return NaiveNode(federation, core)
    name, packing = path.split("-")
    addresses = json.loads((place / "brokers.json").read_text(encoding="utf-8"))
    node_type = BrokerBatchNode if packing == "batches" else BrokerMessageNode
    return node_type(federation, core, CLIENTS[name](), addresses[name])


async def _mark(edge: str) -> None:
    say({"mark": edge})


def say(answer: dict[str, Any]) -> None:
    """One line to whoever started this process."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


async def main(path: str, node: str, place: str) -> None:
    await NodeProcess(path, node, Path(place)).run()


if __name__ == "__main__":
    # Standard output belongs to the answers: warnings of the log go to standard error.
    asyncio.run(main(*sys.argv[1:4]))

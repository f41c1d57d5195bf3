"""Nodes as real programs (`python -m`) that are killed, stopped and started again while somebody works with them."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import httpx

from province_node.customers.column_mapping import QUANWANG
from province_node.customers.csv_import import Extract, in_chunks, open_extract
from province_node.customers.events import RowProblem
from tests.support.processes import ROOT, NodeProcess, ProcessFederation

SETTINGS = """
[link]
backoff_first_s = 0.05
backoff_most_s = 0.5
tick_s = 0.2
"""
"""Nodes find each other again quickly; all else is as it is delivered."""

STOP_WITHIN_S = 10.0
QUIET_WITHIN_S = 30.0
PAUSE_S = 0.03
NOT_AGAIN = threading.Event()


def eventually(condition: Callable[[], Any], what: str, within_s: float = QUIET_WITHIN_S) -> Any:
    """What `condition` gives as soon as it gives something; fails when that takes longer than `within_s`."""
    until = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < until, f"not within {within_s} s: {what}"
        NOT_AGAIN.wait(PAUSE_S)
    return found


class RunningNode(NodeProcess):
    """One node's program. Those who work with it may ask whether it is up, and wait until it is up again."""

    def __init__(self, package: str, data_dir: Path) -> None:
        super().__init__(package, data_dir)
        self._serving = threading.Event()
        self.kills = 0
        self.url = ""
        """Of its PostgreSQL database, if it has one."""

    def wait_for(self, event: str, after: int = 0, **facts: Any) -> dict[str, Any]:
        """The first entry of the log from `after` on that says so."""
        entry = super().wait_for(event, after, **facts)
        if event == "node serves":
            self._serving.set()
        return entry

    def wait_until_up(self, within_s: float) -> None:
        """Returns when the node serves; at once, where nobody has stopped it."""
        assert self._serving.wait(within_s), f"{self.data_dir.name} did not come back within {within_s} s"

    def kill(self) -> None:
        """As a power cut does it."""
        self._serving.clear()
        self.kills += 1
        super().kill()

    def stop(self) -> int:
        """As an operator does it. The exit code; fails when stopping takes too long."""
        self._serving.clear()
        started = time.monotonic()
        code = super().stop()
        took = time.monotonic() - started
        assert took < STOP_WITHIN_S, f"{self.data_dir.name} took {took:.1f} s to stop:\n{self.said()}"
        return code

    @property
    def database(self) -> Path | str:
        """Where its records are: the file, or a URL."""
        return self.url or self.data_dir / "node.db"

    def ready(self) -> bool:
        """What /readyz says; a node that is away is not ready."""
        try:
            return self.http("/readyz").status_code == 200
        except (httpx.TransportError, FileNotFoundError):
            return False

    def events(self, event: str, after: int = 0) -> list[dict[str, Any]]:
        """All entries of the log that say so."""
        return [entry for entry in self.log[after:] if entry.get("event") == event]


class RunningFederation(ProcessFederation):
    """HQ and provinces as programs. HQ comes back on its port whoever else takes ports meanwhile."""

    def __init__(self, directory: Path, provinces: tuple[str, ...], settings: str = SETTINGS, hub: str = "") -> None:
        super().__init__(directory, provinces, settings)
        self.hq: RunningNode = RunningNode("hq_node", self.hq.data_dir)
        self.provinces: dict[str, RunningNode] = {  # type: ignore[assignment]
            code: RunningNode("province_node", node.data_dir) for code, node in self.provinces.items()
        }
        with (self.hq.data_dir / "node.toml").open("a", encoding="utf-8") as content:
            content.write(hub)
        # A bound socket that does not listen keeps the system from giving the port to others; HQ may still take it.
        self._reserved = socket.socket()
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._reserved.bind(("127.0.0.1", 0))
        self.port: int = self._reserved.getsockname()[1]
        (self.hq.data_dir / "federation.address").write_text(f"localhost:{self.port}\n", encoding="utf-8")

    def __enter__(self) -> Self:
        super().__enter__()
        return self

    def __getitem__(self, code: str) -> RunningNode:
        return self.provinces[code]

    @property
    def nodes(self) -> dict[str, RunningNode]:
        """All nodes by code, HQ first."""
        return {"00": self.hq, **self.provinces}

    def close(self) -> None:
        """Ends what still runs."""
        try:
            super().close()
        finally:
            self._reserved.close()

    def wait_until_quiet(self, within_s: float = QUIET_WITHIN_S) -> None:
        """Everything that was said has arrived, and nothing more is to be said."""
        eventually(self._is_quiet, "all nodes at rest", within_s)

    def stop_all(self) -> dict[str, int]:
        """Stops the provinces, then HQ. Their exit codes."""
        return {code: node.stop() for code, node in reversed(self.nodes.items()) if node.running}

    def _is_quiet(self) -> bool:
        hq = self.hq.get("/status")
        open_legs = sum(hq["hub_legs"].get(state, 0) for state in ("admitted", "forwarded"))
        if open_legs or not _at_rest(hq):
            return False
        links = {link["peer"]: link for link in hq["links"]}
        return all(_same_place(links[code], node.get("/status")) for code, node in self.provinces.items())


def _at_rest(status: dict[str, Any]) -> bool:
    return not status["inbox"]["waiting"] and not any(link["waiting_entries"] for link in status["links"])


def _same_place(at_hq: dict[str, Any], province: dict[str, Any]) -> bool:
    (link,) = province["links"]
    received = (at_hq["received_sequence"], link["received_sequence"])
    return _at_rest(province) and received == (link["sealed_sequence"], at_hq["sealed_sequence"])


@dataclass(frozen=True, slots=True)
class Held:
    """A subscription of a province, and whose it is."""

    province: str
    subscription_id: str
    customer_number: str
    name: str
    service_number: str
    status: str


def import_customers(node: RunningNode, province: str, customers: int) -> list[Held]:
    """Made-up customers, taken in through the admin API; what the province holds then."""
    with tempfile.TemporaryDirectory() as place:
        extract = Path(place) / "customers.csv"
        script = ROOT / "scripts" / "make_customers.py"
        wanted = ["--customers", str(customers), "--provinces", province, "--out", str(extract)]
        subprocess.run([sys.executable, str(script), *wanted], check=True, stdout=subprocess.DEVNULL)
        with open_extract(extract) as stream:
            chunks = list(in_chunks(Extract(stream, QUANWANG, province).records()))
    held: list[Held] = []
    for chunk in chunks:
        assert not isinstance(chunk, RowProblem), chunk
        answer = node.post("/customers/import", {"rows": [asdict(row) for row in chunk.rows]})
        assert (answer["imported"] + answer["unchanged"], answer["problems"]) == (len(chunk.rows), []), answer
        held.extend(
            Held(province, s.subscription_id, row.customer_number, row.name, s.service_number, s.status)
            for row in chunk.rows
            if (s := row.subscription) is not None
        )
    return held


def shuffled(seed: int, things: Iterable[Any]) -> list[Any]:
    """The things in an order that is the same in every run."""
    order = list(things)
    random.Random(seed).shuffle(order)
    return order

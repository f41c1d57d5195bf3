"""The floor: all work that the three nodes do for a request, in one process, with nothing between them.

The same cores and handlers, the same checks of what is received, the same commits; batches are as large as the number
of requests in flight allows. No sockets, no threads, no event loop: what the relay's path costs beyond this is
transport and scheduling.
"""

from __future__ import annotations

import resource
import time
from pathlib import Path
from typing import Any

from common.core import NodeCore
from common.ids import HQ
from common.link.receiver import Receiver
from common.link.watermark import Position
from common.messaging.dispatcher import CommandWork
from common.messaging.incoming import ReceivedBatch, SealedBatch
from common.messaging.writer import WriterLimits
from common.requests.events import LegEnded
from tests.benchmark.federation import HOME, NODES, ORIGIN, Federation, open_core
from tests.benchmark.workload import Measured, RequestNotCompleted, Stretch, Subscriptions

PEERS = {ORIGIN: (HQ,), HQ: (ORIGIN, HOME), HOME: (HQ,)}
WINDOW_BYTES = 1 << 40
"""Credit never runs out here."""


class Floor:
    """Three cores and the hands that carry batches between them."""

    def __init__(self, federation: Federation, place: Path) -> None:
        place.mkdir(parents=True, exist_ok=True)
        self._limits = WriterLimits()
        self.cores = {node: open_core(federation, node, place) for node in NODES}
        self._receivers = {(node, peer): self._receiver(node, peer) for node, peers in PEERS.items() for peer in peers}
        self._waiting: dict[str, list[ReceivedBatch]] = {node: [] for node in NODES}
        self._commands: list[CommandWork] = []
        self._subscriptions = Subscriptions(HOME)
        self._asked: dict[bytes, tuple[str, bool, int]] = {}
        self._latencies_us: list[int] = []
        self._completed = 0
        for node, peers in PEERS.items():
            for peer in peers:
                port = self.cores[node].dispatcher.port(peer)
                port.hellos_agree(WINDOW_BYTES)
        self.cores[ORIGIN].dispatcher.subscribe(LegEnded, self._ended)

    def load(self, in_flight: int, warm_up: Stretch, stretch: Stretch) -> Measured:
        """Keeps `in_flight` requests under way for so long; leaves none."""
        for _ in range(in_flight):
            self._ask()
        self._run(warm_up)
        measured = Measured(in_flight)
        self._latencies_us = measured.latencies_us
        cpu_before = _cpu_s()
        measured.seconds = self._run(stretch)
        measured.cpu_s = {"all": _cpu_s() - cpu_before}
        self._latencies_us = []
        self._commands.clear()
        while any(self._waiting.values()):
            self._turn()
            self._commands.clear()
        return measured

    def close(self) -> None:
        """Gives back the databases."""
        for core in self.cores.values():
            core.close()

    def _receiver(self, node: str, peer: str) -> Receiver:
        core = self.cores[node]
        receiver = Receiver(node, peer, Position(), core.directory, core.judge, core.link_settings)
        receiver.begin(self.cores[peer].incarnation)
        return receiver

    def _run(self, stretch: Stretch) -> float:
        """How long it took."""
        started, completed_before = time.perf_counter(), self._completed
        while not stretch.over(time.perf_counter() - started, self._completed - completed_before):
            self._turn()
        return time.perf_counter() - started

    def _turn(self) -> None:
        """Each node in turn runs one group of all that waits for it, as its writer would take it."""
        for node, core in self.cores.items():
            commands: list[CommandWork] = []
            if node == ORIGIN:
                commands = self._commands[: self._limits.commands_a_group_max]
                del self._commands[: len(commands)]
            batches = self._waiting[node][: self._limits.batches_a_group_max]
            del self._waiting[node][: len(batches)]
            if commands or batches:
                outcome = core.dispatcher.run_group(commands, batches)
                for batch in outcome.sealed:
                    self._carry(core, batch)

    def _carry(self, sender: NodeCore, sealed: SealedBatch) -> None:
        received = self._receivers[sealed.peer, sender.node].check(sealed.batch_bytes, sender.clock.now_us())
        assert isinstance(received, ReceivedBatch), received
        self._waiting[sealed.peer].append(received)
        sender.dispatcher.port(sealed.peer).acked_seal_number = sealed.seal_number

    def _ask(self) -> None:
        subscription_id, suspended, command = self._subscriptions.take()
        asked_at = time.perf_counter_ns()

        def submitted(result: Any, error: BaseException | None) -> None:
            if error is not None:
                raise error
            self._asked[result.request_id] = (subscription_id, suspended, asked_at)

        self._commands.append(CommandWork(command, submitted))

    def _ended(self, ended: LegEnded) -> None:
        if ended.outcome != "completed":
            raise RequestNotCompleted(f"{ended.outcome} {ended.reason_code}")
        subscription_id, suspended, asked_at = self._asked.pop(ended.request_id)
        self._subscriptions.give_back(subscription_id, not suspended)
        self._latencies_us.append((time.perf_counter_ns() - asked_at) // 1000)
        self._completed += 1
        self._ask()


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime

"""A node's dispatcher in memory, for links that run over real streams: it commits at once, and lets a test wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from common.clock import SystemClock
from common.gen.quanwang.federation.v1 import directory_pb2
from common.ids import HQ
from common.link.ports import LinkNode
from common.link.settings import LinkSettings
from common.messaging.incoming import LinkPort, ReceivedBatch, SealedBatch
from common.messaging.links import LinkRow
from common.messaging.writer import LinkListener
from tests.support.link import DirectoryHolder, Gap, Ledger, PaperNode, judge_of

PATIENCE_S = 30.0
"""How long a test waits for what must come; only a broken link takes so long."""


class PaperDispatcher:
    """Stands in for the writer. Each submitted batch is a group of its own; `paused` keeps them waiting."""

    def __init__(self, own: PaperNode) -> None:
        self.own = own
        self.ledgers: dict[str, Ledger] = {}
        self.ports: dict[str, LinkPort] = {}
        self.listeners: dict[str, LinkListener] = {}
        self.alarms: list[tuple[str, str]] = []
        self.waiting: list[ReceivedBatch] = []
        self.paused = False
        self.answers = False
        """Whether each received batch is answered by a sealed one in the same group."""
        self.wakes = 0
        self.changed = asyncio.Event()

    def ledger(self, peer: str) -> Ledger:
        return self.ledgers.setdefault(peer, Ledger(self.own, peer))

    # What the link uses

    def submit_batch(self, batch: ReceivedBatch) -> None:
        self.waiting.append(batch)
        asyncio.get_running_loop().call_soon(self.commit)
        self.changed.set()

    def wake(self) -> None:
        self.wakes += 1
        self.changed.set()

    def port(self, peer: str) -> LinkPort:
        return self.ports.setdefault(peer, LinkPort(peer))

    def listen(self, peer: str, listener: LinkListener | None) -> None:
        if listener is None:
            self.listeners.pop(peer, None)
        else:
            self.listeners[peer] = listener
        self.changed.set()

    def link(self, peer: str) -> LinkRow:
        ledger = self.ledger(peer)
        sealed, received = ledger.sealed_position, ledger.received
        return LinkRow(
            peer,
            self.own.incarnation,
            ledger.epoch,
            sealed.seal_number,
            sealed.sequence,
            sealed.seal_hash,
            ledger.acked_seal_number,
            ledger.acked_sequence,
            received.incarnation,
            received.seal_number,
            received.sequence,
            received.seal_hash,
        )

    def batches(self, link: str, after_seal: int, bytes_max: int) -> list[tuple[int, bytes]]:
        return self.ledger(link.split(">")[1]).load(after_seal, bytes_max)

    def alarm(self, kind: str, peer: str, detail: str) -> None:
        self.alarms.append((kind, peer))
        self.changed.set()

    # What a test uses

    def commit(self) -> None:
        """Receives what waits, unless paused."""
        while self.waiting and not self.paused:
            batch = self.waiting.pop(0)
            ledger = self.ledger(batch.peer)
            try:
                ledger.receive(batch)
            except Gap:
                if batch.peer in self.listeners:
                    self.listeners[batch.peer].group_failed("INTERNAL_FAULT")
                continue
            self.tell(batch.peer, batch, [ledger.seal_messages()] if self.answers else [])

    def seal(self, peer: str, count: int = 1) -> SealedBatch:
        """Says something to a peer."""
        batch = self.ledger(peer).seal_messages(count)
        self.tell(peer, None, [batch])
        return batch

    def tell(self, peer: str, received: ReceivedBatch | None, sealed: list[SealedBatch]) -> None:
        if peer in self.listeners:
            self.listeners[peer].group_committed(received, sealed)
        self.changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Returns once the condition holds; it is looked at whenever something has happened."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                self.changed.clear()
                await self.changed.wait()


def link_node(
    dispatcher: PaperDispatcher,
    directory: DirectoryHolder,
    settings: LinkSettings,
    signed_directory: Callable[[], directory_pb2.SignedDirectory | None] | None = None,
) -> LinkNode:
    """The node as its links see it; a directory that comes in is only noted."""
    node = dispatcher.own.node
    accepted: list[directory_pb2.SignedDirectory] = []

    async def accept(signed: directory_pb2.SignedDirectory) -> None:
        accepted.append(signed)
        dispatcher.alarm("DIRECTORY", HQ, "")

    return LinkNode(
        node=node,
        dispatcher=dispatcher,
        store=dispatcher,
        directory=directory,
        judge=judge_of(node, directory, settings),
        clock=SystemClock(),
        settings=settings,
        alarm=dispatcher.alarm,
        signed_directory=signed_directory,
        accept_directory=accept if node != HQ else None,
        software_version="test",
    )


async def turn_until(condition: Callable[[], bool]) -> None:
    """Gives way to everything else until the condition holds: for what nobody is told of."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0)

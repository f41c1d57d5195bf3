"""Nodes that speak through a message broker instead of links: per message, and with the product's batches packed.

The same cores and handlers do the same work as on the product's own path; a queue for each directed link takes the
place of the stream.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine
from typing import Any

from common.clock import SystemClock
from common.core import NodeCore
from common.ids import HQ
from common.link.receiver import Receiver
from common.link.watermark import Position
from common.messaging.incoming import ReceivedBatch, SealedBatch
from common.messaging.writer import Writer
from common.requests.commands import SubmitServiceRequest
from common.requests.events import LegEnded
from tests.benchmark.brokers import Ack, Broker
from tests.benchmark.federation import Federation
from tests.benchmark.naive_node import NaiveNode
from tests.benchmark.workload import LegEnds

WINDOW_BYTES = 1 << 40
"""Credit is not what is measured: the load keeps a fixed number of requests in flight."""


def queue_name(federation: Federation, sealer: str, receiver: str) -> str:
    """The queue in place of a directed link; another one for each federation that is made."""
    return f"federation-{federation.made_at_us}-from-{sealer}-to-{receiver}"


def peers_of(federation: Federation, node: str) -> list[str]:
    return [other for other in federation.nodes if other != node] if node == HQ else [HQ]


class Tasks:
    """Coroutines under way, kept from the collector; what one raises ends the process of the measurement."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            raise SystemExit(repr(error))


class BrokerMessageNode(NaiveNode):
    """One message at a time: the yardstick with a broker in place of its calls."""

    def __init__(self, federation: Federation, core: NodeCore, broker: Broker, address: str) -> None:
        super().__init__(federation, core)
        self._broker = broker
        self._address = address
        self._inward = [queue_name(federation, peer, core.node) for peer in peers_of(federation, core.node)]
        self._tasks = Tasks()

    async def listen(self) -> int:
        """Opens the queues to this node; there is no port."""
        await self._broker.connect(self._address)
        for queue in self._inward:
            await self._broker.open_queue(queue)
        return 0

    async def connect(self, ports: dict[str, int]) -> None:
        """From now on messages come."""
        for queue in self._inward:
            await self._broker.consume(queue, self._take)

    async def stop(self) -> None:
        await self._broker.close()
        await super().stop()

    def _take(self, message: bytes, ack: Ack) -> None:
        self._tasks.begin(self._take_durably(message, ack))

    async def _take_durably(self, message: bytes, ack: Ack) -> None:
        await self._deliver(message, None)
        await ack()

    async def _call(self, peer: str, message: bytes) -> None:
        await self._broker.publish(queue_name(self._federation, self.core.node, peer), message)


class BrokerBatchNode:
    """The product's groups and sealed batches, a batch in a message of the broker."""

    def __init__(self, federation: Federation, core: NodeCore, broker: Broker, address: str) -> None:
        self.core = core
        self._broker = broker
        self._address = address
        self._tasks = Tasks()
        loop = asyncio.get_running_loop()
        self.writer = Writer(core.dispatcher, SystemClock())
        self._ends = LegEnds(loop)
        core.dispatcher.subscribe(LegEnded, self._ends.say)
        self.writer.start(loop)
        self._peers = [_Peer(self, federation, peer) for peer in peers_of(federation, core.node)]

    async def listen(self) -> int:
        """Opens the queues to this node; there is no port."""
        await self._broker.connect(self._address)
        for peer in self._peers:
            await self._broker.open_queue(peer.inward)
        return 0

    async def connect(self, ports: dict[str, int]) -> None:
        """From now on batches come and go."""
        for peer in self._peers:
            peer.open()
            await self._broker.consume(peer.inward, peer.take)

    async def ask(self, command: SubmitServiceRequest) -> LegEnded:
        """Submits a request and waits for its leg's end."""
        submitted = await self.writer.execute(command)
        return await self._ends.of(submitted.request_id)

    async def stop(self) -> None:
        await self._broker.close()
        self.writer.stop()
        self.core.close()

    def publish(self, peer: _Peer, batch: SealedBatch) -> None:
        self._tasks.begin(self._publish(peer, batch))

    def acknowledge(self, ack: Ack) -> None:
        self._tasks.begin(ack())

    async def _publish(self, peer: _Peer, batch: SealedBatch) -> None:
        await self._broker.publish(peer.outward, batch.batch_bytes)
        peer.stored(batch)


class _Peer:
    """The two queues that stand for a link; hears of the writer's commits as a link does."""

    def __init__(self, node: BrokerBatchNode, federation: Federation, peer: str) -> None:
        core = node.core
        self.inward = queue_name(federation, peer, core.node)
        self.outward = queue_name(federation, core.node, peer)
        self._node = node
        self._peer = peer
        self._receiver = Receiver(core.node, peer, Position(), core.directory, core.judge, core.link_settings)
        self._receiver.begin(bytes.fromhex(federation.nodes[peer].incarnation))
        self._unacknowledged: deque[tuple[int, Ack]] = deque()

    def open(self) -> None:
        self._node.writer.listen(self._peer, self)
        port = self._node.writer.port(self._peer)
        port.hellos_agree(WINDOW_BYTES)
        self._node.writer.wake()

    def take(self, message: bytes, ack: Ack) -> None:
        """A batch of the peer's, in order."""
        received = self._receiver.check(message, self._node.core.clock.now_us())
        assert isinstance(received, ReceivedBatch), received
        self._unacknowledged.append((received.seal.seal_number, ack))
        self._node.writer.submit_batch(received)

    def stored(self, batch: SealedBatch) -> None:
        """The broker has it: that stands for the peer's acknowledgement."""
        port = self._node.writer.port(self._peer)
        port.acked_seal_number = max(port.acked_seal_number, batch.seal_number)

    # As the writer's listener

    def group_committed(self, received: ReceivedBatch | None, sealed: list[SealedBatch]) -> None:
        for batch in sealed:
            self._node.publish(self, batch)
        while received and self._unacknowledged and self._unacknowledged[0][0] <= received.seal.seal_number:
            self._node.acknowledge(self._unacknowledged.popleft()[1])

    def group_failed(self, reason: str) -> None:
        raise SystemExit(reason)

    def link_lost(self, epoch: int) -> None:
        raise SystemExit(f"link lost under epoch {epoch}")

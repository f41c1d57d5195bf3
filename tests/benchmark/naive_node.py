"""The yardstick: the same federation as a good team would write it first, one message at a time.

Unary gRPC over the same mutual TLS, asynchronous servers, channels that stay open, the database on a thread of its own.
Each message is one call, one signature and one commit at each node it reaches: it is verified, stored in inbox and
journal, processed by the same handlers on the same tables, and what it causes is signed and stored in the same commit;
the reply says that it is durable. It is store and forward, as the product must be: a home may take days to answer, so
no caller is kept waiting for the business outcome.

In favour of the yardstick: no retries, no acknowledgement stored at the sender, no limits, no chain of seals, and no
stamp to the origin before the final, which carries one that says the same.

Figures are told as ratios to this file. A test pins its digest, so that nobody slows it down by accident later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import grpc
import grpc.aio

import hq_node.core
import province_node.core
from common.core import NodeCore
from common.db.unit_of_work import UnitOfWork
from common.gen.quanwang.federation.v1 import seal_pb2 as pb
from common.ids import HQ, link_name
from common.link.origin import seals_by_hash
from common.messaging.envelope import header_digest
from common.messaging.inbox import INBOX, row_of
from common.messaging.incoming import Incoming, ReceivedBatch
from common.messaging.links import JOURNAL, JournalRow
from common.messaging.outbox import Outgoing
from common.messaging.seal import MerkleTree, leaf, leaf_prefix, seal_hash, sign_seal, signed_bytes, stamp_digest
from common.messaging.sealer import Gate
from common.requests.commands import SubmitServiceRequest
from common.requests.events import LegEnded
from common.requests.gate import AskingGate
from common.security.signing import verify
from common.security.tls import federation_server_credentials, node_name, province_channel_credentials
from hq_node.hub.gate import HubGate
from hq_node.message_processor import HqMessageProcessor
from hq_node.unit_of_work import HqUnitOfWork
from province_node.message_processor import ProvinceMessageProcessor
from province_node.unit_of_work import ProvinceUnitOfWork
from tests.benchmark.federation import HOST, Federation
from tests.benchmark.workload import LegEnds
from tests.support.personal_data import make_vault

SERVICE = "quanwang.benchmark.MessageService"
METHOD = f"/{SERVICE}/Deliver"

Sent = list[tuple[str, bytes]]
"""What a commit wants said: to whom, and the sealed message."""


class NotAuthentic(Exception):
    """A message whose signature, root or origin is not good."""


class NaiveNode:
    """A node that takes, carries out and passes on one message at a time."""

    def __init__(self, federation: Federation, core: NodeCore) -> None:
        self.core = core
        self._federation = federation
        self._keys = federation.nodes[core.node]
        self._signer = self._keys.signer()
        is_hub = core.node == HQ
        self._handlers = hq_node.core.HANDLERS if is_hub else province_node.core.HANDLERS
        self._gate: Gate = HubGate() if is_hub else AskingGate()
        self._processor: Any = HqMessageProcessor() if is_hub else ProvinceMessageProcessor()
        self._make_unit_of_work: Any = HqUnitOfWork if is_hub else partial(ProvinceUnitOfWork, vault=make_vault())
        self._database = ThreadPoolExecutor(1, "database")
        self._loop = asyncio.get_running_loop()
        self._ends = LegEnds(self._loop)
        self._seal_numbers: dict[str, int] = {}
        self._calls: dict[str, Any] = {}
        self._channels: list[grpc.aio.Channel] = []
        self._server: grpc.aio.Server | None = None
        self._sending: set[asyncio.Task[None]] = set()

    async def listen(self) -> int:
        """Opens this node's port."""
        keys, authority = self._keys, self._federation.authority.encode()
        self._server = grpc.aio.server()
        handler: Any = grpc.unary_unary_rpc_method_handler(self._deliver)
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {"Deliver": handler}),))
        port = self._server.add_secure_port(
            f"{HOST}:0",
            federation_server_credentials(keys.tls_key.encode(), keys.server_certificate.encode(), authority),
        )
        await self._server.start()
        return port

    async def connect(self, ports: dict[str, int]) -> None:
        """Opens the channels that stay open: provinces to HQ, HQ to all provinces."""
        keys, authority = self._keys, self._federation.authority.encode()
        credentials = province_channel_credentials(keys.tls_key.encode(), keys.client_certificate.encode(), authority)
        for peer in [node for node in ports if node != HQ] if self.core.node == HQ else [HQ]:
            channel = grpc.aio.secure_channel(
                f"{HOST}:{ports[peer]}", credentials, [("grpc.ssl_target_name_override", node_name(peer))]
            )
            await channel.channel_ready()
            self._channels.append(channel)
            self._calls[peer] = channel.unary_unary(METHOD)

    async def ask(self, command: SubmitServiceRequest) -> LegEnded:
        """Submits a request and waits for its leg's end."""
        submitted, sent = await self._loop.run_in_executor(self._database, self._commit, self._run_command, command)
        self._send(sent)
        return await self._ends.of(submitted.request_id)

    async def stop(self) -> None:
        """Closes channels, server and database."""
        for channel in self._channels:
            await channel.close()
        if self._server is not None:
            await self._server.stop(1)
        self._database.shutdown()
        self.core.close()

    # On the event loop

    async def _deliver(self, message: bytes, context: Any) -> bytes:
        """A peer's call: replies once the message is durable."""
        _, sent = await self._loop.run_in_executor(self._database, self._commit, self._take_message, message)
        self._send(sent)
        return b""

    def _send(self, sent: Sent) -> None:
        for peer, message in sent:
            task = asyncio.create_task(self._call(peer, message))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _call(self, peer: str, message: bytes) -> None:
        await self._calls[peer](message)

    # On the database's thread

    def _commit(self, work: Callable[[Any, UnitOfWork], Any], subject: Any) -> tuple[Any, Sent]:
        """One transaction around `work`; what it says is sealed as its last step."""
        core = self.core
        connection = core.connection
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        uow = self._make_unit_of_work(connection, core.ids, core.clock.now_us(), core.context, lambda _peer: (0, 0))
        try:
            uow.begin_item()
            result = work(subject, uow)
            uow.keep_item()
            uow.begin_item()
            sent = self._seal(uow.outgoing, uow)
            uow.keep_item()
            uow.flush()
            connection.exec_driver_sql("COMMIT")
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        finally:
            uow.close()
        for event in uow.events:
            if type(event) is LegEnded:
                self._ends.say(event)
        return result, sent

    def _run_command(self, command: SubmitServiceRequest, uow: UnitOfWork) -> Any:
        return self._handlers[type(command)](command, uow)

    def _take_message(self, message: bytes, uow: UnitOfWork) -> None:
        """Verifies a message, stores it, carries it out; once, however often it comes."""
        incoming, batch = self._check(message, uow.now_us)
        row = row_of(incoming, uow.now_us)
        if uow.rows(INBOX).get(row.key) is not None:
            return
        uow.rows(INBOX).insert(row)
        uow.rows(JOURNAL).insert(
            JournalRow(batch.link, batch.seal.seal_number, batch.seal.first_sequence, 1, uow.now_us, message)
        )
        incoming.received_at_us = uow.now_us
        self._processor.process(incoming, uow)

    def _check(self, message: bytes, now_us: int) -> tuple[Incoming, ReceivedBatch]:
        """The message, if its sender signed it and (where HQ passes it on) its origin did too."""
        batch = pb.SealedBatch.FromString(message)
        signed = batch.seal
        seal = pb.Seal.FromString(signed.seal)
        link = link_name(seal.node, self.core.node)
        key = self.core.directory().signing_key(seal.node, seal.key_id, now_us)
        if key is None or seal.link != link or not verify(*key, signed.signature, signed_bytes(signed.seal)):
            raise NotAuthentic(link)
        entry = batch.entries[0]
        digests = header_digest(entry.header), stamp_digest(entry.stamp)
        tree = MerkleTree([leaf(leaf_prefix(link), seal.first_sequence, *digests)])
        if tree.root != seal.merkle_root:
            raise NotAuthentic(link)
        incoming = self.core.judge.judge(
            seal.node, link, seal.seal_number, 0, seal.first_sequence, entry, seals_by_hash(batch.origin_seals)
        )
        if incoming.fault:
            raise NotAuthentic(f"{link}: {incoming.fault}")
        received = ReceivedBatch(seal.node, link, seal, seal_hash(signed), message, signed, tree)
        incoming.batch = received
        return incoming, received

    def _seal(self, outgoing: Sequence[Outgoing], uow: UnitOfWork) -> Sent:
        """One signature for each message."""
        core, sent = self.core, []
        directory = core.directory()
        for said in outgoing:
            if said.rides or (said.gated and not self._gate.passes(said, uow)):
                continue
            link = link_name(core.node, said.peer)
            number = self._seal_numbers[link] = self._seal_numbers.get(link, 0) + 1
            signed = sign_seal(
                pb.Seal(
                    node=core.node,
                    incarnation=core.incarnation,
                    link=link,
                    seal_number=number,
                    first_sequence=number,
                    count=1,
                    merkle_root=leaf(leaf_prefix(link), number, said.digest, stamp_digest(said.entry.stamp)),
                    sealed_at_us=uow.now_us,
                    directory_version=directory.version,
                    directory_hash=directory.hash,
                ),
                self._signer,
            )
            origin_seals = [said.origin_seal] if said.origin_seal is not None else []
            message = pb.SealedBatch(seal=signed, entries=[said.entry], origin_seals=origin_seals).SerializeToString()
            uow.rows(JOURNAL).insert(JournalRow(link, number, number, 1, uow.now_us, message))
            sent.append((said.peer, message))
        return sent

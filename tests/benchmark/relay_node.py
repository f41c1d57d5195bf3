"""The product's own path in one process: core, writer thread, and the link's stream over mutual TLS."""

from __future__ import annotations

import asyncio
import random

import grpc

from common.alarms.commands import RaiseAlarm
from common.clock import SystemClock
from common.core import NodeCore
from common.db.engine import open_reader
from common.ids import HQ
from common.link.ports import LinkNode
from common.messaging.link_reader import LinkReader
from common.messaging.writer import Writer
from common.requests.commands import SubmitServiceRequest
from common.requests.events import LegEnded
from common.rpc.link import FederationLinkServicer, LinkDialler, server_options
from common.security.tls import federation_server_credentials, province_channel_credentials
from tests.benchmark.federation import HOST, Federation
from tests.benchmark.workload import LegEnds


class RelayNode:
    """A node as the product runs it, without its screens."""

    def __init__(self, federation: Federation, core: NodeCore) -> None:
        self.core = core
        self._federation = federation
        self._keys = federation.nodes[core.node]
        loop = asyncio.get_running_loop()
        self._ends = LegEnds(loop, in_groups=True)
        self.writer = Writer(core.dispatcher, SystemClock(), observe=lambda _outcome: self._ends.tell())
        core.dispatcher.subscribe(LegEnded, self._ends.say)
        self.writer.start(loop)
        self._reader = open_reader(core.engine.url.render_as_string(hide_password=False))
        self._link_node = LinkNode(
            core.node,
            self.writer,
            LinkReader(self._reader, core.incarnation),
            core.directory,
            core.judge,
            SystemClock(),
            core.link_settings,
            self._alarm,
        )
        self._server: grpc.aio.Server | None = None
        self._servicer: FederationLinkServicer | None = None
        self._dialler: LinkDialler | None = None

    async def listen(self) -> int:
        """Opens the federation port at HQ; provinces have none. Returns its number, or 0."""
        if self.core.node != HQ:
            return 0
        keys = self._keys
        self._server = grpc.aio.server(options=server_options(self.core.link_settings))
        self._servicer = FederationLinkServicer(self._link_node)
        self._servicer.add_to(self._server)
        credentials = federation_server_credentials(
            keys.tls_key.encode(), keys.server_certificate.encode(), self._federation.authority.encode()
        )
        port = self._server.add_secure_port(f"{HOST}:0", credentials)
        await self._server.start()
        return port

    async def connect(self, ports: dict[str, int]) -> None:
        """A province dials HQ. What is asked before the link is open waits for it."""
        if self.core.node == HQ:
            return
        keys = self._keys
        self._dialler = LinkDialler(
            self._link_node,
            f"{HOST}:{ports[HQ]}",
            lambda: province_channel_credentials(
                keys.tls_key.encode(), keys.client_certificate.encode(), self._federation.authority.encode()
            ),
            random.random,
        )
        self._dialler.start()

    async def ask(self, command: SubmitServiceRequest) -> LegEnded:
        """Submits a request and waits for its leg's end."""
        submitted = await self.writer.execute(command)
        return await self._ends.of(submitted.request_id)

    async def stop(self) -> None:
        """Closes the link in good order, then the writer."""
        if self._dialler is not None:
            await self._dialler.stop()
        if self._servicer is not None and self._server is not None:
            await self._servicer.stop()
            await self._server.stop(1)
        self.writer.stop()
        self.core.close()
        self._reader.dispose()

    def _alarm(self, kind: str, peer: str, detail: str) -> None:
        self.writer.execute(RaiseAlarm(kind, peer, detail))

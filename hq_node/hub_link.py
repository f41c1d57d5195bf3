"""HQ's two ports of the federation: links of the nodes in it, and the enrolment of those that want in."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2
from grpc_health.v1.health_pb2_grpc import add_HealthServicer_to_server
from grpc_reflection.v1alpha import reflection

from common.checks import Port
from common.directory.own_keys import NodeKeys
from common.gen.quanwang.federation.v1 import enrolment_pb2, enrolment_pb2_grpc
from common.gen.quanwang.journal.v1 import comparison_pb2_grpc, recovery_pb2_grpc
from common.messaging.writer import Writer
from common.program.data_directory import DataDirectory
from common.program.http_servers import PortInUse, listen_tcp
from common.program.serving import sticky_port
from common.rpc.link import SERVICE, FederationLinkServicer, server_options
from common.rpc.status import StatusInterceptor
from common.security import tls
from hq_node.directory.key_desk import OwnCertificates
from hq_node.directory.servicer import EnrolmentServicer, NodeKeysServicer
from hq_node.journal_comparison.servicer import JournalServicer
from hq_node.journal_comparison.servicer import Read as ReadRanges
from hq_node.recovery.servicer import ClosedLinks, CollectingServicer, Journals, RecoveryServicer
from hq_node.settings import HqSettings

ENROLMENT_SERVICE = enrolment_pb2.DESCRIPTOR.services_by_name["EnrolmentService"].full_name
STOP_GRACE_S = 2.0


class FederationPorts:
    """Both servers. The ports are taken at once, so that addresses are known; they answer from `start` on.

    Made on the event loop. Raises PortInUse.
    """

    def __init__(
        self, data: DataDirectory, settings: HqSettings, keys: NodeKeys, certificates: OwnCertificates
    ) -> None:
        self._data = data
        self._settings = settings.federation
        self._drain_timeout_us = settings.link.drain_timeout_us
        # Two programs on one port would share the provinces between them without a word.
        alone = [("grpc.so_reuseport", 0)]
        options = [*server_options(settings.link), *alone]
        self._links = grpc.aio.server(interceptors=[StatusInterceptor()], options=options)
        self._enrolment = grpc.aio.server(interceptors=[StatusInterceptor()], options=alone)

        def key_and_certificate() -> tuple[bytes, bytes]:
            server = certificates.current.server
            return keys.keyring.tls_key_pem_of(server), server

        self.link_address = self._listen(
            "federation",
            self._links,
            self._settings.link_port,
            self._settings.advertised_link_port,
            "federation.link_port",
            tls.server_credentials(key_and_certificate, certificates.current.authority),
        )
        self.enrolment_address = self._listen(
            "enrolment",
            self._enrolment,
            self._settings.enrolment_port,
            self._settings.advertised_enrolment_port,
            "federation.enrolment_port",
            tls.server_credentials(key_and_certificate),
        )
        self._servicer: FederationLinkServicer | None = None

    async def start(
        self, writer: Writer, servicer: FederationLinkServicer, read_ranges: ReadRanges, held: Journals
    ) -> None:
        """Begins to answer."""
        recovery_pb2_grpc.add_RecoveryServiceServicer_to_server(RecoveryServicer(held, servicer.welcomes), self._links)
        journals = JournalServicer(read_ranges, servicer.welcomes)
        comparison_pb2_grpc.add_JournalServiceServicer_to_server(journals, self._links)
        node_keys = NodeKeysServicer(writer, servicer.welcomes)
        enrolment_pb2_grpc.add_NodeKeysServiceServicer_to_server(node_keys, self._links)
        self._servicer = servicer
        servicer.add_to(self._links)
        enrolment_pb2_grpc.add_EnrolmentServiceServicer_to_server(EnrolmentServicer(writer), self._enrolment)
        await _serve_health(self._links, SERVICE)
        await _serve_health(self._enrolment, ENROLMENT_SERVICE)
        await asyncio.gather(self._links.start(), self._enrolment.start())

    async def start_collecting(self, servicer: CollectingServicer) -> None:
        """Begins to take what provinces give back, and nothing else: no streams, no enrolments."""
        recovery_pb2_grpc.add_RecoveryServiceServicer_to_server(servicer, self._links)
        ClosedLinks().add_to(self._links)
        await self._links.start()

    async def stop(self) -> None:
        """Closes both ports to newcomers at once, so that whoever dials again lands on another replica; drains the
        links meanwhile."""
        # From the first moment of stopping on nobody is let in; the streams that there are live on for as long.
        drain_s = STOP_GRACE_S + (self._drain_timeout_us / 1e6 if self._servicer is not None else 0)
        closing = [
            asyncio.ensure_future(self._links.stop(drain_s)),
            asyncio.ensure_future(self._enrolment.stop(STOP_GRACE_S)),
        ]
        if self._servicer is not None:
            await self._servicer.stop()
        await asyncio.gather(*closing)

    def _listen(
        self,
        name: str,
        server: grpc.aio.Server,
        configured: int,
        advertised: int,
        setting: str,
        credentials: grpc.ServerCredentials,
    ) -> str:
        """Takes the port; returns the address under which others find it."""
        wanted = sticky_port(self._data, name, configured)
        address = f"{self._settings.listen_host}:{wanted}"
        if wanted:
            # gRPC says why a port cannot be had to nobody but the log of its library.
            listen_tcp(self._settings.listen_host, wanted, setting).close()
        try:
            port = server.add_secure_port(address, credentials)
        except RuntimeError as error:
            raise PortInUse(address=address, detail="gRPC", setting=setting) from error
        host = self._settings.advertised_host
        self._data.write_address(name, f"{host}:{port}")
        return f"{host}:{advertised or port}"


def ports_of(settings: HqSettings) -> list[Port]:
    """What HQ listens on; a process without links has no ports of the federation."""
    federation, http = settings.federation, settings.http
    ports = [Port("http", http.host, http.port, "http.port")]
    if "link" in settings.replica.roles:
        host = federation.listen_host
        ports.append(Port("federation", host, federation.link_port, "federation.link_port"))
        ports.append(Port("enrolment", host, federation.enrolment_port, "federation.enrolment_port"))
    return ports


async def _serve_health(server: grpc.aio.Server, service: str) -> None:
    """What supervisors and people with grpcurl expect of a server."""
    servicer: Any = health.aio.HealthServicer()
    add_HealthServicer_to_server(servicer, server)
    for name in ("", service):
        await servicer.set(name, health_pb2.HealthCheckResponse.SERVING)
    reflection.enable_server_reflection((service, "grpc.health.v1.Health", reflection.SERVICE_NAME), server)

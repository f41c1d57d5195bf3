"""The enrolment service, the one port of HQ that speaks with nodes that are not in the federation yet; and on the
federation port, the service by which nodes replace their keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import grpc.aio

from common.gen.quanwang.federation.v1 import enrolment_pb2 as pb
from common.gen.quanwang.federation.v1 import enrolment_pb2_grpc as pb_grpc
from common.ids import HQ
from common.security.tls import peer_named_by
from hq_node.directory.model import CertificateNotPermitted
from hq_node.directory.wire import enrolment_command, enrolment_response, rotation_command, rotation_response


class CommandPort(Protocol):
    """Runs a command, durably; raises what its handler raised."""

    def execute(self, command: Any) -> Awaitable[Any]: ...


class EnrolmentServicer(pb_grpc.EnrolmentServiceServicer):
    """Serve it with `common.rpc.status.StatusInterceptor`, which maps what is raised."""

    def __init__(self, dispatcher: CommandPort) -> None:
        self._dispatcher = dispatcher

    async def Enrol(
        self, request: pb.EnrolRequest, context: grpc.aio.ServicerContext[pb.EnrolRequest, pb.EnrolResponse]
    ) -> pb.EnrolResponse:
        return enrolment_response(await self._dispatcher.execute(enrolment_command(request)))


Welcome = Callable[[str, bytes], Awaitable[bool]]
"""Whether the directory in force names a certificate (its fingerprint) for a node."""


class NodeKeysServicer(pb_grpc.NodeKeysServiceServicer):
    """Serve it with `common.rpc.status.StatusInterceptor`. Only the node itself comes through, by its certificate."""

    def __init__(self, dispatcher: CommandPort, welcome: Welcome) -> None:
        self._dispatcher = dispatcher
        self._welcome = welcome

    async def RotateKeys(
        self,
        request: pb.RotateKeysRequest,
        context: grpc.aio.ServicerContext[pb.RotateKeysRequest, pb.RotateKeysResponse],
    ) -> pb.RotateKeysResponse:
        command = rotation_command(request)
        peer, fingerprint = peer_named_by(context.auth_context().get("x509_pem_cert", ()))
        if peer != command.wish.node or peer == HQ or not await self._welcome(peer, fingerprint):
            raise CertificateNotPermitted(node=command.wish.node)
        return rotation_response(await self._dispatcher.execute(command))

"""The enrolment service: the one port of HQ that speaks with nodes that are not in the federation yet."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Protocol

import grpc.aio

from common.gen.quanwang.federation.v1 import enrolment_pb2 as pb
from common.gen.quanwang.federation.v1 import enrolment_pb2_grpc as pb_grpc
from hq_node.directory.wire import enrolment_command, enrolment_response


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

"""The federation port where one of the two ends was restored: HQ gives a province back what it holds of their link, or,
while HQ itself takes back, provinces give."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import grpc.aio

from common.gen.quanwang.federation.v1 import directory_pb2, link_pb2
from common.gen.quanwang.journal.v1 import recovery_pb2 as pb
from common.gen.quanwang.journal.v1 import recovery_pb2_grpc as pb_grpc
from common.ids import HQ
from common.journal.comparison import Question, require_link_of
from common.journal.model import ComparisonNotPermitted
from common.link import effects as reason
from common.recovery.queries import Held
from common.recovery.taking_back import Given
from common.rpc.link import METHOD_NAME, SERVICE
from common.security.tls import peer_named_by
from hq_node.recovery.collecting import Collecting
from hq_node.recovery.model import HqNotRecovering, HqRecovering

Welcome = Callable[[str, bytes], Awaitable[bool]]
"""Whether the directory in force names a certificate (its fingerprint) for a node."""
FetchContext = grpc.aio.ServicerContext[pb.FetchJournalRequest, pb.FetchJournalResponse]
GiveContext = grpc.aio.ServicerContext[pb.GiveJournalRequest, pb.GiveJournalResponse]


class Journals(Protocol):
    """What HQ holds."""

    def read(self, link: str, after: int) -> Awaitable[Held]: ...
    def newer(self, version: int) -> directory_pb2.SignedDirectory | None: ...


class RecoveryServicer(pb_grpc.RecoveryServiceServicer):
    """Serve it with `common.rpc.status.StatusInterceptor`. A province is given its own link alone."""

    def __init__(self, journals: Journals, welcome: Welcome) -> None:
        self._journals, self._welcome = journals, welcome

    async def FetchJournal(self, request: pb.FetchJournalRequest, context: FetchContext) -> pb.FetchJournalResponse:
        peer, fingerprint = peer_named_by(context.auth_context().get("x509_pem_cert", ()))
        if peer == HQ or not await self._welcome(peer, fingerprint):
            raise ComparisonNotPermitted(node=peer)
        _require_own_link(request.link, request.after, peer)
        held = await self._journals.read(request.link, request.after)
        directory = self._journals.newer(request.directory_version)
        return pb.FetchJournalResponse(batches=held.batches, last_seal=held.last_seal, directory=directory)

    async def GiveJournal(self, request: pb.GiveJournalRequest, context: GiveContext) -> pb.GiveJournalResponse:
        raise HqNotRecovering


class CollectingServicer(pb_grpc.RecoveryServiceServicer):
    """The same while HQ takes back: provinces give. A province is heard once the newest directory that anybody has
    given names its certificate: HQ may have forgotten that it let the province in."""

    def __init__(self, collecting: Collecting, welcome: Welcome) -> None:
        self._collecting, self._welcome = collecting, welcome

    async def FetchJournal(self, request: pb.FetchJournalRequest, context: FetchContext) -> pb.FetchJournalResponse:
        raise HqRecovering

    async def GiveJournal(self, request: pb.GiveJournalRequest, context: GiveContext) -> pb.GiveJournalResponse:
        peer, fingerprint = peer_named_by(context.auth_context().get("x509_pem_cert", ()))
        if request.HasField("directory"):
            # By the root's signature it is what it is, whoever brings it.
            self._collecting.offered_directory(request.directory)
        if peer == HQ or not await self._welcome(peer, fingerprint):
            raise ComparisonNotPermitted(node=peer)
        if request.link:
            _require_own_link(request.link, request.after, peer)
            given = Given(list(request.batches), request.last_seal)
            self._collecting.given(peer, request.link, request.after, given)
        await self._collecting.came(peer)
        link, after = await self._collecting.next_wish(peer)
        return pb.GiveJournalResponse(link=link, after=after)


class ClosedLinks:
    """While HQ takes back it takes no streams: whoever dials is told why, and gives."""

    def add_to(self, server: grpc.aio.Server) -> None:
        """Registers the service of links."""
        handler: Any = grpc.stream_stream_rpc_method_handler(self._refuse)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {METHOD_NAME: handler}),))

    async def _refuse(self, _frames: Any, context: grpc.aio.ServicerContext[bytes, bytes]) -> None:
        refusal = link_pb2.Reject(reason_code=reason.HQ_RECOVERING, detail="HQ takes back what it forgot")
        await context.write(link_pb2.LinkFrame(reject=refusal).SerializeToString())


def _require_own_link(link: str, after: int, peer: str) -> None:
    """Raises MalformedComparison, LinkNotOfBoth."""
    question = Question(link, after + 1, after, 1)
    question.require_fit()
    require_link_of(question, HQ, peer)

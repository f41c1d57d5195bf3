"""HQ gives a province back what it holds of their link, on the federation port."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import grpc.aio

from common.gen.quanwang.federation.v1 import directory_pb2
from common.gen.quanwang.journal.v1 import recovery_pb2 as pb
from common.gen.quanwang.journal.v1 import recovery_pb2_grpc as pb_grpc
from common.ids import HQ
from common.journal.comparison import Question, require_link_of
from common.journal.model import ComparisonNotPermitted
from common.security.tls import peer_named_by
from hq_node.recovery.queries import Held

Welcome = Callable[[str, bytes], Awaitable[bool]]
"""Whether the directory in force names a certificate (its fingerprint) for a node."""


class Journals(Protocol):
    """What HQ holds."""

    def read(self, link: str, after: int) -> Awaitable[Held]: ...
    def newer(self, version: int) -> directory_pb2.SignedDirectory | None: ...


class RecoveryServicer(pb_grpc.RecoveryServiceServicer):
    """Serve it with `common.rpc.status.StatusInterceptor`. A province is given its own link alone."""

    def __init__(self, journals: Journals, welcome: Welcome) -> None:
        self._journals, self._welcome = journals, welcome

    async def FetchJournal(
        self,
        request: pb.FetchJournalRequest,
        context: grpc.aio.ServicerContext[pb.FetchJournalRequest, pb.FetchJournalResponse],
    ) -> pb.FetchJournalResponse:
        peer, fingerprint = peer_named_by(context.auth_context().get("x509_pem_cert", ()))
        if peer == HQ or not await self._welcome(peer, fingerprint):
            raise ComparisonNotPermitted(node=peer)
        question = Question(request.link, request.after + 1, request.after, 1)
        question.require_fit()
        require_link_of(question, HQ, peer)
        held = await self._journals.read(request.link, request.after)
        directory = self._journals.newer(request.directory_version)
        return pb.FetchJournalResponse(batches=held.batches, last_seal=held.last_seal, directory=directory)

"""HQ tells a province what it holds of their link, on the federation port."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import grpc.aio

from common.gen.quanwang.journal.v1 import comparison_pb2 as pb
from common.gen.quanwang.journal.v1 import comparison_pb2_grpc as pb_grpc
from common.ids import HQ
from common.journal.comparison import Question, Ranges, require_link_of
from common.journal.model import ComparisonNotPermitted
from common.journal.wire import decode_question, encode_ranges
from common.security.tls import peer_named_by

Welcome = Callable[[str, bytes], Awaitable[bool]]
"""Whether the directory in force names a certificate (its fingerprint) for a node."""
Read = Callable[[Question], Awaitable[Ranges]]


class JournalServicer(pb_grpc.JournalServiceServicer):
    """Serve it with `common.rpc.status.StatusInterceptor`. A province is told of its own link alone."""

    def __init__(self, read: Read, welcome: Welcome) -> None:
        self._read = read
        self._welcome = welcome

    async def CompareJournal(
        self,
        request: pb.CompareJournalRequest,
        context: grpc.aio.ServicerContext[pb.CompareJournalRequest, pb.CompareJournalResponse],
    ) -> pb.CompareJournalResponse:
        peer, fingerprint = peer_named_by(context.auth_context().get("x509_pem_cert", ()))
        if peer == HQ or not await self._welcome(peer, fingerprint):
            raise ComparisonNotPermitted(node=peer)
        question = decode_question(request)
        require_link_of(question, HQ, peer)
        return encode_ranges(await self._read(question))

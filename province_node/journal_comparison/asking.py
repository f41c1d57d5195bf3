"""A province asks HQ what it holds of a link: on the federation port, as itself."""

from __future__ import annotations

from collections.abc import Callable

import grpc
import grpc.aio

from common.gen.quanwang.journal.v1 import comparison_pb2_grpc as pb_grpc
from common.journal.comparison import AskPeer, Question, Ranges
from common.journal.model import PeerAway, PeerRefused
from common.journal.wire import decode_ranges, encode_question
from common.rpc.status import reason_code_of
from common.security import tls

CALL_TIMEOUT_S = 120.0

_AWAY = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED})


def asking_hq(address: Callable[[], str], credentials: Callable[[], grpc.ChannelCredentials]) -> AskPeer:
    """Asks HQ at its address, with the certificate of the moment."""

    async def ask(peer: str, question: Question) -> Ranges:
        async with grpc.aio.secure_channel(address(), credentials(), options=tls.hq_name_options()) as channel:
            try:
                answer = await pb_grpc.JournalServiceStub(channel).CompareJournal(
                    encode_question(question), timeout=CALL_TIMEOUT_S
                )
            except grpc.aio.AioRpcError as error:
                reason_code = reason_code_of(error) or error.code().name
                if error.code() in _AWAY:
                    raise PeerAway(node=peer, detail=reason_code) from error
                raise PeerRefused(node=peer, reason_code=reason_code, detail=error.details() or "") from error
        return decode_ranges(answer)

    return ask

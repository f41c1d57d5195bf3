"""A province asks HQ for what it forgot: on the federation port, as itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import grpc
import grpc.aio

from common.gen.quanwang.federation.v1 import directory_pb2
from common.gen.quanwang.journal.v1 import recovery_pb2 as pb
from common.gen.quanwang.journal.v1 import recovery_pb2_grpc as pb_grpc
from common.ids import HQ
from common.journal.model import PeerAway, PeerRefused
from common.link.settings import LinkSettings
from common.recovery.taking_back import Fetch, Given
from common.rpc.status import reason_code_of
from common.security import tls

CALL_TIMEOUT_S = 120.0

_AWAY = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED})

TakeDirectory = Callable[[directory_pb2.SignedDirectory], None]


def fetching_from_hq(
    address: str,
    credentials: Callable[[], grpc.ChannelCredentials],
    settings: LinkSettings,
    directory_version: Callable[[], int],
    take_directory: TakeDirectory,
) -> Fetch:
    """Fetches from HQ; a directory that is newer than this node's is taken before the batches that name it.

    What it gives raises PeerAway, PeerRefused, and what `take_directory` raises.
    """
    options = [*tls.hq_name_options(), ("grpc.max_receive_message_length", 2 * settings.frame_bytes_max)]

    async def fetch(link: str, after: int) -> Given:
        async with grpc.aio.secure_channel(address, credentials(), options=options) as channel:
            request = pb.FetchJournalRequest(link=link, after=after, directory_version=directory_version())
            call: Awaitable[pb.FetchJournalResponse] = pb_grpc.RecoveryServiceStub(channel).FetchJournal(
                request, timeout=CALL_TIMEOUT_S
            )
            try:
                answer = await call
            except grpc.aio.AioRpcError as error:
                reason_code = reason_code_of(error) or error.code().name
                if error.code() in _AWAY:
                    raise PeerAway(node=HQ, detail=reason_code) from error
                raise PeerRefused(node=HQ, reason_code=reason_code, detail=error.details() or "") from error
        if answer.HasField("directory"):
            take_directory(answer.directory)
        return Given(list(answer.batches), answer.last_seal)

    return fetch

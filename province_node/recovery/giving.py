"""HQ was restored and says so: the province gives it what it asks for of their link, until HQ is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import grpc
import grpc.aio

from common.gen.quanwang.federation.v1 import directory_pb2
from common.gen.quanwang.journal.v1 import recovery_pb2 as pb
from common.gen.quanwang.journal.v1 import recovery_pb2_grpc as pb_grpc
from common.ids import HQ
from common.journal.comparison import Question, require_link_of
from common.link.settings import LinkSettings
from common.log import get_logger
from common.recovery.queries import Held
from common.rpc.status import reason_code_of
from common.security import tls

log = get_logger()

CALL_TIMEOUT_S = 120.0

ReadJournal = Callable[[str, int], Awaitable[Held]]
"""`read(link, after)`: this node's journal of a link, beside everything else."""


class Giving:
    """Gives while HQ asks. HQ is given its own link's two journals, which it had before, and nothing else."""

    def __init__(
        self,
        node: str,
        address: Callable[[], str],
        credentials: Callable[[], grpc.ChannelCredentials],
        settings: LinkSettings,
        read: ReadJournal,
        signed_directory: Callable[[], Awaitable[directory_pb2.SignedDirectory | None]],
    ) -> None:
        self._node, self._address, self._credentials = node, address, credentials
        self._settings, self._read, self._signed_directory = settings, read, signed_directory

    async def run(self) -> None:
        """Until HQ hangs up or refuses; the link is dialled again afterwards."""
        # Twice a frame: what is given at once is bounded by its batches, and may be one batch more.
        options = [*tls.hq_name_options(), ("grpc.max_send_message_length", 2 * self._settings.frame_bytes_max)]
        async with grpc.aio.secure_channel(self._address(), self._credentials(), options=options) as channel:
            stub = pb_grpc.RecoveryServiceStub(channel)
            request = pb.GiveJournalRequest(directory=await self._signed_directory())
            batches = 0
            while True:
                call: Awaitable[pb.GiveJournalResponse] = stub.GiveJournal(request, timeout=CALL_TIMEOUT_S)
                try:
                    wanted = await call
                except grpc.aio.AioRpcError as error:
                    log.info("gave to hq", batches=batches, end=reason_code_of(error) or error.code().name)
                    return
                request = await self._answer(wanted)
                batches += len(request.batches)

    async def _answer(self, wanted: pb.GiveJournalResponse) -> pb.GiveJournalRequest:
        """What HQ asks for. Raises MalformedComparison, LinkNotOfBoth where that is not its own to ask for."""
        if not wanted.link:
            return pb.GiveJournalRequest()
        question = Question(wanted.link, wanted.after + 1, wanted.after, 1)
        question.require_fit()
        require_link_of(question, self._node, HQ)
        held = await self._read(wanted.link, wanted.after)
        return pb.GiveJournalRequest(
            link=wanted.link, after=wanted.after, batches=held.batches, last_seal=held.last_seal
        )

"""Provinces give to a recovering HQ over real gRPC with mutual TLS; whoever gives what is not theirs is refused by
name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import grpc
import grpc.aio
import pytest

from common.directory.signing import DirectoryNotByRoot
from common.gen.quanwang.federation.v1 import directory_pb2
from common.gen.quanwang.journal.v1 import recovery_pb2 as pb
from common.gen.quanwang.journal.v1 import recovery_pb2_grpc as pb_grpc
from common.link import effects as reason
from common.link.settings import LinkSettings
from common.recovery.queries import Held
from common.recovery.taking_back import Given
from common.rpc.link import LinkDialler, server_options
from common.rpc.status import StatusInterceptor, reason_code_of
from common.security import tls
from hq_node.recovery.collecting import BATCHES_AT_ONCE_MAX, Collecting
from hq_node.recovery.servicer import ClosedLinks, CollectingServicer, RecoveryServicer
from province_node.recovery.giving import Giving
from tests.integration.link.test_streams import SETTINGS, Certificates, Certified
from tests.support.link import GUANGDONG, SHANGHAI, DirectoryHolder, PaperNode, directory_of
from tests.support.link_node import PATIENCE_S, PaperDispatcher, link_node

DIRECTORY = directory_pb2.SignedDirectory(directory=b"the newest", key_id="root", signature=b"signature")


@dataclass
class Hq:
    """HQ's port while it takes back. The federation consists of Shanghai; Guangdong was let in since the backup."""

    certificates: Certificates
    welcome: set[bytes] = field(default_factory=set)
    expected: list[str] = field(default_factory=lambda: [SHANGHAI, GUANGDONG])
    address: str = ""
    directories: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.collecting = Collecting(lambda: self.expected, self._take, lambda _what, _done, _total: None)

    def _take(self, signed: directory_pb2.SignedDirectory) -> None:
        if signed.directory != DIRECTORY.directory:
            raise DirectoryNotByRoot
        self.directories.append(signed.directory)

    async def welcomes(self, _peer: str, fingerprint: bytes) -> bool:
        return fingerprint in self.welcome

    def credentials(self, certified: Certified) -> grpc.ChannelCredentials:
        return tls.province_channel_credentials(certified.key, certified.certificate, self.certificates.authority)

    async def call(self, certified: Certified, request: pb.GiveJournalRequest) -> str:
        """The reason code of a refusal; empty: it was taken."""
        async with grpc.aio.secure_channel(
            self.address, self.credentials(certified), options=tls.hq_name_options()
        ) as channel:
            call: Awaitable[pb.GiveJournalResponse] = pb_grpc.RecoveryServiceStub(channel).GiveJournal(
                request, timeout=PATIENCE_S
            )
            try:
                await call
            except grpc.aio.AioRpcError as error:
                return reason_code_of(error) or error.code().name
        return ""


@asynccontextmanager
async def recovering(settings: LinkSettings = SETTINGS) -> AsyncIterator[tuple[Hq, Certified, Certified]]:
    certificates = Certificates()
    shanghai, guangdong = certificates.client(SHANGHAI), certificates.client(GUANGDONG, 4)
    hq = Hq(certificates, {shanghai.fingerprint, guangdong.fingerprint})
    server = grpc.aio.server(interceptors=[StatusInterceptor()], options=server_options(settings))
    pb_grpc.add_RecoveryServiceServicer_to_server(CollectingServicer(hq.collecting, hq.welcomes), server)
    ClosedLinks().add_to(server)
    certified = certificates.server()
    credentials = tls.federation_server_credentials(certified.key, certified.certificate, certificates.authority)
    hq.address = f"127.0.0.1:{server.add_secure_port('127.0.0.1:0', credentials)}"
    await server.start()
    try:
        yield hq, shanghai, guangdong
    finally:
        await server.stop(None)


def giving(hq: Hq, node: str, certified: Certified, read: Callable[[str, int], Awaitable[Held]]) -> Giving:
    async def newest() -> directory_pb2.SignedDirectory:
        return DIRECTORY

    return Giving(node, lambda: hq.address, lambda: hq.credentials(certified), SETTINGS, read, newest)


async def test_a_province_that_dials_gives_what_it_is_asked_for() -> None:
    asked: list[tuple[str, int]] = []

    async def read(link: str, after: int) -> Held:
        asked.append((link, after))
        return Held([f"{link} {after + 1}".encode()] if after < 2 else [], 2)

    async with asyncio.timeout(PATIENCE_S), recovering() as (hq, shanghai, _):
        hq.expected = [SHANGHAI]
        paper = PaperNode(SHANGHAI, fingerprint=shanghai.fingerprint)
        linked = link_node(PaperDispatcher(paper), DirectoryHolder(directory_of(PaperNode("00"), paper)), SETTINGS)
        give = giving(hq, SHANGHAI, shanghai, read).run
        dialler = LinkDialler(linked, hq.address, lambda: hq.credentials(shanghai), lambda: 0.5, give)
        dialler.start()
        await hq.collecting.all_there()
        fetch = hq.collecting.fetch_from(SHANGHAI)
        given = [await fetch("31>00", after) for after in (0, 1, 2)] + [await fetch("00>31", 1)]
        assert dialler.activity.reason_code == reason.HQ_RECOVERING
        await dialler.stop()
    assert given == [Given([b"31>00 1"], 2), Given([b"31>00 2"], 2), Given([], 2), Given([b"00>31 2"], 2)]
    assert asked == [("31>00", 0), ("31>00", 1), ("31>00", 2), ("00>31", 1)]
    assert hq.directories


async def test_what_is_not_theirs_to_give_is_refused_by_name() -> None:
    async with asyncio.timeout(PATIENCE_S), recovering() as (hq, shanghai, guangdong):
        stranger = hq.certificates.client(SHANGHAI, 5)
        forged = directory_pb2.SignedDirectory(directory=b"another", key_id="root", signature=b"signature")
        many = [b"batch"] * (BATCHES_AT_ONCE_MAX + 1)
        refused = {
            "another's link": await hq.call(guangdong, pb.GiveJournalRequest(link="31>00", batches=[b"x"])),
            "no link": await hq.call(shanghai, pb.GiveJournalRequest(link="31-00", batches=[b"x"])),
            "unknown certificate": await hq.call(stranger, pb.GiveJournalRequest(directory=DIRECTORY)),
            "forged directory": await hq.call(shanghai, pb.GiveJournalRequest(directory=forged)),
            "too many": await hq.call(shanghai, pb.GiveJournalRequest(link="31>00", batches=many)),
            "too large": await hq.call(
                shanghai, pb.GiveJournalRequest(link="31>00", batches=[bytes(SETTINGS.frame_bytes_max)])
            ),
        }
    assert refused == {
        "another's link": "LINK_NOT_OF_BOTH",
        "no link": "MALFORMED_COMPARISON",
        "unknown certificate": "COMPARISON_NOT_PERMITTED",
        "forged directory": "DIRECTORY_NOT_BY_ROOT",
        "too many": "MALFORMED_JOURNAL_GIVEN",
        "too large": "RESOURCE_EXHAUSTED",
    }


async def test_what_was_not_asked_for_is_passed_over() -> None:
    async with asyncio.timeout(PATIENCE_S), recovering() as (hq, shanghai, _):
        fetching = asyncio.ensure_future(hq.collecting.fetch_from(SHANGHAI)("31>00", 5))
        for link, after in (("00>31", 5), ("31>00", 4), ("31>00", 6)):
            assert await hq.call(shanghai, pb.GiveJournalRequest(link=link, after=after, batches=[b"lie"])) == ""
            assert not fetching.done()
        asked = pb.GiveJournalRequest(link="31>00", after=5, batches=[b"asked"], last_seal=6)
        telling = asyncio.ensure_future(hq.call(shanghai, asked))
        assert await fetching == Given([b"asked"], 6)
        telling.cancel()


async def test_an_hq_that_serves_takes_nothing_and_one_that_takes_back_gives_nothing() -> None:
    class Journals:
        async def read(self, _link: str, _after: int) -> Held:
            raise AssertionError("nothing is read")

        def newer(self, _version: int) -> directory_pb2.SignedDirectory | None:
            return None

    async with asyncio.timeout(PATIENCE_S), recovering() as (hq, shanghai, _):
        options = tls.hq_name_options()
        async with grpc.aio.secure_channel(hq.address, hq.credentials(shanghai), options=options) as channel:
            with pytest.raises(grpc.aio.AioRpcError) as refusal:
                await pb_grpc.RecoveryServiceStub(channel).FetchJournal(pb.FetchJournalRequest(link="31>00"))
        assert (refusal.value.code(), reason_code_of(refusal.value)) == (grpc.StatusCode.UNAVAILABLE, "HQ_RECOVERING")
    serving = grpc.aio.server(interceptors=[StatusInterceptor()])
    pb_grpc.add_RecoveryServiceServicer_to_server(RecoveryServicer(Journals(), hq.welcomes), serving)
    port = serving.add_insecure_port("127.0.0.1:0")
    await serving.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await pb_grpc.RecoveryServiceStub(channel).GiveJournal(pb.GiveJournalRequest())
    await serving.stop(None)
    assert reason_code_of(refusal.value) == "HQ_NOT_RECOVERING"

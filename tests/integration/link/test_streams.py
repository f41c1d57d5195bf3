"""Two nodes over real gRPC streams with mutual TLS, on dispatchers in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import grpc
import grpc.aio
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from common.clock import SystemClock
from common.gen.quanwang.federation.v1 import directory_pb2, link_pb2
from common.ids import HQ
from common.link import effects as reason
from common.link.settings import LinkSettings
from common.rpc.link import METHOD, FederationLinkServicer, LinkDialler, channel_options, server_options
from common.security import tls
from tests.support.link import GUANGDONG, SHANGHAI, DirectoryHolder, PaperNode, directory_of, frame
from tests.support.link_node import PATIENCE_S, PaperDispatcher, link_node, turn_until

SETTINGS = LinkSettings(backoff_first_s=0.0, backoff_most_s=0.001, tick_s=0.05, flush_timeout_s=5.0)
YEAR_US = 365 * 86_400_000_000


@dataclass(frozen=True)
class Certified:
    """A node's TLS key and certificate, PEM."""

    key: bytes
    certificate: bytes

    @property
    def fingerprint(self) -> bytes:
        return tls.fingerprint(self.certificate)


class Certificates:
    """The federation's TLS authority, and what it issued."""

    def __init__(self) -> None:
        self._now_us = SystemClock().now_us()
        key = ec.generate_private_key(ec.SECP256R1())
        self._authority = tls.issue_authority(key, b"\x01" * tls.SERIAL_BYTES, self._now_us, YEAR_US)
        self.authority = self._authority.certificate_pem

    def client(self, node: str, serial: int = 2) -> Certified:
        key = ec.generate_private_key(ec.SECP256R1())
        request = tls.certificate_request(key, node)
        certificate = tls.issue_client_certificate(
            self._authority, request, node, bytes([serial]) * tls.SERIAL_BYTES, self._now_us, YEAR_US
        )
        return Certified(_pem(key), certificate)

    def server(self) -> Certified:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = tls.issue_server_certificate(
            self._authority, key.public_key(), HQ, ["127.0.0.1"], b"\x03" * tls.SERIAL_BYTES, self._now_us, YEAR_US
        )
        return Certified(_pem(key), certificate)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


class Federation:
    """HQ with its port open, and the provinces that a test adds."""

    def __init__(self, settings: LinkSettings) -> None:
        self.settings = settings
        self.certificates = Certificates()
        self.clients = {node: self.certificates.client(node) for node in (SHANGHAI, GUANGDONG)}
        self.nodes = {
            HQ: PaperNode(HQ),
            SHANGHAI: PaperNode(SHANGHAI, fingerprint=self.clients[SHANGHAI].fingerprint),
            GUANGDONG: PaperNode(GUANGDONG, fingerprint=self.clients[GUANGDONG].fingerprint),
        }
        self.directory = DirectoryHolder(directory_of(*self.nodes.values()))
        self.signed = directory_pb2.SignedDirectory(directory=b"second", key_id="root", signature=b"signature")
        self.hq = PaperDispatcher(self.nodes[HQ])
        self.servicer = FederationLinkServicer(link_node(self.hq, self.directory, settings, lambda: self.signed))
        self.address = ""
        self._server: grpc.aio.Server | None = None

    async def start(self, port: int = 0) -> None:
        server = self._server = grpc.aio.server(options=server_options(self.settings))
        certified = self.certificates.server()
        self.servicer.add_to(server)
        credentials = tls.federation_server_credentials(
            certified.key, certified.certificate, self.certificates.authority
        )
        bound = server.add_secure_port(f"127.0.0.1:{port}", credentials)
        self.address = f"127.0.0.1:{bound}"
        await server.start()

    async def break_down(self) -> None:
        """HQ's process is gone: all streams break."""
        assert self._server is not None
        await self._server.stop(grace=None)

    def credentials(self, node: str) -> grpc.ChannelCredentials:
        certified = self.clients[node]
        return tls.province_channel_credentials(certified.key, certified.certificate, self.certificates.authority)

    def province(self, node: str, directory: DirectoryHolder | None = None) -> tuple[PaperDispatcher, LinkDialler]:
        """A province that dials; it is stopped at the test's end by whoever started it."""
        dispatcher = PaperDispatcher(self.nodes[node])
        return dispatcher, self.dialler(dispatcher, directory)

    def dialler(self, dispatcher: PaperDispatcher, directory: DirectoryHolder | None = None) -> LinkDialler:
        linked = link_node(dispatcher, directory or self.directory, self.settings)
        node = dispatcher.own.node
        return LinkDialler(linked, self.address, lambda: self.credentials(node), chance=lambda: 0.0)


@asynccontextmanager
async def dialling(dialler: LinkDialler) -> AsyncIterator[None]:
    dialler.start()
    try:
        yield
    finally:
        async with asyncio.timeout(PATIENCE_S):
            await dialler.stop()


@pytest.fixture
async def federation() -> AsyncIterator[Federation]:
    running = Federation(SETTINGS)
    await running.start()
    yield running
    await running.servicer.stop()
    await running.break_down()


def level(one: PaperDispatcher, other: PaperDispatcher) -> Callable[[], bool]:
    """Whether each has received and acknowledged all that the other has sealed."""

    def holds() -> bool:
        mine, theirs = one.ledger(other.own.node), other.ledger(one.own.node)
        return (
            mine.received.seal_number == len(theirs.sealed)
            and theirs.received.seal_number == len(mine.sealed)
            and one.port(other.own.node).acked_seal_number == len(mine.sealed)
            and other.port(one.own.node).acked_seal_number == len(theirs.sealed)
        )

    return holds


async def settled(one: PaperDispatcher, other: PaperDispatcher) -> None:
    holds = level(one, other)
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            waits = [asyncio.ensure_future(d.until(holds)) for d in (one, other)]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)


async def test_batches_cross_in_both_directions(federation: Federation) -> None:
    shanghai, dialler = federation.province(SHANGHAI)
    shanghai.seal(HQ, 3)
    federation.hq.seal(SHANGHAI, 2)
    async with dialling(dialler):
        await settled(shanghai, federation.hq)
        assert shanghai.port(HQ).open
        assert shanghai.port(HQ).window_bytes == SETTINGS.window_bytes
        for _ in range(20):
            shanghai.seal(HQ)
            federation.hq.seal(SHANGHAI)
        await settled(shanghai, federation.hq)
    sent = [batch.batch_bytes for batch in shanghai.ledger(HQ).sealed]
    assert federation.hq.ledger(SHANGHAI).received_batches == sent
    assert dialler.activity.reason_code == reason.DRAINED
    assert not shanghai.port(HQ).open
    assert not shanghai.alarms
    assert not federation.hq.alarms


async def test_an_answer_sealed_with_the_receipt_is_its_acknowledgement(federation: Federation) -> None:
    federation.hq.answers = True
    shanghai, dialler = federation.province(SHANGHAI)
    async with dialling(dialler):
        for _ in range(10):
            number = shanghai.seal(HQ).seal_number
            await shanghai.until(lambda n=number: shanghai.port(HQ).acked_seal_number >= n)
    activity = federation.servicer.activities[SHANGHAI]
    # Ten batches and one Hello from HQ, and its Drain; no Ack.
    assert activity.frames_sent == 12
    assert shanghai.ledger(HQ).received.seal_number == 10


async def test_the_link_resumes_after_hq_was_away(federation: Federation) -> None:
    shanghai, dialler = federation.province(SHANGHAI)
    async with dialling(dialler):
        shanghai.seal(HQ)
        await settled(shanghai, federation.hq)
        port = int(federation.address.rsplit(":", 1)[1])
        await federation.break_down()
        await shanghai.until(lambda: not shanghai.port(HQ).open)
        for _ in range(5):
            shanghai.seal(HQ)
            federation.hq.seal(SHANGHAI)
        await federation.start(port)
        await settled(shanghai, federation.hq)
    assert dialler.activity.streams >= 2
    assert federation.hq.ledger(SHANGHAI).received.seal_number == 6


async def test_the_link_resumes_after_each_of_many_breaks(federation: Federation) -> None:
    shanghai, dialler = federation.province(SHANGHAI)
    federation.hq.answers = True
    async with dialling(dialler):
        for stream in range(1, 6):
            await shanghai.until(lambda n=stream: dialler.activity.streams >= n and shanghai.port(HQ).open)
            for _ in range(10):
                shanghai.seal(HQ)
            federation.servicer._runs[SHANGHAI].end("STORAGE_UNAVAILABLE", flush=False)
        await settled(shanghai, federation.hq)
    sent = [batch.batch_bytes for batch in shanghai.ledger(HQ).sealed]
    assert federation.hq.ledger(SHANGHAI).received_batches == sent


async def test_a_second_stream_of_a_node_replaces_the_first(federation: Federation) -> None:
    shanghai, dialler = federation.province(SHANGHAI)
    async with dialling(dialler):
        await shanghai.until(lambda: shanghai.port(HQ).open)
        channel = grpc.aio.secure_channel(
            federation.address, federation.credentials(SHANGHAI), channel_options(SETTINGS)
        )
        async with channel:
            call = channel.stream_stream(METHOD)()
            await call.write(frame("hello", node=SHANGHAI))
            await call.read()
            await shanghai.until(lambda: dialler.activity.streams >= 2)
            shanghai.seal(HQ)
            await settled(shanghai, federation.hq)
    assert federation.hq.ledger(SHANGHAI).received.seal_number == 1


async def test_the_certificate_of_another_node_is_refused(federation: Federation) -> None:
    federation.clients[SHANGHAI] = federation.clients[GUANGDONG]
    shanghai, dialler = federation.province(SHANGHAI)
    async with dialling(dialler):
        await shanghai.until(lambda: (reason.NODE_MISMATCH, HQ) in shanghai.alarms)
    assert (reason.NODE_MISMATCH, GUANGDONG) in federation.hq.alarms
    assert not federation.hq.ledger(SHANGHAI).received_batches


async def test_a_certificate_that_the_directory_does_not_name_is_refused(federation: Federation) -> None:
    federation.clients[SHANGHAI] = federation.certificates.client(SHANGHAI, serial=9)
    shanghai, dialler = federation.province(SHANGHAI)
    async with dialling(dialler):
        await federation.hq.until(lambda: (reason.CERTIFICATE_UNKNOWN, SHANGHAI) in federation.hq.alarms)
        await federation.hq.until(lambda: dialler.activity.streams >= 2)
        assert dialler.activity.reason_code == reason.CERTIFICATE_UNKNOWN
    assert not shanghai.port(HQ).open


async def test_a_certificate_of_another_authority_does_not_get_in(federation: Federation) -> None:
    federation.clients[SHANGHAI] = Certificates().client(SHANGHAI)
    shanghai, dialler = federation.province(SHANGHAI)
    async with dialling(dialler):
        await shanghai.until(lambda: dialler.activity.streams >= 3)
    assert not federation.servicer.activities
    assert not federation.hq.alarms


async def test_a_revoked_node_is_cut_off_at_once(federation: Federation) -> None:
    shanghai, dialler = federation.province(SHANGHAI)
    async with dialling(dialler):
        await shanghai.until(lambda: shanghai.port(HQ).open)
        others = [node for code, node in federation.nodes.items() if code != SHANGHAI]
        federation.directory.directory = directory_of(*others, version=2)
        federation.servicer.directory_changed(federation.signed)
        await shanghai.until(lambda: dialler.activity.reason_code == reason.CERTIFICATE_UNKNOWN)
        assert not shanghai.port(HQ).open


async def test_a_stream_under_a_certificate_that_was_replaced_is_cut_off(federation: Federation) -> None:
    shanghai, dialler = federation.province(SHANGHAI)
    async with dialling(dialler):
        await shanghai.until(lambda: shanghai.port(HQ).open)
        renewed = federation.certificates.client(SHANGHAI, serial=7)
        federation.nodes[SHANGHAI].fingerprint = renewed.fingerprint
        federation.directory.directory = directory_of(*federation.nodes.values(), version=2)
        federation.servicer.directory_changed(federation.signed)
        await shanghai.until(lambda: dialler.activity.reason_code == reason.CERTIFICATE_UNKNOWN)
        federation.clients[SHANGHAI] = renewed
        await shanghai.until(lambda: shanghai.port(HQ).open)


async def test_a_new_directory_reaches_the_province(federation: Federation) -> None:
    shanghai, dialler = federation.province(SHANGHAI, DirectoryHolder(federation.directory.directory))
    async with dialling(dialler):
        await shanghai.until(lambda: shanghai.port(HQ).open)
        assert not shanghai.alarms
        federation.directory.directory = directory_of(*federation.nodes.values(), version=2)
        federation.servicer.directory_changed(federation.signed)
        await shanghai.until(lambda: shanghai.alarms == [("DIRECTORY", HQ)])
        # And again on the next stream, since the province still has the old one.
        dialler.redial()
        await shanghai.until(lambda: shanghai.alarms == [("DIRECTORY", HQ)] * 2)


@pytest.mark.parametrize("garbage", [b"", b"\xff" * 100, bytes(1000), frame("drain"), frame("ack", seal_number=1)])
async def test_garbage_ends_the_stream_with_a_reason(federation: Federation, garbage: bytes) -> None:
    channel = grpc.aio.secure_channel(federation.address, federation.credentials(SHANGHAI), channel_options(SETTINGS))
    async with channel, asyncio.timeout(PATIENCE_S):
        call = channel.stream_stream(METHOD)()
        await call.write(garbage)
        said: Any = await call.read()
        answer = link_pb2.LinkFrame.FromString(said)
        assert answer.reject.reason_code in {reason.MALFORMED_FRAME, reason.UNEXPECTED_FRAME}
        assert await call.read() is grpc.aio.EOF


async def test_a_frame_larger_than_the_limit_ends_the_stream(federation: Federation) -> None:
    options = channel_options(replace(SETTINGS, frame_bytes_max=2 * SETTINGS.frame_bytes_max))
    channel = grpc.aio.secure_channel(federation.address, federation.credentials(SHANGHAI), options)
    async with channel, asyncio.timeout(PATIENCE_S):
        call = channel.stream_stream(METHOD)()
        await call.write(bytes(SETTINGS.frame_bytes_max + 1))
        assert await call.code() in {grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.CANCELLED}


async def test_a_dispatcher_that_lags_holds_the_stream_back(federation: Federation) -> None:
    small = LinkSettings(
        backoff_first_s=0.0, backoff_most_s=0.001, tick_s=0.05, receiving_batches_max=4, in_flight_batches_max=100
    )
    federation.servicer = FederationLinkServicer(link_node(federation.hq, federation.directory, small))
    await federation.break_down()
    await federation.start()
    federation.hq.paused = True
    shanghai, dialler = federation.province(SHANGHAI)
    for _ in range(50):
        shanghai.seal(HQ)
    async with dialling(dialler):
        await turn_until(lambda: dialler.activity.frames_sent >= 51)
        await turn_until(lambda: len(federation.hq.waiting) >= 4)
        shanghai.seal(HQ)
        await turn_until(lambda: dialler.activity.frames_sent >= 52)
        assert len(federation.hq.waiting) == 4
        assert federation.servicer.activities[SHANGHAI].batches_received == 4
        federation.hq.paused = False
        federation.hq.commit()
        await settled(shanghai, federation.hq)
    assert federation.hq.ledger(SHANGHAI).received.seal_number == 51

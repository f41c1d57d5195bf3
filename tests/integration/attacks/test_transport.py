"""Attacks on the federation port itself, over real gRPC with mutual TLS: without a good certificate nobody speaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import grpc
import grpc.aio
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from common.clock import SystemClock
from common.gen.quanwang.federation.v1 import link_pb2
from common.ids import HQ
from common.link import effects as reason
from common.link.settings import LinkSettings
from common.rpc.link import METHOD, FederationLinkServicer, LinkDialler, channel_options, server_options
from common.security import tls
from tests.support.link import GUANGDONG, SHANGHAI, DirectoryHolder, PaperNode, batch_frame, directory_of, frame
from tests.support.link_node import PATIENCE_S, PaperDispatcher, link_node

SETTINGS = LinkSettings(backoff_first_s=0.0, backoff_most_s=0.001, tick_s=0.05, flush_timeout_s=5.0)
YEAR_US = 365 * 86_400_000_000


def pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


class Port:
    """HQ's federation port, and the certificates of Shanghai and Guangdong."""

    def __init__(self) -> None:
        now_us = SystemClock().now_us()
        self.authority = self.new_authority()
        self.certificates = {node: self.certificate(node, self.authority) for node in (SHANGHAI, GUANGDONG)}
        self.nodes = {
            node: PaperNode(node, fingerprint=tls.fingerprint(self.certificates[node][1]))
            for node in (SHANGHAI, GUANGDONG)
        }
        self.directory = DirectoryHolder(directory_of(PaperNode(HQ), *self.nodes.values()))
        self.hq = PaperDispatcher(PaperNode(HQ))
        self.servicer = FederationLinkServicer(link_node(self.hq, self.directory, SETTINGS))
        self.server = grpc.aio.server(options=server_options(SETTINGS))
        self.servicer.add_to(self.server)
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = tls.issue_server_certificate(
            self.authority, key.public_key(), HQ, ["127.0.0.1"], bytes([3]) * tls.SERIAL_BYTES, now_us, YEAR_US
        )
        credentials = tls.federation_server_credentials(pem_of(key), certificate, self.authority.certificate_pem)
        self.address = f"127.0.0.1:{self.server.add_secure_port('127.0.0.1:0', credentials)}"

    @staticmethod
    def new_authority() -> tls.TlsAuthority:
        key = ec.generate_private_key(ec.SECP256R1())
        return tls.issue_authority(key, bytes([1]) * tls.SERIAL_BYTES, SystemClock().now_us(), YEAR_US)

    @staticmethod
    def certificate(node: str, authority: tls.TlsAuthority, age_us: int = 0) -> tuple[bytes, bytes]:
        """Key and certificate of a node, PEM; `age_us`: issued so long ago, for a day."""
        key = ec.generate_private_key(ec.SECP256R1())
        issued_us = SystemClock().now_us() - age_us
        request = tls.certificate_request(key, node)
        valid_us = YEAR_US if not age_us else 86_400_000_000
        serial = bytes([2]) * tls.SERIAL_BYTES
        return pem_of(key), tls.issue_client_certificate(authority, request, node, serial, issued_us, valid_us)

    def channel(self, key: bytes | None, certificate: bytes | None) -> grpc.aio.Channel:
        credentials = grpc.ssl_channel_credentials(self.authority.certificate_pem, key, certificate)
        return grpc.aio.secure_channel(self.address, credentials, channel_options(SETTINGS))

    async def say(self, channel: grpc.aio.Channel, *frames: bytes) -> link_pb2.Reject:
        """Says these on a stream of its own; what HQ says at the end of it."""
        async with channel, asyncio.timeout(PATIENCE_S):
            call = channel.stream_stream(METHOD)()
            for each in frames:
                await call.write(each)
            last: Any = b""
            while (answer := await call.read()) is not grpc.aio.EOF:
                last = answer
            return link_pb2.LinkFrame.FromString(last).reject


@pytest.fixture
async def port() -> AsyncIterator[Port]:
    running = Port()
    await running.server.start()
    yield running
    await assert_honest_traffic(running)
    await running.servicer.stop()
    await running.server.stop(grace=None)


async def assert_honest_traffic(port: Port) -> None:
    """Shanghai dials with its own certificate, and what it says arrives."""
    shanghai = PaperDispatcher(port.nodes[SHANGHAI])
    credentials = tls.province_channel_credentials(*port.certificates[SHANGHAI], port.authority.certificate_pem)
    dialler = LinkDialler(
        link_node(shanghai, port.directory, SETTINGS), port.address, lambda: credentials, chance=lambda: 0.0
    )
    dialler.start()
    number = shanghai.seal(HQ).seal_number
    await shanghai.until(lambda: shanghai.port(HQ).acked_seal_number == number)
    await dialler.stop()


def hello_of(node: PaperNode) -> bytes:
    return frame("hello", node=node.node, incarnation=node.incarnation, protocol_version_min=1, protocol_version_max=1)


@pytest.mark.parametrize("kind", ["none", "of another authority", "expired", "of its own making"])
async def test_nobody_without_a_good_certificate_reaches_the_link(port: Port, kind: str) -> None:
    key: bytes | None = None
    certificate: bytes | None = None
    if kind == "of another authority":
        key, certificate = port.certificate(SHANGHAI, port.new_authority())
    elif kind == "expired":
        key, certificate = port.certificate(SHANGHAI, port.authority, age_us=30 * 86_400_000_000)
    elif kind == "of its own making":
        other = port.new_authority()
        key, certificate = pem_of(other.key), other.certificate_pem
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await port.say(port.channel(key, certificate), hello_of(port.nodes[SHANGHAI]))
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert not port.servicer.activities


async def test_a_second_certificate_of_the_same_node_is_refused(port: Port) -> None:
    """Issued by the right authority for the right node, but not the one that the directory names."""
    channel = port.channel(*port.certificate(SHANGHAI, port.authority))
    # Nothing is said: HQ refuses before it reads, and a write may meet a stream that has ended.
    reject = await port.say(channel)
    assert reject.reason_code == reason.CERTIFICATE_UNKNOWN
    assert (reason.CERTIFICATE_UNKNOWN, SHANGHAI) in port.hq.alarms


async def test_a_certificate_that_another_replica_has_just_named_is_let_in(port: Port) -> None:
    """HQ looks once more before it refuses: no alarm, where a notice is on its way."""
    named, former = port.directory.directory, PaperNode(SHANGHAI, fingerprint=bytes(32))
    port.directory.directory = directory_of(PaperNode(HQ), former, port.nodes[GUANGDONG])

    async def look_again() -> None:
        port.directory.directory = named

    port.servicer._node = replace(port.servicer._node, look_again=look_again)
    await assert_honest_traffic(port)
    assert not port.hq.alarms


async def test_a_province_cannot_speak_under_the_name_of_another(port: Port) -> None:
    channel = port.channel(*port.certificates[GUANGDONG])
    reject = await port.say(channel, hello_of(port.nodes[SHANGHAI]))
    assert reject.reason_code == reason.NODE_MISMATCH
    assert (reason.NODE_MISMATCH, GUANGDONG) in port.hq.alarms
    assert not port.hq.ledger(SHANGHAI).received_batches


async def test_a_province_cannot_send_the_batches_of_another(port: Port) -> None:
    stolen = PaperDispatcher(port.nodes[SHANGHAI]).seal(HQ)
    channel = port.channel(*port.certificates[GUANGDONG])
    reject = await port.say(channel, hello_of(port.nodes[GUANGDONG]), batch_frame(stolen))
    assert reject.reason_code == reason.LINK_MISMATCH
    assert (reason.LINK_MISMATCH, GUANGDONG) in port.hq.alarms
    assert not port.hq.ledger(GUANGDONG).received_batches

"""HQ's federation port lets in holders of a certificate by its own authority, and knows which node each one is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple

import grpc
import grpc.aio
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from common.clock import SystemClock
from common.gen.quanwang.federation.v1 import enrolment_pb2 as pb
from common.gen.quanwang.federation.v1 import enrolment_pb2_grpc as pb_grpc
from common.ids import HQ
from common.security import tls

YEAR_US = 365 * 86_400_000_000
SERIAL = bytes(range(1, 20))


class Credentials(NamedTuple):
    """A key and its certificate, PEM."""

    key: bytes
    certificate: bytes


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.fixture
def now_us() -> int:
    # TLS checks certificates by the machine's own clock.
    return SystemClock().now_us()


@pytest.fixture
def new_authority(now_us: int) -> Callable[[], tls.TlsAuthority]:
    return lambda: tls.issue_authority(new_key(), SERIAL, now_us, YEAR_US)


@pytest.fixture
def authority(new_authority: Callable[[], tls.TlsAuthority]) -> tls.TlsAuthority:
    return new_authority()


def client_of(authority: tls.TlsAuthority, node: str, now_us: int, valid_us: int = YEAR_US) -> Credentials:
    key = new_key()
    request = tls.certificate_request(key, node)
    return Credentials(pem(key), tls.issue_client_certificate(authority, request, node, SERIAL, now_us, valid_us))


def server_of(authority: tls.TlsAuthority, now_us: int) -> Credentials:
    key = new_key()
    issued = tls.issue_server_certificate(authority, key.public_key(), HQ, ["hq.example"], SERIAL, now_us, YEAR_US)
    return Credentials(pem(key), issued)


class WhoAmI(pb_grpc.EnrolmentServiceServicer):
    """Answers with the node that the caller's certificate names."""

    async def Enrol(self, request: pb.EnrolRequest, context: Any) -> pb.EnrolResponse:
        certificate = context.auth_context()["x509_pem_cert"][0]
        node, fingerprint = tls.peer_node_from_certificate(certificate)
        return pb.EnrolResponse(link_address=node, tls_certificate=fingerprint)


@pytest_asyncio.fixture
async def address(authority: tls.TlsAuthority, now_us: int) -> AsyncIterator[str]:
    server = grpc.aio.server()
    pb_grpc.add_EnrolmentServiceServicer_to_server(WhoAmI(), server)
    own = server_of(authority, now_us)
    credentials = tls.federation_server_credentials(own.key, own.certificate, authority.certificate_pem)
    port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(None)


async def ask(address: str, credentials: grpc.ChannelCredentials) -> pb.EnrolResponse:
    async with grpc.aio.secure_channel(address, credentials, options=tls.hq_name_options()) as channel:
        response: pb.EnrolResponse = await pb_grpc.EnrolmentServiceStub(channel).Enrol(pb.EnrolRequest(), timeout=10)
        return response


async def refused(address: str, credentials: grpc.ChannelCredentials) -> bool:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await ask(address, credentials)
    return caught.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_province_is_known_by_its_certificate(authority: tls.TlsAuthority, address: str, now_us: int) -> None:
    own = client_of(authority, "31", now_us)
    answer = await ask(address, tls.province_channel_credentials(own.key, own.certificate, authority.certificate_pem))
    assert (answer.link_address, answer.tls_certificate) == ("31", tls.fingerprint(own.certificate))


async def test_nobody_gets_in_without_a_certificate(authority: tls.TlsAuthority, address: str) -> None:
    assert await refused(address, tls.enrolment_channel_credentials(authority.certificate_pem))


async def test_certificate_of_another_authority_gets_nobody_in(
    authority: tls.TlsAuthority, new_authority: Callable[[], tls.TlsAuthority], address: str, now_us: int
) -> None:
    own = client_of(new_authority(), "31", now_us)
    assert await refused(address, tls.province_channel_credentials(own.key, own.certificate, authority.certificate_pem))


async def test_expired_certificate_gets_nobody_in(authority: tls.TlsAuthority, address: str, now_us: int) -> None:
    own = client_of(authority, "31", now_us - 2 * tls.BACKDATED_US, tls.BACKDATED_US)
    assert await refused(address, tls.province_channel_credentials(own.key, own.certificate, authority.certificate_pem))


async def test_province_does_not_talk_to_another_authority_s_hq(
    authority: tls.TlsAuthority, new_authority: Callable[[], tls.TlsAuthority], address: str, now_us: int
) -> None:
    own = client_of(authority, "31", now_us)
    assert await refused(
        address, tls.province_channel_credentials(own.key, own.certificate, new_authority().certificate_pem)
    )


async def test_server_certificate_gets_nobody_in_as_a_client(
    authority: tls.TlsAuthority, address: str, now_us: int
) -> None:
    own = server_of(authority, now_us)
    assert await refused(address, tls.province_channel_credentials(own.key, own.certificate, authority.certificate_pem))

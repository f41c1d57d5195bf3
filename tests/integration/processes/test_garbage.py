"""Garbage at HQ's ports, from strangers and from a member: HQ stays up, stays small, and serves everybody else."""

from __future__ import annotations

import asyncio
import random
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import grpc
import grpc.aio
import pytest

from common.gen.quanwang.federation.v1 import link_pb2, seal_pb2
from common.link.effects import ALARMING
from common.link.settings import LinkSettings
from common.rpc.link import METHOD, channel_options
from common.security import tls
from common.security.keyring import Keyring
from province_node.directory.membership import Membership
from tests.support.books import NodeBooks
from tests.support.judgement import verdict
from tests.support.request_load import Load, plan_jobs
from tests.support.running import RunningFederation, import_customers

SEED = 20270118
REQUESTS = 120
PROVINCES = ("31", "44", "33")
HONEST = ("31", "44")
ROGUE = "33"
"""A member of the federation; its own node does not run, its keys are misused."""
CUSTOMERS = 30
HOT_SUBSCRIPTIONS = 15
STRANGERS = 40
IDLE_CONNECTIONS = 150
ROUNDS = 16
SOCKET_S = 5.0
GROWTH_BYTES_MAX = 128 * 1024 * 1024
SEEN_THROUGH = {"MALFORMED_FRAME", "UNEXPECTED_FRAME", "MALFORMED_BATCH", "ACK_BEYOND_SEALED", "LIMIT_EXCEEDED"}
HTTP2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@pytest.fixture(scope="module")
def federation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningFederation]:
    with RunningFederation(tmp_path_factory.mktemp("garbage"), PROVINCES) as running:
        yield running


def test_garbage_does_no_harm_when_it_comes_while_honest_nodes_work(
    federation: RunningFederation, tmp_path: Path
) -> None:
    rng = random.Random(SEED)
    held = {code: import_customers(federation[code], code, CUSTOMERS) for code in PROVINCES}
    assert federation[ROGUE].stop() == 0
    jobs = plan_jobs(SEED, REQUESTS, HONEST, {code: held[code][:HOT_SUBSCRIPTIONS] for code in HONEST})
    ports = [federation.port, port_of(federation, "enrolment")]
    before = federation.hq.rss_bytes()
    with ExitStack() as idle, Load(federation, jobs, counters_a_node=2) as load:
        for number in range(IDLE_CONNECTIONS):
            connection = socket.create_connection(("127.0.0.1", ports[number % 2]), SOCKET_S)
            idle.enter_context(connection)
        for number in range(STRANGERS):
            load.wait_until_ended(number * REQUESTS // STRANGERS)
            throw(garbage(rng), ports[number % 2])
        throw_inside_tls(federation, rng, tmp_path)
        asyncio.run(misuse_membership(federation, rng))
        load.wait_until_ended(REQUESTS)
        growth = federation.hq.rss_bytes() - before
    assert growth < GROWTH_BYTES_MAX, f"{growth} bytes"
    assert federation.hq.ready()
    ends = {entry["reason"] for entry in federation.hq.events("link ended") if entry["peer"] == ROGUE}
    assert ends >= SEEN_THROUGH
    federation[ROGUE].start()
    federation.wait_until_quiet()
    assert set(federation.stop_all().values()) == {0}
    # What a member sends under its own name is a matter for the operator, and for nobody else.
    assert verdict(federation, jobs, load.results.request_ids, held, ALARMING) == []


def port_of(federation: RunningFederation, name: str) -> int:
    address = (federation.hq.data_dir / f"{name}.address").read_text(encoding="utf-8")
    return int(address.strip().rpartition(":")[2])


def garbage(rng: random.Random) -> bytes:
    """Bytes without sense, some of which begin as something sensible would."""
    begins = rng.choice((b"", b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\n", HTTP2, b"\x00" * 64))
    return begins + rng.randbytes(rng.randrange(1, 200_000))


def throw(content: bytes, port: int) -> None:
    """Sends the bytes and waits until the other end has had enough."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), SOCKET_S) as connection:
        connection.sendall(content)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65_536):
            pass


def throw_inside_tls(federation: RunningFederation, rng: random.Random, place: Path) -> None:
    """The same from a member: past the handshake, where only the federation should speak."""
    membership = Membership.load(federation[ROGUE].data_dir)
    keyring = Keyring.load(federation[ROGUE].data_dir)
    key, certificate = place / "key.pem", place / "certificate.pem"
    key.write_bytes(keyring.tls_key_pem)
    certificate.write_bytes(membership.tls_certificate_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(cadata=membership.tls_authority_pem.decode("ascii"))
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2"])
    for _ in range(ROUNDS):
        with suppress(OSError), ExitStack() as stack:
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", federation.port), SOCKET_S))
            wrapped = stack.enter_context(context.wrap_socket(connection))
            wrapped.sendall(rng.choice((b"", HTTP2)) + garbage(rng))
            while wrapped.recv(65_536):
                pass


async def misuse_membership(federation: RunningFederation, rng: random.Random) -> None:
    """Streams that HQ must open, since the certificate is good, and frames that it must not take."""
    membership = Membership.load(federation[ROGUE].data_dir)
    key = Keyring.load(federation[ROGUE].data_dir).tls_key_pem
    credentials = tls.province_channel_credentials(key, membership.tls_certificate_pem, membership.tls_authority_pem)
    options = [*channel_options(LinkSettings()), ("grpc.max_send_message_length", -1)]
    incarnation = NodeBooks(ROGUE, federation[ROGUE].database).incarnation()
    greeting = link_pb2.Hello(
        node=ROGUE, protocol_version_min=1, protocol_version_max=1, incarnation=incarnation, window_bytes=1
    )
    hello = link_pb2.LinkFrame(hello=greeting).SerializeToString()
    batch = seal_pb2.SealedBatch(seal=seal_pb2.SignedSeal(seal=rng.randbytes(200), signature=rng.randbytes(64)))
    frames = [
        rng.randbytes(1_000),
        rng.randbytes(7 * 1024 * 1024),
        rng.randbytes(9 * 1024 * 1024),
        b"",
        hello,
        link_pb2.LinkFrame(batch=batch.SerializeToString()).SerializeToString(),
        link_pb2.LinkFrame(batch=b"\x12\x00" * 1_000_000).SerializeToString(),
        link_pb2.LinkFrame(ack=link_pb2.Ack(sequence=2**62, seal_number=2**62)).SerializeToString(),
    ]
    async with grpc.aio.secure_channel(f"localhost:{federation.port}", credentials, options) as channel:
        for number in range(2 * len(frames)):
            call = channel.stream_stream(METHOD)()
            with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
                for frame in [*([hello] if number % 2 else []), frames[number // 2]]:
                    await call.write(frame)
                await call.done_writing()
                async with asyncio.timeout(SOCKET_S):
                    while await call.read() is not grpc.aio.EOF:
                        pass
            call.cancel()

"""The gRPC ends of a link: the province dials, HQ answers; both run the same session over the stream.

Frames are bytes at this level, so that whatever a peer sends, it is the session that judges it. A stream cannot be
moved once it is open: whatever goes wrong ends it, and the next one resumes from what is durable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import grpc
import grpc.aio

from common.errors import TemporaryFault
from common.gen.quanwang.federation.v1 import directory_pb2, link_pb2
from common.ids import HQ
from common.link import effects as reason
from common.link.activity import LinkActivity
from common.link.backoff import Backoff, Chance
from common.link.ports import LinkNode
from common.link.settings import LinkSettings
from common.link.stream import FrameStream, LinkRun
from common.log import get_logger
from common.security.tls import CertificateUnusable, hq_name_options, peer_node_from_certificate

log = get_logger()

SERVICE = link_pb2.DESCRIPTOR.services_by_name["FederationLinkService"].full_name
METHOD_NAME = "OpenLink"
METHOD = f"/{SERVICE}/{METHOD_NAME}"

Options = list[tuple[str, Any]]


def server_options(settings: LinkSettings) -> Options:
    """Options of HQ's federation server."""
    return [
        *_both_ends(settings),
        ("grpc.http2.min_ping_interval_without_data_ms", settings.keepalive_ms // 2),
        ("grpc.max_concurrent_streams", settings.streams_max),
    ]


def channel_options(settings: LinkSettings) -> Options:
    """Options of a province's channel to HQ: whatever address is dialled, it must be HQ."""
    # Each attempt has a channel of its own, and the spacing is the dialler's: gRPC must neither wait nor share.
    return [
        *_both_ends(settings),
        *hq_name_options(),
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.min_reconnect_backoff_ms", int(settings.connect_timeout_s * 1000)),
        ("grpc.enable_retries", 0),
    ]


def _both_ends(settings: LinkSettings) -> Options:
    return [
        ("grpc.max_receive_message_length", settings.frame_bytes_max),
        ("grpc.max_send_message_length", settings.frame_bytes_max),
        ("grpc.keepalive_time_ms", settings.keepalive_ms),
        ("grpc.keepalive_timeout_ms", settings.keepalive_timeout_ms),
        # gRPC waits for the answer to a ping by a time of its own, a minute, unless it is told otherwise.
        ("grpc.http2.ping_timeout_ms", settings.keepalive_timeout_ms),
        ("grpc.http2.max_pings_without_data", 0),
    ]


class FederationLinkServicer:
    """HQ's end of all links: one stream a node, the newest."""

    def __init__(self, node: LinkNode) -> None:
        self._node = node
        self._runs: dict[str, LinkRun] = {}
        self._fingerprints: dict[str, bytes] = {}
        self._streams: dict[str, int] = {}
        self._stopping = False
        self._elsewhere = ""
        self.activities: dict[str, LinkActivity] = {}

    def add_to(self, server: grpc.aio.Server) -> None:
        """Registers the service; frames come and go as bytes."""
        handler: Any = grpc.stream_stream_rpc_method_handler(self.open_link)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {METHOD_NAME: handler}),))

    async def open_link(self, _frames: Any, context: grpc.aio.ServicerContext[bytes, bytes]) -> None:
        """One stream of a province, from its certificate to its end."""
        peer, fingerprint, refusal = await self._peer_of(context)
        if refusal is not None:
            await context.write(link_pb2.LinkFrame(reject=refusal).SerializeToString())
            return
        if self._streams.get(peer, 0) >= self._node.settings.streams_a_node_max:
            # It opens stream after stream and reads none of them to its end.
            log.warning("link refused", peer=peer, streams=self._streams[peer])
            return
        self._streams[peer] = self._streams.get(peer, 0) + 1
        try:
            await self._run_newest(peer, fingerprint, context)
        finally:
            self._streams[peer] -= 1

    async def _run_newest(self, peer: str, fingerprint: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> None:
        """A second stream of a node replaces the first: the first is dead, and nobody has noticed yet."""
        while (older := self._runs.get(peer)) is not None and not older.finished.is_set():
            older.end(reason.REPLACED, flush=False)
            await older.finished.wait()
        self._fingerprints[peer] = fingerprint
        run = self._runs[peer] = LinkRun(peer, self._node, self.activities.setdefault(peer, LinkActivity(peer)))
        try:
            await run.run(FrameStream(_reader(context.read), context.write))
        finally:
            if self._runs.get(peer) is run:
                del self._runs[peer]

    def directory_changed(self, signed: directory_pb2.SignedDirectory) -> None:
        """HQ has published a directory: every province hears of it, and who is no longer welcome is cut off. On the
        event loop, after the node's own directory has changed."""
        self.cut_off()
        for peer, run in list(self._runs.items()):
            if self.is_welcome(peer, self._fingerprints[peer]):
                run.directory_changed(signed)

    def cut_off(self) -> None:
        """Ends the streams of those who are no longer welcome. On the event loop."""
        for peer, run in list(self._runs.items()):
            if not self.is_welcome(peer, self._fingerprints[peer]):
                run.end(reason.CERTIFICATE_UNKNOWN, f"the directory no longer names this certificate for {peer}")

    def send_elsewhere(self, why: str) -> None:
        """This process takes no links for now: its streams are ended, so that the provinces dial again and land on
        another one. `why`: for the provinces' logs; empty: links are taken again. On the event loop."""
        self._elsewhere = why
        for run in list(self._runs.values()) if why else ():
            run.end(reason.DRAINED, why)

    async def stop(self) -> None:
        """Ends all streams in good order; takes no more than the drain's timeout."""
        self._stopping = True
        runs = list(self._runs.values())
        for run in runs:
            run.drain()
        for run in runs:
            await run.finished.wait()

    async def _peer_of(
        self, context: grpc.aio.ServicerContext[bytes, bytes]
    ) -> tuple[str, bytes, link_pb2.Reject | None]:
        """The node whose certificate the stream came with, its fingerprint, and why it is not let in (None: it is)."""
        if self._stopping:
            return "", b"", link_pb2.Reject(reason_code=reason.DRAINED, detail="this node is stopping")
        if self._elsewhere:
            return "", b"", link_pb2.Reject(reason_code=reason.DRAINED, detail=self._elsewhere)
        certificates = context.auth_context().get("x509_pem_cert", ())
        try:
            peer, fingerprint = peer_node_from_certificate(bytes(next(iter(certificates), b"")))
        except CertificateUnusable as error:
            peer, fingerprint, detail = "", b"", str(error)
        else:
            detail = f"the directory does not name this certificate for {peer}"
        if await self.welcomes(peer, fingerprint):
            return peer, fingerprint, None
        log.warning("link refused", peer=peer, transport_peer=context.peer(), detail=detail)
        self._node.alarm(reason.CERTIFICATE_UNKNOWN, peer, detail)
        return peer, fingerprint, link_pb2.Reject(reason_code=reason.CERTIFICATE_UNKNOWN, detail=detail)

    def is_welcome(self, peer: str, fingerprint: bytes) -> bool:
        """Whether the directory names this certificate: one replaced or revoked there is worth nothing from then on."""
        entry = self._node.directory().node(peer)
        return peer != HQ and entry is not None and entry.welcomes(fingerprint, self._node.clock.now_us())

    async def welcomes(self, peer: str, fingerprint: bytes) -> bool:
        """The same of somebody who comes: another process of HQ may have named the certificate a moment ago."""
        look_again = self._node.look_again
        if not self.is_welcome(peer, fingerprint) and look_again is not None:
            with suppress(TemporaryFault):
                await look_again()
        return self.is_welcome(peer, fingerprint)


class LinkDialler:
    """A province's end of its link: dials HQ, runs the stream, and dials again, until it is stopped."""

    def __init__(
        self,
        node: LinkNode,
        address: str,
        credentials: Callable[[], grpc.ChannelCredentials],
        chance: Chance,
        give_back: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`give_back`: what is done where HQ takes no stream since it takes back what it forgot."""
        settings = node.settings
        self._give_back = give_back
        self._node = node
        self._address = address
        self._credentials = credentials
        self._backoff = Backoff(settings.backoff_first_s, settings.backoff_most_s, settings.backoff_reset_s, chance)
        self._stopping = asyncio.Event()
        self._run: LinkRun | None = None
        self._task: asyncio.Task[None] | None = None
        self.activity = LinkActivity(HQ)

    def start(self) -> None:
        """Begins to dial. On the event loop that is to run the link."""
        self._task = asyncio.create_task(self._dial_for_ever(), name="link-dialler")

    async def stop(self) -> None:
        """Ends the stream in good order; takes no more than the drain's timeout."""
        self._stopping.set()
        if self._run is not None:
            self._run.drain()
        if self._task is not None:
            await self._task

    def redial(self) -> None:
        """Ends the stream, so that the next one uses what has changed (a renewed certificate)."""
        if self._run is not None:
            self._run.drain()

    async def _dial_for_ever(self) -> None:
        while not self._stopping.is_set():
            opened_before = self.activity.opened_at_us
            try:
                await self._dial()
                if self._give_back is not None and self.activity.reason_code == reason.HQ_RECOVERING:
                    await self._unless_stopped(self._give_back())
            except Exception:
                # No fault of one attempt may be the last attempt.
                log.exception("link attempt failed", address=self._address)
            opened_at = self.activity.opened_at_us
            open_for_us = self.activity.ended_at_us - opened_at if opened_at != opened_before else 0
            wait_s = self._backoff.after(open_for_us / 1e6, self.activity.reason_code == reason.DRAINED)
            self.activity.next_attempt_at_us = self._node.clock.now_us() + round(wait_s * 1e6)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), wait_s)
            self.activity.next_attempt_at_us = 0

    async def _unless_stopped(self, giving: Awaitable[None]) -> None:
        """Ends with it, or when the node stops."""
        tasks = [asyncio.ensure_future(giving), asyncio.ensure_future(self._stopping.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        if isinstance(results[0], Exception):
            raise results[0]

    async def _dial(self) -> None:
        """One attempt, with a channel of its own."""
        options = channel_options(self._node.settings)
        async with grpc.aio.secure_channel(self._address, self._credentials(), options) as channel:
            call: Any = channel.stream_stream(METHOD)()
            run = self._run = LinkRun(HQ, self._node, self.activity)
            try:
                await run.run(FrameStream(_reader(call.read), call.write, call.done_writing, call.cancel))
            finally:
                self._run = None
                call.cancel()


def _reader(read: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[bytes | None]]:
    """gRPC's way of reading, with None for the end."""

    async def next_frame() -> bytes | None:
        frame = await read()
        return frame if isinstance(frame, bytes) else None

    return next_frame

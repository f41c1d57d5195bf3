"""HTTP inside the node's one event loop: health and metrics over TCP, the admin API over a Unix socket."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn

from common.errors import Fault

BACKLOG = 256


class PortInUse(Fault):
    """Another program listens there, or the address is not this machine's."""

    en = "Cannot listen on {address} ({detail})."
    zh = "无法监听 {address}（{detail}）。"
    mend_en = "Stop the program that uses it, or set another port as {setting} in node.toml in the data directory."
    mend_zh = "请停止占用该端口的程序，或在数据目录的 node.toml 中为 {setting} 设置其他端口。"


class _Server(uvicorn.Server):
    """A server that leaves signals to the node."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def patient_for(seconds: float) -> type[asyncio.Protocol]:
    """The protocol of connections on which the head of a call may take so long to arrive, and no longer: without that,
    callers who send a byte now and then would hold all connections."""
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class BoundedHeads(H11Protocol):
        _late: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._expect_head()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.cycle is not None and not self.cycle.response_complete:
                self._head_is_there()
            else:
                self._expect_head()

        def connection_lost(self, exc: Exception | None) -> None:
            self._head_is_there()
            super().connection_lost(exc)

        def _expect_head(self) -> None:
            if self._late is None:
                self._late = self.loop.call_later(seconds, self.transport.abort)

        def _head_is_there(self) -> None:
            if self._late is not None:
                self._late.cancel()
                self._late = None

    return BoundedHeads


class HttpServer:
    """One application on one socket. `head_seconds_max` bounds how slowly a call may arrive, `connections_max` how many
    are open; with a certificate it speaks TLS."""

    def __init__(
        self,
        app: Any,
        listening: socket.socket,
        *,
        head_seconds_max: float | None = None,
        connections_max: int | None = None,
        certificate_file: str = "",
        key_file: str = "",
    ) -> None:
        self._listening = listening
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            http="h11" if head_seconds_max is None else patient_for(head_seconds_max),
            loop="none",
            limit_concurrency=connections_max,
            ssl_certfile=certificate_file or None,
            ssl_keyfile=key_file or None,
            server_header=False,
            backlog=BACKLOG,
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to answer."""
        self._task = asyncio.create_task(self._server.serve([self._listening]), name="http")

    async def stop(self) -> None:
        """Takes no more connections; requests that are under way may end, for a second."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task
        self._listening.close()


def listen_tcp(host: str, port: int, setting: str) -> socket.socket:
    """A listening TCP socket; port 0: one that is free. Raises PortInUse."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise PortInUse(address=f"{host}:{port}", detail=error.strerror, setting=setting) from error
    listening.setblocking(False)
    return listening


def listen_unix(path: Path) -> socket.socket:
    """A listening Unix socket that its owner alone can reach. Raises PortInUse."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    former = os.umask(0o177)
    try:
        listening.bind(str(path))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise PortInUse(address=str(path), detail=error.strerror, setting="-") from error
    finally:
        os.umask(former)
    listening.setblocking(False)
    return listening

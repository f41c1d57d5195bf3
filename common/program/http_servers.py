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


class HttpServer:
    """One application on one socket."""

    def __init__(self, app: Any, listening: socket.socket) -> None:
        self._listening = listening
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            http="h11",
            loop="none",
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

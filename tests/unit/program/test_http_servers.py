"""Servers of HTTP: callers who crawl hold no connection for long."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from common.program.http_servers import HttpServer, listen_tcp

WITHIN_S = 20.0


async def hello(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


@asynccontextmanager
async def serving(**limits: Any) -> AsyncIterator[tuple[str, int]]:
    """A server with these limits, where it can be reached."""
    listening: socket.socket = listen_tcp("127.0.0.1", 0, "")
    server = HttpServer(Starlette(routes=[Route("/", hello)]), listening, **limits)
    address = listening.getsockname()
    server.start()
    try:
        yield address
    finally:
        await server.stop()


async def test_a_head_that_crawls_is_cut_off() -> None:
    async with serving(head_seconds_max=0.2) as address, asyncio.timeout(WITHIN_S):
        for begun in (b"", b"GET / HTTP/1.1\r\nHost: node\r\nX-Slow: "):
            reader, writer = await asyncio.open_connection(*address)
            writer.write(begun)
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
            writer.close()


async def test_a_second_head_that_crawls_is_cut_off_as_well() -> None:
    async with serving(head_seconds_max=0.2) as address, asyncio.timeout(WITHIN_S):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(b"GET / HTTP/1.1\r\nHost: node\r\n\r\n")
        await reader.readuntil(b"hello")
        writer.write(b"GET / HT")
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()


async def test_calls_that_arrive_in_time_are_answered_one_after_the_other() -> None:
    async with serving(head_seconds_max=WITHIN_S) as address, asyncio.timeout(WITHIN_S):
        reader, writer = await asyncio.open_connection(*address)
        for _ in range(3):
            writer.write(b"GET / HTTP/1.1\r\nHost: node\r\n\r\n")
            assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_more_connections_than_allowed_are_refused() -> None:
    async with serving(head_seconds_max=WITHIN_S, connections_max=2) as address, asyncio.timeout(WITHIN_S):
        idle = await asyncio.open_connection(*address)
        reader, writer = await asyncio.open_connection(*address)
        writer.write(b"GET / HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 503")
        writer.close()
        idle[1].close()

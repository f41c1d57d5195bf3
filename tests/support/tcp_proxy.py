"""A bad network: a TCP proxy that cuts, truncates, delays, or swallows what passes through it, as it is told."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType

CHUNK_BYTES = 4_096
STARTS_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Fault:
    """What befalls a connection once `after_bytes` have passed, both directions counted.

    `cut`: both ends are reset. `truncate`: a part of what was just sent still arrives, then both ends are closed.
    `swallow`: everything from then on disappears, and neither end hears of it. `delay`: every further piece is late by
    `delay_s`. "": nothing.
    """

    kind: str = ""
    after_bytes: int = 0
    delay_s: float = 0.0


GOOD = Fault()

Plan = Callable[[int], Fault]
"""`plan(number)`: what befalls the connection with that number, counted from 0."""


class TcpProxy:
    """Listens on a free port of this machine and passes everything on to `target_port`, or, as a balancer, to one of
    several ports in turn, the next one where nobody listens."""

    def __init__(self, target_port: int | Sequence[int], plan: Plan | None = None) -> None:
        self._target_ports = (target_port,) if isinstance(target_port, int) else tuple(target_port)
        self.plan: Plan = plan or (lambda number: GOOD)
        self.connections = 0
        """How many connections came so far."""
        self.struck: list[str] = []
        """The faults that really happened, by kind: a connection may end before its fault is due."""
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._closing: asyncio.Event | None = None
        self._flows: set[_Flow] = set()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)

    def __enter__(self) -> TcpProxy:
        self._thread.start()
        assert self._listening.wait(STARTS_WITHIN_S), "the proxy does not listen"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._call(self._close)
        self._thread.join()

    def swallow(self) -> None:
        """From now on every connection there is goes silent: whatever comes disappears, and no end hears of it."""
        self._call(self._swallow)

    def _call(self, function: Callable[[], None]) -> None:
        done = threading.Event()

        def run() -> None:
            function()
            done.set()

        self._loop.call_soon_threadsafe(run)
        assert done.wait(STARTS_WITHIN_S), "the proxy does not answer"

    def _swallow(self) -> None:
        for flow in self._flows:
            flow.swallow()

    def _close(self) -> None:
        assert self._closing is not None
        self._closing.set()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        self._closing = asyncio.Event()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._listening.set()
        await self._closing.wait()
        server.close()
        for flow in list(self._flows):
            flow.reset()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        if others:
            await asyncio.wait(others)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, fault, self.connections = self.connections, self.plan(self.connections), self.connections + 1
        for turn in range(len(self._target_ports)):
            port = self._target_ports[(first + turn) % len(self._target_ports)]
            with suppress(OSError):
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
                break
        else:
            # Nobody is there: whoever dialled finds out as it would without the proxy.
            writer.transport.abort()
            return
        flow = _Flow(fault, (writer, far_writer), self.struck)
        self._flows.add(flow)
        try:
            await asyncio.gather(flow.carry(reader, far_writer), flow.carry(far_reader, writer))
        finally:
            self._flows.discard(flow)
            flow.reset()


class _Flow:
    """One connection and its fault."""

    def __init__(self, fault: Fault, ends: tuple[asyncio.StreamWriter, ...], struck: list[str]) -> None:
        self._fault = fault
        self._ends = ends
        self._struck = struck
        self._passed = 0
        self._silent = False
        self._over = asyncio.Event()

    def swallow(self) -> None:
        self._silent = True

    def reset(self) -> None:
        """Both ends lose the connection at once."""
        self._over.set()
        for writer in self._ends:
            writer.transport.abort()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Passes one direction on until it ends."""
        with suppress(OSError):
            while chunk := await reader.read(CHUNK_BYTES):
                if await self._passes(chunk, writer):
                    writer.write(chunk)
                    await writer.drain()
                if self._over.is_set():
                    return
            if not self._silent and writer.can_write_eof():
                writer.write_eof()
        if self._silent:
            # An end that gave up is not told on: that is what half-open means.
            await self._over.wait()

    async def _passes(self, chunk: bytes, writer: asyncio.StreamWriter) -> bool:
        """Whether the piece goes on as it is; otherwise the fault has dealt with it."""
        fault = self._fault
        self._passed += len(chunk)
        if self._silent:
            return False
        if not fault.kind or self._passed <= fault.after_bytes:
            return True
        self._note(fault.kind)
        if fault.kind == "delay":
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), fault.delay_s)
        elif fault.kind == "swallow":
            self._silent = True
        elif fault.kind == "truncate":
            writer.write(chunk[: fault.after_bytes % len(chunk)])
            self._over.set()
            for end in self._ends:
                end.close()
        else:
            self.reset()
        return fault.kind == "delay"

    def _note(self, kind: str) -> None:
        if kind != "delay" or kind not in self._struck:
            self._struck.append(kind)

"""Where adapters are: calls through them, test calls, and switching from one to another."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from common.access_control.desk import Desk
from common.interfaces.commands import NoteTestCall, SwitchAdapter
from common.interfaces.events import AdapterSwitched
from common.interfaces.model import NO_ANSWER, Adapter, AdapterNotReady, Answer, Call, Port, failed, find_port
from common.interfaces.parameters import ANSWER_SECONDS
from common.interfaces.permissions import TEST
from common.log import get_logger

log = get_logger()

NOT_READY = AdapterNotReady.code


class Serving(Protocol):
    """The part of a node that is needed here."""

    @property
    def context(self) -> Any: ...

    @property
    def clock(self) -> Any: ...


Tells = Callable[[bytes, Answer, str], Awaitable[None]]
"""`tells(call_id, answer, adapter)`: takes an answer that came apart from its call."""


async def _nobody(_call_id: bytes, _answer: Answer, _adapter: str) -> None:
    """Nobody calls: there is nothing to answer."""


class InterfaceDesk:
    """`adapters`: of each port by name, each made once. `seconds_max`: no answer is waited for any longer, whatever the
    parameter says."""

    def __init__(
        self,
        node: Serving,
        adapters: Mapping[str, Mapping[str, Adapter]] | None = None,
        seconds_max: float = math.inf,
    ) -> None:
        self._node = node
        self._seconds_max = seconds_max
        self._adapters = adapters or {}
        self.tells: Tells = _nobody
        """What is done with answers that come apart from their calls; set by whoever makes the calls."""

    def port(self, name: str) -> Port:
        """Raises InterfaceUnknown."""
        return find_port(self._node.context.ports, name)

    def adapter_in_use(self, port: Port) -> str:
        """The name of the adapter through which calls are made at present."""
        return str(self._node.context.parameters.value(port.adapter, self._node.clock.now_us()))

    def lacks(self, port: str, adapter: str) -> tuple[str, str] | None:
        """What the adapter lacks for being used, in both languages; None: nothing."""
        return self._adapters[port][adapter].lacks()

    async def call(self, port: str, adapter: str, call: Call) -> tuple[Answer, int]:
        """Makes one call. The answer, and after how long (µs); never raises for what the other side does."""
        return await self._answer(port, adapter, lambda chosen: chosen.make(call))

    async def test(self, desk: Desk, port: str, adapter: str) -> tuple[str, Answer, int]:
        """A test call for whoever asks, through this adapter (empty: the one in use). The adapter, its answer, and
        after how long (µs). Raises InterfaceUnknown, AdapterUnknown, NotPermitted."""

        async def permitted() -> tuple[str, Answer, int]:
            desk.actor.rights.require(TEST)
            found = self.port(port)
            chosen = adapter or self.adapter_in_use(found)
            found.require_adapter(chosen)
            return chosen, *await self._answer(port, chosen, lambda each: each.probe())

        wish = NoteTestCall(port, adapter, failed(NO_ANSWER), 0)
        chosen, answer, took_us = await desk.attempt(wish, permitted)
        await desk.execute(NoteTestCall(port, chosen, answer, took_us))
        return chosen, answer, took_us

    async def switch(self, desk: Desk, wish: SwitchAdapter) -> AdapterSwitched:
        """Raises InterfaceUnknown, AdapterUnknown, AdapterNotReady, ParameterReasonMissing, NotPermitted."""

        async def ready() -> None:
            self.port(wish.port).require_adapter(wish.adapter)
            lacking = self.lacks(wish.port, wish.adapter)
            if lacking is not None:
                raise AdapterNotReady(port=wish.port, adapter=wish.adapter, detail=lacking[0], detail_zh=lacking[1])

        await desk.attempt(wish, ready)
        switched: AdapterSwitched = await desk.execute(wish)
        return switched

    async def _answer(self, port: str, name: str, ask: Callable[[Adapter], Awaitable[Answer]]) -> tuple[Answer, int]:
        adapter = self._adapters[port][name]
        seconds = self._node.context.parameters.value(ANSWER_SECONDS, self._node.clock.now_us())
        began_ns = time.monotonic_ns()
        if adapter.lacks() is not None:
            answer = failed(NOT_READY)
        else:
            answer = await _in_time(ask(adapter), min(seconds, self._seconds_max), port, name)
        return answer, max(1, (time.monotonic_ns() - began_ns) // 1_000)


async def _in_time(asked: Awaitable[Answer], seconds: float, port: str, adapter: str) -> Answer:
    try:
        async with asyncio.timeout(seconds):
            return await asked
    except TimeoutError:
        return failed(NO_ANSWER)
    except Exception as error:
        # A mistake of the adapter's. Its words might hold what the call says.
        log.error("adapter broke", port=port, adapter=adapter, error=type(error).__name__)
        return failed(type(error).__name__)

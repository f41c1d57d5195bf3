"""Telling an event to a callback, signed."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass

from common.event_hub.model import CallbackUnfit, listener_address, read_callback
from common.event_hub.signature import HEADER, signature
from common.outbound.addresses import AddressRules, AddressUnfit
from common.outbound.calling import SECONDS_MAX, OutboundCaller, Resolve, resolve_by_system

GONE = 410


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one delivery; `error` is empty where it arrived."""

    error: str = ""
    refused: bool = False
    gone: bool = False


class Callbacks:
    """Sends deliveries."""

    def __init__(
        self,
        rules: Callable[[], AddressRules],
        resolve: Resolve = resolve_by_system,
        context: ssl.SSLContext | None = None,
        seconds_max: float = SECONDS_MAX,
    ) -> None:
        self._rules = rules
        self._caller = OutboundCaller(rules, resolve, context, seconds_max)

    async def tell(
        self, callback: str, event_type: str, event_id: str, secret: bytes, body: bytes, now_us: int
    ) -> Told:
        """Sends one event. Never raises for what the receiver or the network does."""
        try:
            # The callback itself: what follows it cannot make it fit.
            read_callback(callback, self._rules())
        except CallbackUnfit as unfit:
            return Told(unfit.code)
        headers = {
            "Content-Type": "application/json;charset=utf-8",
            "Event-Id": event_id,
            HEADER: signature(secret, now_us // 1_000_000, body),
        }
        answer = await self._caller.call("POST", listener_address(callback, event_type), headers, body)
        if answer.error == AddressUnfit.code:
            return Told(CallbackUnfit.code)
        return Told(answer.failure, answer.refused, answer.status == GONE)

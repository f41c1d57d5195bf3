"""Calling a callback: to an address that was looked at, and to no other.

A name is resolved once; every address that it has must be one that may be called, and the connection goes to the one
that was judged, so that no later answer of the name service can lead elsewhere. Redirects are not followed, proxies of
the environment are not used, and nothing of the answer is read but its status.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from common.event_hub.model import CallbackRules, CallbackUnfit, is_public, listener_address, read_callback
from common.event_hub.signature import HEADER, signature

SECONDS_MAX = 10.0
"""For all of one delivery: looking the name up, connecting, sending, and the answer's head."""
REFUSING = frozenset(range(400, 500)) - {401, 403, 404, 407, 408, 409, 423, 425, 429}
"""The receiver says that it will never take this event; of the others it may be mended."""
GONE = 410

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""`resolve(host, port)`: all addresses of a name."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one delivery; `error` is empty where it arrived."""

    error: str = ""
    refused: bool = False
    gone: bool = False


async def resolve_by_system(host: str, port: int) -> list[str]:
    """All addresses of a name, as the machine's own resolver has them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


class Callbacks:
    """Sends deliveries."""

    def __init__(
        self,
        rules: Callable[[], CallbackRules],
        resolve: Resolve = resolve_by_system,
        context: ssl.SSLContext | None = None,
        seconds_max: float = SECONDS_MAX,
    ) -> None:
        self._rules = rules
        self._resolve = resolve
        self._context = context
        self._seconds_max = seconds_max

    async def tell(
        self, callback: str, event_type: str, event_id: str, secret: bytes, body: bytes, now_us: int
    ) -> Told:
        """Sends one event. Never raises for what the receiver or the network does."""
        import httpx

        try:
            async with asyncio.timeout(self._seconds_max):
                address = await self._address(callback)
                status = await self._post(callback, address, event_type, event_id, secret, body, now_us)
        except CallbackUnfit as unfit:
            return Told(unfit.code)
        except TimeoutError:
            return Told("no answer in time")
        except (OSError, httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, UnicodeError) as error:
            return Told(f"{type(error).__name__}")
        if 200 <= status < 300:
            return Told()
        return Told(f"HTTP {status}", refused=status in REFUSING, gone=status == GONE)

    async def _address(self, callback: str) -> str:
        """Where the callback is. Raises CallbackUnfit where one of its addresses may not be called."""
        rules = self._rules()
        parts = read_callback(callback, rules)
        assert parts.hostname is not None
        addresses = await self._resolve(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))
        if not addresses:
            raise OSError("the name has no address")
        if not rules.private_addresses and not all(is_public(address) for address in addresses):
            raise CallbackUnfit(
                detail="its name leads to an address that is not on the open network",
                detail_zh="该主机名指向非公共网络地址",
            )
        return addresses[0]

    async def _post(
        self, callback: str, address: str, event_type: str, event_id: str, secret: bytes, body: bytes, now_us: int
    ) -> int:
        import httpx

        if self._context is None:
            self._context = ssl.create_default_context()
        parts = urlsplit(listener_address(callback, event_type))
        host = f"[{address}]" if ":" in address else address
        pinned = parts._replace(netloc=f"{host}:{parts.port}" if parts.port else host).geturl()
        headers = {
            "Host": parts.netloc,
            "Content-Type": "application/json;charset=utf-8",
            "Event-Id": event_id,
            "User-Agent": "quanwang-crm",
            HEADER: signature(secret, now_us // 1_000_000, body),
        }
        # The certificate is checked against the name that was asked for, not against the address.
        extensions: dict[str, Any] = {"sni_hostname": parts.hostname}
        async with (
            httpx.AsyncClient(verify=self._context, trust_env=False, timeout=self._seconds_max) as client,
            client.stream("POST", pinned, content=body, headers=headers, extensions=extensions) as response,
        ):
            return response.status_code

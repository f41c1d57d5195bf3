"""A call over HTTP to an address that was looked at, and to no other.

A name is resolved once; every address that it has must be one that may be called, and the connection goes to the one
that was judged, so that no later answer of the name service can lead elsewhere. Redirects are not followed, proxies of
the environment are not used, and no more of the answer is read than was asked for.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from common.outbound.addresses import AddressRules, AddressUnfit, read_address, require_allowed

SECONDS_MAX = 10.0
"""For all of one call: looking the name up, connecting, sending, and the answer."""
REFUSING = frozenset(range(400, 500)) - {401, 403, 404, 407, 408, 409, 423, 425, 429}
"""The other side says that it will never take this call; of the others it may be mended."""

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""`resolve(host, port)`: all addresses of a name."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came of a call. `error`: why there is no answer, in a few words that name nobody; then the rest is empty."""

    status: int = 0
    body: bytes = b""
    error: str = ""

    @property
    def good(self) -> bool:
        """Whether the other side took it."""
        return 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        """Whether the other side will never take it."""
        return self.status in REFUSING

    @property
    def failure(self) -> str:
        """What went wrong, in a few words; empty where nothing did."""
        return "" if self.good else self.error or f"HTTP {self.status}"


async def resolve_by_system(host: str, port: int) -> list[str]:
    """All addresses of a name, as the machine's own resolver has them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


class OutboundCaller:
    """Makes calls. `rules`: asked at each call; `context`: whose certificates are trusted (the machine's)."""

    def __init__(
        self,
        rules: Callable[[], AddressRules],
        resolve: Resolve = resolve_by_system,
        context: ssl.SSLContext | None = None,
        seconds_max: float = SECONDS_MAX,
    ) -> None:
        self._rules = rules
        self._resolve = resolve
        self._context = context
        self._seconds_max = seconds_max

    async def call(
        self, method: str, address: str, headers: Mapping[str, str], body: bytes = b"", answer_bytes_max: int = 0
    ) -> HttpAnswer:
        """One call, and the first bytes of its answer. Never raises for what the other side or the network does."""
        import httpx

        try:
            async with asyncio.timeout(self._seconds_max):
                return await self._call(method, address, headers, body, answer_bytes_max)
        except AddressUnfit as unfit:
            return HttpAnswer(error=unfit.code)
        except TimeoutError:
            return HttpAnswer(error="no answer in time")
        except (OSError, httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, UnicodeError) as error:
            return HttpAnswer(error=type(error).__name__)

    async def _call(
        self, method: str, address: str, headers: Mapping[str, str], body: bytes, answer_bytes_max: int
    ) -> HttpAnswer:
        import httpx

        rules = self._rules()
        parts = read_address(address, rules)
        assert parts.hostname is not None
        judged = await self._judged(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80), rules)
        if self._context is None:
            self._context = ssl.create_default_context()
        host = f"[{judged}]" if ":" in judged else judged
        pinned = parts._replace(netloc=f"{host}:{parts.port}" if parts.port else host).geturl()
        # The certificate is checked against the name that was asked for, not against the address.
        extensions: dict[str, Any] = {"sni_hostname": parts.hostname}
        given = {"Host": parts.netloc, "User-Agent": "quanwang-crm", **headers}
        async with (
            httpx.AsyncClient(verify=self._context, trust_env=False, timeout=self._seconds_max) as client,
            client.stream(method, pinned, content=body, headers=given, extensions=extensions) as response,
        ):
            return HttpAnswer(response.status_code, await _beginning(response, answer_bytes_max))

    async def _judged(self, host: str, port: int, rules: AddressRules) -> str:
        """An address of the name. Raises AddressUnfit where one of all that it has may not be called."""
        addresses = await self._resolve(host, port)
        if not addresses:
            raise OSError("the name has no address")
        require_allowed(tuple(addresses), rules)
        return addresses[0]


async def _beginning(response: Any, bytes_max: int) -> bytes:
    found = b""
    if bytes_max:
        async for piece in response.aiter_bytes():
            found += piece
            if len(found) >= bytes_max:
                break
    return found[:bytes_max]

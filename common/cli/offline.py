"""The admin API without a running node: the same application, called in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import httpx


class InProcess:
    """Sends requests into an ASGI application, on one event loop for as long as the command needs it."""

    def __init__(self, app: Any) -> None:
        # What the application could not handle it has answered with 500 by then; the answer is what a command shows.
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://node")
        self._runner = asyncio.Runner()

    def __enter__(self) -> InProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()

    def send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> tuple[int, bytes]:
        """The status and the content of the answer."""
        asked = self._client.request(method, target, headers=dict(headers), content=body, timeout=timeout_s)
        response = self._runner.run(asked)
        return response.status_code, response.content

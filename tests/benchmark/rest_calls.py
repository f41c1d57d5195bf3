"""What access control and the audit log cost a caller of the REST interface: calls through all of it, and the same
calls of the yardstick (`open_api.py`), in turns."""

from __future__ import annotations

import itertools
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.types import Message

from common.sign_in.callers import CSRF_HEADER
from tests.benchmark.open_api import OpenApi
from tests.support.access import CITY, AccessNode

LIST = "/api/serviceRequest/v1/serviceRequest"
BODY = {"kind": "quanwang.nodes.v1.QueryNodeStatus", "destination": ["44"]}
WARM_UP = 30
KEPT = 200
"""Requests that are there before anything is measured: a full page, several times."""

Headers = list[tuple[bytes, bytes]]
CALLS = ("read", "list", "write")
ONE, MANY, CREATED = 200, 206, 201


class Caller:
    """Calls an application without a client of HTTP between, which would cost more than either side."""

    def __init__(self, app: Starlette, headers: Headers) -> None:
        self._app = app
        self._headers = headers
        self.one = ""

    async def call(self, kind: str) -> float:
        """How long one call took (seconds)."""
        method, path, body, status = {
            "read": ("GET", self.one, b"", ONE),
            "list": ("GET", LIST, b"", MANY),
            "write": ("POST", LIST, json.dumps(BODY).encode(), CREATED),
        }[kind]
        began = time.perf_counter()
        given, content = await self.answer(method, path, body)
        taken = time.perf_counter() - began
        assert given == status, f"{kind}: {given} {content[:400]!r}"
        return taken

    async def answer(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Status and body."""
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "https",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [*self._headers, (b"content-length", str(len(body)).encode())],
            "client": ("10.0.0.7", 1),
            "server": ("node", 443),
        }
        sent: list[Message] = []
        waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            return waiting.pop() if waiting else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        content = b"".join(message.get("body", b"") for message in sent[1:])
        return sent[0]["status"], content


async def measure(node: AccessNode, calls: int, rounds: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """Medians (microseconds) of each kind of call on both sides, and their ratio, in the median over all rounds."""
    node.plant_organisations()
    clerk = await node.signed_in("clerk", "back-office", CITY)
    api = next(api for api in node.apis if api.name == "serviceRequest")
    guarded = Caller(node.app, _headers(clerk))
    unguarded = Caller(OpenApi(node.node, api, api.resources[0]).app(), _headers(clerk))
    content = b""
    for _ in range(KEPT):
        _, content = await guarded.answer("POST", LIST, json.dumps(BODY).encode())
    guarded.one = unguarded.one = json.loads(content)["href"]
    for kind, side, _ in itertools.product(CALLS, (guarded, unguarded), range(WARM_UP)):
        await side.call(kind)
    taken: dict[str, dict[str, list[float]]] = {kind: {"guarded": [], "open": []} for kind in CALLS}
    for number, kind in itertools.product(range(rounds), CALLS):
        tell(f"{kind}, round {number + 1} of {rounds}")
        times: dict[str, list[float]] = {"guarded": [], "open": []}
        for _ in range(calls):
            # Side by side: whatever the machine does meanwhile, it does to both.
            times["guarded"].append(await guarded.call(kind))
            times["open"].append(await unguarded.call(kind))
        for name, values in times.items():
            taken[kind][name].append(statistics.median(values) * 1e6)
    assert node.log(resource="service-request", action="submit"), "the audit log knows nothing of what was written"
    return {kind: _figures(of_kind) for kind, of_kind in taken.items()}


def _figures(taken: dict[str, list[float]]) -> dict[str, float]:
    ratios = [guarded / opened for guarded, opened in zip(taken["guarded"], taken["open"], strict=True)]
    return {
        "guarded_us": round(statistics.median(taken["guarded"]), 1),
        "open_us": round(statistics.median(taken["open"]), 1),
        "ratio": round(statistics.median(ratios), 3),
        "ratio_min": round(min(ratios), 3),
        "ratio_max": round(max(ratios), 3),
    }


def _headers(client: httpx.AsyncClient) -> Headers:
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar)
    given = {"host": "node", "content-type": "application/json", "cookie": cookies}
    given[CSRF_HEADER.lower()] = client.headers[CSRF_HEADER]
    return [(name.encode(), value.encode()) for name, value in given.items()]

"""The way in: who calls is found out before anything else is looked at, and nobody unknown gets further.

address within its rate -> caller known -> caller within its rate -> body within its size and time -> the resource
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common.access_control.actor import ANYBODY, Actor
from common.clock import Clock
from common.errors import Awaited, QuanwangError
from common.rest.awaiting import awaited_answer
from common.rest.errors import BodySlow, NotSignedIn, RestRefusal
from common.rest.rates import Buckets, Rate, address_group
from common.rest.reason import REASON_HEADER, read_reason
from common.web import BodyTooLarge, language_of, status_of

ActorOf = Callable[[Request], Awaitable[Actor]]
"""Who calls. Raises NotSignedIn."""

HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Vary": "Accept, Accept-Language"}
"""With every answer."""


def caller_name(actor: Actor) -> str:
    """What tells a caller from all others, for good."""
    return f"{actor.kind}:{actor.name}"


async def nobody(_request: Request) -> Actor:
    """Knows no caller: the interface is closed."""
    raise NotSignedIn()


def error_answer(error: QuanwangError, language: str, status: int = 0) -> Response:
    """The error as a TM Forum error document, with what is wrong field by field."""
    if isinstance(error, Awaited):
        answer = awaited_answer(error, language)
        return Response(answer.body, answer.status, {**HEADERS, **answer.headers})
    headers = {"Content-Language": "zh-CN" if language.startswith("zh") else "en"} | HEADERS
    status = status or (error.status if isinstance(error, RestRefusal) else status_of(error))
    content: dict[str, object] = {
        "code": error.code,
        "reason": error.text(language),
        "message": error.text("en"),
        "status": str(status),
        "@type": "Error",
    }
    if isinstance(error, RestRefusal):
        if error.findings:
            content["details"] = [
                {"path": found.path, "code": found.code, "reason": found.text(language)} for found in error.findings
            ]
        headers |= {name.replace("_", "-"): str(error.facts[name]) for name in error.headers}
    if status == NotSignedIn.status:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(content, status, headers)


class Door:
    """Lets calls in that are known and within their rates; what comes later finds the actor in the scope."""

    def __init__(
        self,
        app: ASGIApp,
        actor_of: ActorOf,
        clock: Clock,
        of_address: Rate,
        of_caller: Rate,
        for_anybody: frozenset[tuple[str, str]] = frozenset(),
    ) -> None:
        """`for_anybody`: methods and addresses that are there for whoever it may be, within the address's rate."""
        self._app = app
        self._for_anybody = for_anybody
        self._actor_of = actor_of
        self._of_address = Buckets(of_address, clock)
        self._of_caller = Buckets(of_caller, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope)
        try:
            client = scope.get("client")
            self._of_address.take(address_group(client[0]) if client else "")
            actor = ANYBODY
            if (scope["method"], scope["path"]) not in self._for_anybody:
                actor = await self._actor_of(request)
                if why := read_reason(request.headers.get(REASON_HEADER, "")):
                    actor = replace(actor, why=why)
                self._of_caller.take(caller_name(actor))
        except QuanwangError as error:
            await error_answer(error, language_of(request.headers.get("accept-language")))(scope, receive, send)
            return
        scope["actor"] = actor
        await self._app(scope, receive, send)


class WholeBody:
    """Takes the body in as a whole before anything else runs: no larger, and no slower, than is allowed."""

    def __init__(self, app: ASGIApp, bytes_max: int, seconds_max: float) -> None:
        self._app = app
        self._bytes_max = bytes_max
        self._seconds_max = seconds_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await self._read(Request(scope), receive)
        except QuanwangError as error:
            language = language_of(Request(scope).headers.get("accept-language"))
            status = 413 if isinstance(error, BodyTooLarge) else 0
            answer = error_answer(error, language, status)
            # What has not been read yet must not pass for the next request.
            answer.headers["Connection"] = "close"
            await answer(scope, receive, send)
            return
        if body is None:
            return
        scope["body"] = body
        await self._app(scope, receive, send)

    async def _read(self, request: Request, receive: Receive) -> bytes | None:
        """The body; None where the caller has gone. Raises BodyTooLarge, BodySlow."""
        declared = request.headers.get("content-length", "0")
        if not declared.isdigit() or int(declared) > self._bytes_max:
            raise BodyTooLarge(most=self._bytes_max)
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._seconds_max):
                while True:
                    message: Message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    if size > self._bytes_max:
                        raise BodyTooLarge(most=self._bytes_max)
                    if not message.get("more_body", False):
                        return b"".join(parts)
        except TimeoutError:
            raise BodySlow(seconds=self._seconds_max) from None

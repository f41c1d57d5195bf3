"""The web side that both nodes share: the application, errors as the TM Forum states them, languages, body limits.

Routes raise; here every error is mapped, once. What nobody foresaw is told to the log and to nobody else.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Annotated, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common.errors import Awaited, Fault, QuanwangError, Refusal, TemporaryFault
from common.ids import parse_id
from common.log import bound, get_logger
from common.routing import Header, MalformedInput, Router

log = get_logger()

DEFAULT_LANGUAGE = "en"
READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Calls that change nothing."""
HTTP_ERRORS_FROM = 400

_BY_ENDING = {"_NOT_FOUND": 404, "NOT_PERMITTED": 403, "OUTSIDE_SCOPE": 403}
_BY_BEGINNING = {"MALFORMED_": 422}


class InternalRequestFault(Fault):
    """A request failed in a way that nobody foresaw."""

    code = "INTERNAL_FAULT"
    en = "The request failed for a reason inside the node; the node's log says more."
    zh = "请求因节点内部原因失败，详情见节点日志。"


class AddressNotFound(Refusal):
    """Nothing is at this address."""

    en = "There is nothing at this address ({detail})."
    zh = "此地址无内容（{detail}）。"


class BodyTooLarge(Refusal):
    """More than is taken at once."""

    en = "The body is larger than {most} bytes."
    zh = "请求内容超过 {most} 字节。"


class MalformedId(Refusal):
    """An identity in an address is not one."""

    en = "{given} is not an identity; one looks like 0192f0c4-7b1e-7c3a-9d55-2f6f3c1a8b90."
    zh = "{given} 不是有效的标识，正确形式如 0192f0c4-7b1e-7c3a-9d55-2f6f3c1a8b90。"


Language = Annotated[str | None, Header("accept-language")]
"""What a caller names as its languages, for `language_of`."""


def id_of(text: str) -> bytes:
    """The identity that is written in an address. Raises MalformedId."""
    try:
        return parse_id(text)
    except ValueError as error:
        raise MalformedId(given=repr(text[:64])) from error


def language_of(header: str | None) -> str:
    """The first language that a caller names ("zh-CN,zh;q=0.9" is "zh-cn"); English where it names none."""
    first = (header or "")[:100].split(",")[0].split(";")[0].strip().lower()
    return first if first and first != "*" else DEFAULT_LANGUAGE


def status_of(error: QuanwangError) -> int:
    """The HTTP status of an error: what a rule refused is a conflict, unless its name says more."""
    if isinstance(error, TemporaryFault):
        return 503
    if isinstance(error, Awaited):
        return 202
    for beginning, status in _BY_BEGINNING.items():
        if error.code.startswith(beginning):
            return status
    if not isinstance(error, Refusal):
        return 500
    return next((status for ending, status in _BY_ENDING.items() if error.code.endswith(ending)), 409)


def error_response(error: QuanwangError, language: str, status: int = 0) -> JSONResponse:
    """The error as a TM Forum error document: the reason in the caller's language."""
    status = status or status_of(error)
    content = {"code": error.code, "reason": error.text(language), "message": error.text("en"), "status": str(status)}
    if isinstance(error, Awaited):
        content["awaited"] = error.awaited
    return JSONResponse(content, status)


def build_app(
    routers: list[Router], body_bytes_max: int, refused: Callable[[int], None] = lambda _status: None
) -> Starlette:
    """An application of these routers, with every error mapped. `refused`: counts changing calls that were refused, by
    status."""
    return Starlette(
        routes=[route for router in routers for route in router.routes],
        middleware=[
            Middleware(CountRefused, refused=refused),
            Middleware(CallNames),
            Middleware(BodyLimit, bytes_max=body_bytes_max),
        ],
        exception_handlers={QuanwangError: _known, HTTPException: _http, Exception: _unforeseen},
    )


async def _known(request: Request, error: Exception) -> JSONResponse:
    known = error if isinstance(error, QuanwangError) else InternalRequestFault()
    if isinstance(known, Fault) and not isinstance(known, TemporaryFault):
        log.error("request failed", path=request.url.path, code=known.code)
    return error_response(known, _language(request))


async def _http(request: Request, error: Exception) -> JSONResponse:
    status, detail = (error.status_code, error.detail) if isinstance(error, HTTPException) else (500, "")
    known: QuanwangError = MalformedInput(detail=detail, detail_zh=detail)
    if status in (404, 405):
        known = AddressNotFound(detail=f"{request.method} {request.url.path}")
    return error_response(known, _language(request), status)


async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    log.error("request failed", path=request.url.path, error=type(error).__name__, exc_info=error)
    return error_response(InternalRequestFault(), _language(request))


def _language(request: Request) -> str:
    return language_of(request.headers.get("accept-language"))


class CallNames:
    """Gives each call a name, which stands in all that is logged while it lasts, and in the answer's header."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = os.urandom(8).hex()

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-call", name.encode("ascii"))]
            await send(message)

        with bound(call=name):
            await self._app(scope, receive, send_named)


class CountRefused:
    """Counts changing calls that were answered with an error, whatever the reason and however far they came.

    What reaches a handler stands in the audit log as well, refused or not. A call that reaches none (a body that
    cannot be read, too large a one, an unknown caller, too many calls) wishes nothing that could be noted, and to note
    it would let anybody fill the log for good: it is counted, so that it shows where somebody tries.
    """

    def __init__(self, app: ASGIApp, refused: Callable[[int], None]) -> None:
        self._app = app
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in READING_METHODS:
            await self._app(scope, receive, send)
            return

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= HTTP_ERRORS_FROM:
                self._refused(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, send_counted)
        except Exception:
            # What nobody foresaw is answered further out.
            self._refused(500)
            raise


class BodyLimit:
    """Takes no more of a request's body than so many bytes."""

    def __init__(self, app: ASGIApp, bytes_max: int) -> None:
        self._app = app
        self._bytes_max = bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        declared = headers.get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > self._bytes_max:
            language = language_of(headers.get(b"accept-language", b"").decode("latin-1"))
            response = error_response(BodyTooLarge(most=self._bytes_max), language, 413)
            await response(scope, receive, send)
            return
        await self._app(scope, _limited(receive, self._bytes_max), send)


def _limited(receive: Receive, bytes_max: int) -> Callable[[], Any]:
    """Counts what comes, for bodies that do not say how long they are."""
    left = bytes_max

    async def next_message() -> Message:
        nonlocal left
        message = await receive()
        if message["type"] == "http.request":
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413, f"the body is larger than {bytes_max} bytes")
        return message

    return next_message

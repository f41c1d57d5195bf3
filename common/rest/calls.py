"""One call: what its address and headers ask for, read once for all endpoints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from common.access_control.actor import Actor
from common.rest.commands import KEY_CHARS_MAX, Answer, Once
from common.rest.documents import Document, encoded, etag_of
from common.rest.door import HEADERS, caller_name
from common.rest.errors import ETagDiffers, IdempotencyKeyUnfit, ParametersTooMany, ParameterUnfit, PreconditionMissing

PARAMETERS_MAX = 60
CONVENTIONS = ("offset", "limit", "sort", "fields")
"""Parameters of a list that are no filters."""
DOCUMENT_TYPE = "application/json;charset=utf-8"


class Call:
    """A request whose caller is known and whose body is there."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.actor: Actor = request.scope["actor"]
        self.body: bytes = request.scope["body"]

    @property
    def path(self) -> str:
        """The address without its parameters."""
        path: str = self.request.scope["path"]
        return path

    def header(self, name: str) -> str:
        """A header's content; empty where it is not given."""
        return self.request.headers.get(name, "")

    def parameters(self) -> list[tuple[str, str]]:
        """The parameters of the address, in their order. Raises ParametersTooMany."""
        text = self.request.scope["query_string"].decode("latin-1")
        try:
            return parse_qsl(text, keep_blank_values=True, max_num_fields=PARAMETERS_MAX)
        except ValueError as error:
            raise ParametersTooMany(most=PARAMETERS_MAX, what="parameters", what_zh="参数") from error

    def conventions(self, *known: str) -> tuple[dict[str, str], list[tuple[str, str]]]:
        """The parameters of these names, each at most once, and all others. Raises ParameterUnfit."""
        given: dict[str, str] = {}
        others: list[tuple[str, str]] = []
        for name, value in self.parameters():
            if name not in known:
                others.append((name, value))
            elif name in given:
                raise ParameterUnfit(name=name, form="given once", form_zh="只出现一次")
            else:
                given[name] = value
        return given, others

    def once(self, digest: Callable[[], bytes], lifetime_us: int) -> Once | None:
        """What the Idempotency-Key says; None without one. `digest`: of the request. Raises IdempotencyKeyUnfit."""
        key = self.request.headers.get("idempotency-key")
        if key is None:
            return None
        if not (0 < len(key) <= KEY_CHARS_MAX and key.isascii() and key.isprintable() and key.strip() == key):
            raise IdempotencyKeyUnfit(most=KEY_CHARS_MAX)
        return Once(caller_name(self.actor), key, digest(), lifetime_us)

    def require_match(self, resource: str, document: Document, needed: bool) -> None:
        """Raises ETagDiffers unless If-Match names the document's ETag, PreconditionMissing where it must be given."""
        given = self.header("if-match")
        if not given:
            if needed:
                raise PreconditionMissing(resource=resource)
            return
        if not _names(given, etag_of(document)):
            raise ETagDiffers(resource=resource)

    def knows(self, document: Document) -> bool:
        """Whether the caller has this very document already (If-None-Match)."""
        given = self.header("if-none-match")
        return bool(given) and _names(given.replace("W/", ""), etag_of(document))


def _names(header: str, etag: str) -> bool:
    return header.strip() == "*" or etag in (part.strip() for part in header.split(","))


def document_answer(document: Document, status: int = 200, **headers: str) -> Answer:
    """A document as an answer."""
    return Answer(status, {"Content-Type": DOCUMENT_TYPE} | headers, encoded(document))


def telling(document: BaseModel) -> Response:
    """The response that tells it."""
    return response_of(document_answer(document.model_dump(by_alias=True)))


def nothing_to_tell() -> Response:
    """It is done."""
    return response_of(Answer(204, {}, b""))


def response_of(answer: Answer) -> Response:
    """An answer on its way."""
    headers: dict[str, Any] = {**HEADERS, **answer.headers}
    if answer.repeated:
        headers["Idempotent-Replayed"] = "true"
    return Response(answer.body, answer.status, headers)

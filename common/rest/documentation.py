"""The interface's own documentation: the OpenAPI document, and a page that shows it and tries it out.

The page comes from the node alone, for nodes have no network to fetch it from: one script, one style sheet, nothing
from elsewhere, and the browser is told to run nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from importlib import resources

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from common.rest.door import HEADERS
from common.rest.resource import Api

OPENAPI_ADDRESS, PAGE_ADDRESS = "/openapi.json", "/docs"
PAGE_FILES = {
    "index.html": "text/html",
    "page.js": "text/javascript",
    "page.css": "text/css",
}
CONTENT_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'"


def documentation_routes(title: str, version: str, apis: Sequence[Api]) -> list[BaseRoute]:
    """The document and the page."""

    # Made when somebody first asks: an idle node need not hold it.
    @cache
    def document() -> bytes:
        from common.rest.openapi import openapi_document

        return json.dumps(openapi_document(title, version, apis), ensure_ascii=False).encode()

    async def openapi(_request: Request) -> Response:
        return Response(document(), headers={**HEADERS, "Content-Type": "application/json"})

    def page(name: str) -> Callable[[Request], Awaitable[Response]]:
        async def answer(_request: Request) -> Response:
            return _file(name)

        return answer

    files = [Route(f"{PAGE_ADDRESS}/{name}", page(name)) for name in PAGE_FILES]
    return [Route(OPENAPI_ADDRESS, openapi), Route(PAGE_ADDRESS, page("index.html")), *files]


def _file(name: str) -> Response:
    content = resources.files("common.rest").joinpath("page", name).read_bytes()
    content_type = f"{PAGE_FILES[name]};charset=utf-8"
    headers = {**HEADERS, "Content-Security-Policy": CONTENT_POLICY, "Content-Type": content_type}
    return Response(content, headers=headers)

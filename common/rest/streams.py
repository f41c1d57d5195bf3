"""Lists as streams: all rows that fit, as lines of JSON or as CSV, read in slices by key.

Nothing is held but one slice, and no connection of the database between two of them, so that a slow reader costs
nothing. The rows are those of many moments: each is there once, as it was when its slice was read.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from starlette.types import Receive, Scope, Send

from common.log import get_logger
from common.rest.attributes import Attribute
from common.rest.documents import Document, encoded
from common.rest.resource import Resource

log = get_logger()

NDJSON, CSV = "application/x-ndjson", "text/csv"
SLICE_ROWS = 500
SEND_SECONDS_MAX = 30.0
"""A reader that takes nothing for so long is given up."""
STREAMS_MAX = 4
"""How many are sent at a time."""
BYTE_ORDER_MARK = "\ufeff"
FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")

ReadSlice = Callable[[Any], Awaitable[tuple[list[Document], Any]]]
"""The documents behind a key (None: from the beginning), and the last key; an empty list at the end."""


async def lines(read: ReadSlice) -> AsyncIterator[bytes]:
    """One document a line."""
    async for documents in _slices(read):
        yield b"".join(encoded(document) + b"\n" for document in documents)


async def table(read: ReadSlice, columns: Sequence[str]) -> AsyncIterator[bytes]:
    """One document a row, its values in the columns of these names; what is a list or an object is written as JSON."""
    yield (BYTE_ORDER_MARK + _row(columns)).encode()
    async for documents in _slices(read):
        yield "".join(_row([_cell(_at(document, name)) for name in columns]) for document in documents).encode()


async def _slices(read: ReadSlice) -> AsyncIterator[list[Document]]:
    documents, key = await read(None)
    while documents:
        yield documents
        documents, key = await read(key)


def columns_of(resource: Resource, fields: frozenset[str] | None, hidden: frozenset[str]) -> list[str]:
    """The columns of a resource's table: its own attributes by name, then its collections."""
    own: Sequence[Attribute] = (resource.key, *resource.attributes)
    names = ["id", "href", *(attribute.name for attribute in own[1:]), *(part.name for part in resource.collections)]
    first = {name: name.partition(".")[0] for name in names}
    return [name for name in names if first[name] not in hidden and (fields is None or first[name] in fields)]


def _at(document: Any, name: str) -> Any:
    for part in name.split("."):
        if isinstance(document, list):
            document = document[0] if document else None
        if not isinstance(document, Mapping):
            return None
        document = document.get(part)
    return document


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    # A spreadsheet would run what begins like a formula.
    return f"'{value}" if value.startswith(FORMULA_BEGINNINGS) else value


def _row(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue()


class StreamedAnswer:
    """An ASGI answer that is sent as it is read, to a reader that keeps up."""

    def __init__(
        self,
        chunks: AsyncIterator[bytes],
        content_type: str,
        headers: Mapping[str, str],
        ended: Callable[[], None],
        send_seconds_max: float = SEND_SECONDS_MAX,
    ) -> None:
        self._chunks = chunks
        self._headers = {**headers, "Content-Type": f"{content_type};charset=utf-8"}
        self._ended = ended
        self._send_seconds_max = send_seconds_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            headers = [(name.lower().encode(), value.encode()) for name, value in self._headers.items()]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            async for chunk in self._chunks:
                if gone.done():
                    return
                # Cut off in the middle, so that the reader sees that it has not got everything.
                async with asyncio.timeout(self._send_seconds_max):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            log.info("stream given up", path=scope["path"], seconds=self._send_seconds_max)
        finally:
            gone.cancel()
            self._ended()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

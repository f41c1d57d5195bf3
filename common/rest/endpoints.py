"""What is done at a resource's addresses: each function takes a call and gives the answer; errors are told elsewhere.

Every query and every command of the API goes through here, so that what a caller may do is asked here, once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from starlette.responses import Response

from common.access_control.rights import NotPermitted
from common.db.engine import store_of
from common.operators.row_scope import EachOf, condition_of
from common.program.node import Node
from common.rest import streams
from common.rest.access import Access, Shown, require_editable
from common.rest.bodies import JSON_TYPE, MERGE_PATCH_TYPE, changes_of, digest_of, read_body, read_json, require_type
from common.rest.calls import CONVENTIONS, DOCUMENT_TYPE, Call, document_answer, response_of
from common.rest.commands import Answer, AnswerCommand, NoteLook
from common.rest.documents import (
    Document,
    count_documents,
    encoded,
    etag_of,
    read_document,
    read_documents,
)
from common.rest.door import HEADERS
from common.rest.errors import BodyUnreadable, NotAcceptable, ResourceNotFound, TooManyCalls, UnknownParameter
from common.rest.filters import read_filters, where_clause
from common.rest.looking import Look, entry_of, look_at, refused_entry, without_personal
from common.rest.paging import Page, order_by, page_headers, read_fields, read_page
from common.rest.resource import Api, Resource, View

STREAM_AGAIN_S = 5
ANY_TYPE = ("*/*", "")


class StreamCount:
    """How many streams are being sent, in all resources together."""

    def __init__(self, most: int = streams.STREAMS_MAX) -> None:
        self._most = most
        self._running = 0

    def begin(self) -> None:
        """Raises TooManyCalls where enough are being sent."""
        if self._running >= self._most:
            raise TooManyCalls(retry_after=STREAM_AGAIN_S)
        self._running += 1

    def end(self) -> None:
        self._running -= 1


class Endpoints:
    """The endpoints of one resource at one node."""

    def __init__(self, node: Node, api: Api, resource: Resource, access: Access, running: StreamCount) -> None:
        self._node = node
        self._api = api
        self._resource = resource
        self._access = access
        self._running = running

    # Reading

    async def read_list(self, call: Call) -> Any:
        """A page, or all as a stream, as the caller accepts it."""
        resource, shown = await self._readable(call)
        stream_type = self._stream_type(call.header("accept"))
        given, others = call.conventions(*(("fields",) if stream_type else CONVENTIONS))
        filters = where_clause(resource, read_filters(resource, others, shown.unsearchable))
        if stream_type:
            where = [*filters, *self._rows(call)]
            fields = read_fields(resource, given.get("fields"), shown.hidden)
            return self._stream(call, stream_type, where, shown, fields)
        page = read_page(resource, given, shown.hidden, shown.unsearchable)
        documents, total = await self._node.reads.run(self._read_page, call, filters, page)
        await self._note(call, look_at(resource, documents, shown, page.fields))
        seen = [shown.of(document, page.fields) for document in documents]
        headers = page_headers(call.path, call.parameters(), page, len(seen), total)
        status = 206 if len(seen) < total else 200
        return response_of(Answer(status, {"Content-Type": DOCUMENT_TYPE} | headers, encoded(seen)))

    async def read_one(self, call: Call) -> Response:
        """One resource."""
        resource, shown = await self._readable(call)
        given, others = call.conventions("fields")
        if others:
            known = {"use": "read one", "use_zh": "读取单个资源", "known": "fields"}
            raise UnknownParameter(resource=resource.name, name=others[0][0][:64], **known)
        fields = read_fields(resource, given.get("fields"), shown.hidden)
        found = await self._node.reads.run(self._visible, call, self._key(call))
        document = shown.of(found)
        etag = etag_of(document)
        if call.knows(document):
            return Response(status_code=304, headers={**HEADERS, "ETag": etag})
        await self._note(call, look_at(resource, [found], shown, fields))
        return response_of(document_answer(shown.of(found, fields), ETag=etag))

    async def view(self, call: Call, view: View) -> Response:
        """Something else of one resource."""
        await self._readable(call)
        found = await self._node.reads.run(self._read_view, call, view, self._key(call))
        return response_of(document_answer(dict(found)))

    # Changing

    async def create(self, call: Call) -> Response:
        """A new resource."""
        resource, shown = self._named(call)
        create = resource.create
        assert create is not None
        require_type(call.header("content-type"), JSON_TYPE)
        body = read_body(create.body, call.body)

        def answer(result: Any, uow: Any) -> Answer:
            document = read_document(uow.query, self._api, resource, create.created(result))
            assert document is not None, f"{resource.name}: what was created cannot be found"
            self._note_here(call, look_at(resource, [document], shown), uow)
            seen = shown.of(document)
            # What is told once, and what is personal, is not kept, should the caller ask again.
            secret = create.tells is not None or resource.personal
            kept = encoded(without_personal(resource, seen)) if secret else None
            headers = {"Location": document["href"], "ETag": etag_of(seen)}
            if create.tells is None:
                return replace(document_answer(seen, 201, **headers), kept=kept)
            told = {**seen, create.tells[0]: create.tells[1](result)}
            return replace(document_answer(told, 201, **headers), kept=kept)

        lifetime_us = self._node.settings.api.idempotency_hours * 3_600_000_000
        once = call.once(lambda: digest_of("POST", call.path, content=read_json(call.body)), lifetime_us)
        command = create.command(body, call.actor)
        return response_of(await self._node.writer.execute(AnswerCommand(command, answer, once=once), actor=call.actor))

    async def change(self, call: Call) -> Response:
        """A merge patch."""
        resource, shown = self._named(call)
        change = resource.change
        assert change is not None
        require_type(call.header("content-type"), MERGE_PATCH_TYPE, JSON_TYPE)
        key = self._key(call)
        changes = changes_of(read_body(change.body, call.body))

        def answer(_result: Any, uow: Any) -> Answer:
            found = self._found(uow.query, call, key)
            self._note_here(call, look_at(resource, [found], shown), uow)
            document = shown.of(found)
            return document_answer(document, ETag=etag_of(document))

        def check(uow: Any) -> None:
            call.require_match(resource.name, shown.of(self._found(uow.query, call, key)), change.needs_match)

        require_editable(call.actor, resource, changes)
        command = change.command(key, changes, call.actor)
        return response_of(await self._node.writer.execute(AnswerCommand(command, answer, check), actor=call.actor))

    async def delete(self, call: Call) -> Response:
        """Away with it."""
        resource, shown = self._named(call)
        delete = resource.delete
        assert delete is not None
        if call.body:
            raise BodyUnreadable(detail="a deletion has no body", detail_zh="删除操作不应带请求内容")
        key = self._key(call)

        def check(uow: Any) -> None:
            call.require_match(resource.name, shown.of(self._found(uow.query, call, key)), delete.needs_match)

        command = AnswerCommand(delete.command(key, call.actor), lambda _result, _uow: Answer(204, {}, b""), check)
        return response_of(await self._node.writer.execute(command, actor=call.actor))

    # What they share

    async def _readable(self, call: Call) -> tuple[Resource, Shown]:
        """The resource, and what of it the caller sees. Raises NotPermitted, which is noted where it is about personal
        data."""
        try:
            call.actor.rights.require(self._resource.reading)
        except NotPermitted as refusal:
            if self._resource.personal:
                named = str(call.request.path_params.get("id", ""))
                entry = refused_entry(self._resource, named, call.actor, refusal.code)
                await self._node.writer.execute(NoteLook(entry))
            raise
        return self._named(call)

    def _named(self, call: Call) -> tuple[Resource, Shown]:
        """The same where a command is run, of which the guard asks whether the caller may."""
        return self._resource, self._access.shown(call.actor, self._resource)

    async def _note(self, call: Call, look: Look | None) -> None:
        """Durable before anything is shown. Raises what storing the entry does: what was not noted is not given."""
        if look is not None:
            await self._node.writer.execute(NoteLook(entry_of(look, call.actor)))

    def _note_here(self, call: Call, look: Look | None, uow: Any) -> None:
        """The same in the transaction whose answer shows it."""
        if look is not None:
            uow.audit(entry_of(look, call.actor))

    def _rows(self, call: Call) -> Sequence[sa.ColumnElement[bool]]:
        """What every statement is narrowed by for this caller."""
        rows = self._access.rows(call.actor, self._resource)
        return [*([] if rows is None else [condition_of(rows)]), *self._owned(call)]

    def _owned(self, call: Call) -> Sequence[sa.ColumnElement[bool]]:
        own = self._resource.owned
        return [] if own is None else [own(call.actor)]

    def _key(self, call: Call) -> Any:
        """The key in the address. What cannot be one names nothing."""
        text = call.request.path_params["id"]
        try:
            if "\x00" in text:
                raise ValueError(text)
            return self._resource.key.form.read(text)
        except ValueError as error:
            raise ResourceNotFound(resource=self._resource.name) from error

    def _found(self, run: Any, call: Call, key: Any) -> Document:
        """The resource, if it is there for the caller. Raises ResourceNotFound."""
        document = read_document(run, self._api, self._resource, key, self._rows(call))
        if document is None:
            raise ResourceNotFound(resource=self._resource.name)
        return document

    def _visible(self, connection: sa.Connection, call: Call, key: Any) -> Document:
        return self._found(connection.execute, call, key)

    def _read_view(self, connection: sa.Connection, call: Call, view: View, key: Any) -> Mapping[str, Any]:
        self._found(connection.execute, call, key)
        return view.query(connection, key)

    def _read_page(
        self, connection: sa.Connection, call: Call, filters: Sequence[sa.ColumnElement[bool]], page: Page
    ) -> tuple[list[Document], int]:
        resource = self._resource
        rows, owned = self._access.rows(call.actor, resource), self._owned(call)
        where = [*filters, *([] if rows is None else [condition_of(rows)]), *owned]
        order = order_by(resource, page)
        run, part = connection.execute, (order, page.limit, page.offset)
        if isinstance(rows, EachOf) and len(order) == 1 and store_of(connection).merges_ranges:
            documents = read_documents(run, self._api, resource, [*filters, *owned], *part, each=rows)
        else:
            documents = read_documents(run, self._api, resource, where, *part)
        if 0 < len(documents) < page.limit:
            # The end is on this page, so it says how many there are.
            return documents, page.offset + len(documents)
        return documents, count_documents(connection.execute, resource, where)

    def _stream_type(self, accept: str) -> str:
        """The type of the stream that the caller asks for; empty where it takes a page. Raises NotAcceptable."""
        known = (streams.NDJSON, streams.CSV) if self._resource.streamed else ()
        accepted = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
        for part in accepted:
            if part in known:
                return part
            if part in (JSON_TYPE, "application/*", *ANY_TYPE):
                return ""
        raise NotAcceptable(known=", ".join((JSON_TYPE, *known)))

    def _stream(
        self,
        call: Call,
        content_type: str,
        where: Sequence[sa.ColumnElement[bool]],
        shown: Shown,
        fields: frozenset[str] | None,
    ) -> streams.StreamedAnswer:
        resource = self._resource

        def read_slice(connection: sa.Connection, after: Any) -> tuple[list[Document], Any, Look | None]:
            key = resource.key.column
            behind = [] if after is None else [key > after]
            found = read_documents(
                connection.execute, self._api, resource, [*where, *behind], [key], streams.SLICE_ROWS
            )
            last = resource.key.form.read(found[-1]["id"]) if found else None
            look = look_at(resource, found, shown, fields)
            return [shown.of(document, fields) for document in found], last, look

        async def read(after: Any) -> tuple[list[Document], Any]:
            documents, last, look = await self._node.reads.run(read_slice, after)
            await self._note(call, look)
            return documents, last

        if content_type == streams.CSV:
            chunks = streams.table(read, streams.columns_of(resource, fields, shown.hidden))
        else:
            chunks = streams.lines(read)
        self._running.begin()
        return streams.StreamedAnswer(chunks, content_type, HEADERS, self._running.end)

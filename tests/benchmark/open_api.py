"""The yardstick of the REST interface: the same queries and handlers without asking who calls and what they may do.

Service requests are listed, read and submitted as a good team would write it first: three routes, one statement after
another on a reader's connection, the command through the same writer, documents by the same mapping. Nobody signs in,
no rights are looked up, no rows or fields are left out, no call is counted, nothing is noted in the audit log, and no
answer is kept.

In favour of the yardstick: no limits of any kind, and no filters, sorting or fields to be read from the address.

Figures are told as ratios to this file. A test pins its digest, so that nobody slows it down by accident later.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from common.access_control.actor import SYSTEM
from common.program.node import Node
from common.rest.commands import Answer, AnswerCommand
from common.rest.documents import count_documents, encoded, etag_of, read_document, read_documents
from common.rest.resource import Api, Resource

PAGE = 50
JSON = {"Content-Type": "application/json;charset=utf-8"}


class OpenApi:
    """One resource of one API."""

    def __init__(self, node: Node, api: Api, resource: Resource) -> None:
        self._node = node
        self._api = api
        self._resource = resource

    def app(self) -> Starlette:
        """Its three routes."""
        address = self._api.address(self._resource)
        return Starlette(
            routes=[
                Route(address, self._list, methods=["GET"]),
                Route(address, self._create, methods=["POST"]),
                Route(f"{address}/{{id}}", self._one, methods=["GET"]),
            ]
        )

    async def _list(self, _request: Request) -> Response:
        documents, total = await self._node.reads.run(self._page)
        return Response(encoded(documents), 206, {**JSON, "X-Total-Count": str(total)})

    def _page(self, connection: sa.Connection) -> tuple[list[dict[str, Any]], int]:
        newest = [self._resource.key.column.desc()]
        documents = read_documents(connection.execute, self._api, self._resource, (), newest, PAGE)
        return documents, count_documents(connection.execute, self._resource)

    async def _one(self, request: Request) -> Response:
        key = self._resource.key.form.read(request.path_params["id"])
        document = await self._node.reads.run(
            lambda connection: read_document(connection.execute, self._api, self._resource, key)
        )
        assert document is not None
        return Response(encoded(document), 200, {**JSON, "ETag": etag_of(document)})

    async def _create(self, request: Request) -> Response:
        create = self._resource.create
        assert create is not None
        body = create.body.model_validate_json(await request.body())

        def answer(result: Any, uow: Any) -> Answer:
            document = read_document(uow.query, self._api, self._resource, create.created(result))
            assert document is not None
            return Answer(201, {**JSON, "Location": document["href"]}, encoded(document))

        given = await self._node.writer.execute(AnswerCommand(create.command(body, SYSTEM), answer))
        return Response(given.body, given.status, dict(given.headers))

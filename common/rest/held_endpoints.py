"""What is done at the addresses of a resource that is held in memory."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from common.access_control.rights import OutsideScope, Scope
from common.program.node import Node
from common.rest.bodies import JSON_TYPE, MERGE_PATCH_TYPE, read_body, require_type
from common.rest.calls import DOCUMENT_TYPE, Call, document_answer, response_of
from common.rest.commands import Answer, AnswerCommand
from common.rest.documents import Document, encoded, etag_of
from common.rest.door import HEADERS
from common.rest.errors import ResourceNotFound, UnknownParameter
from common.rest.held import Document as HeldDocument
from common.rest.held import Held
from common.web import language_of


class HeldEndpoints:
    """The endpoints of one such resource at one node. They are there for those who see all of the node's."""

    def __init__(self, node: Node, address: str, held: Held) -> None:
        self._node = node
        self._address = address
        self._held = held

    async def read_list(self, call: Call) -> Response:
        """All of them."""
        self._require_readable(call)
        documents = [self._document(each) for each in self._held.all(_language(call))]
        count = str(len(documents))
        headers = {"Content-Type": DOCUMENT_TYPE, "X-Result-Count": count, "X-Total-Count": count}
        return response_of(Answer(200, headers, encoded(documents)))

    async def read_one(self, call: Call) -> Response:
        """One of them."""
        self._require_readable(call)
        document = self._found(self._held.one(_key(call), _language(call)))
        etag = etag_of(document)
        if call.knows(document):
            return Response(status_code=304, headers={**HEADERS, "ETag": etag})
        return response_of(document_answer(document, ETag=etag))

    async def change(self, call: Call) -> Response:
        """A merge patch."""
        change, key, language = self._held.change, _key(call), _language(call)
        assert change is not None
        require_type(call.header("content-type"), MERGE_PATCH_TYPE, JSON_TYPE)
        body = read_body(change.body, call.body)

        def check(uow: Any) -> None:
            document = self._found(change.within(key, language, uow))
            call.require_match(self._held.name, document, needed=True)

        def answer(_result: Any, uow: Any) -> Answer:
            document = self._found(change.within(key, language, uow))
            return document_answer(document, ETag=etag_of(document))

        command = AnswerCommand(change.command(key, body, call.actor), answer, check)
        return response_of(await self._node.writer.execute(command, actor=call.actor))

    def _require_readable(self, call: Call) -> None:
        """Raises NotPermitted, OutsideScope, UnknownParameter."""
        scope = call.actor.rights.require(self._held.reading)
        if scope < Scope.PROVINCE:
            raise OutsideScope(permission=str(self._held.reading), scope=scope.name)
        for name, _ in call.parameters():
            facts = {"use": "read", "use_zh": "读取", "known": "-"}
            raise UnknownParameter(resource=self._held.name, name=name[:64], **facts)

    def _found(self, document: HeldDocument | None) -> Document:
        """With its place and type. Raises ResourceNotFound."""
        if document is None:
            raise ResourceNotFound(resource=self._held.name)
        return self._document(document)

    def _document(self, document: HeldDocument) -> Document:
        placed = {"id": document["id"], "href": f"{self._address}/{document['id']}"}
        return {**placed, **document, "@type": self._held.type_name}


def _key(call: Call) -> str:
    return str(call.request.path_params["id"])


def _language(call: Call) -> str:
    return language_of(call.header("accept-language"))

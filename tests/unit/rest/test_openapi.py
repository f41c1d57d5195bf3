"""The document says what is true, and the page that shows it needs nothing from elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from common.rest.app import build_api
from common.rest.documentation import CONTENT_POLICY, PAGE_FILES, documentation_routes
from common.rest.openapi import openapi_document
from tests.support.rest import ADDRESS, NOTE_API, RestNode, named_by_header

DOCUMENT = openapi_document("Notes", "1", (NOTE_API,))


def references(content: Any) -> Iterator[str]:
    if isinstance(content, dict):
        if isinstance(content.get("$ref"), str):
            yield content["$ref"]
        content = list(content.values())
    if isinstance(content, list):
        for inner in content:
            yield from references(inner)


def test_every_reference_leads_somewhere() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    named = {reference.rpartition("/")[2] for reference in references(DOCUMENT)}
    assert {"Error", "Note", "NewNote", "NoteChange", "Length"} <= named <= schemas.keys()


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [
        operation["operationId"]
        for item in DOCUMENT["paths"].values()
        for method, operation in item.items()
        if method != "parameters"
    ]
    assert len(names) == len(set(names)) == 6


def test_filters_stand_there_as_they_are_taken() -> None:
    names = {parameter["name"] for parameter in DOCUMENT["paths"][ADDRESS]["get"]["parameters"]}
    assert {"title", "relatedParty.id", "line.words", "weight", "weight.gte", "readDate.lt", "offset", "sort"} <= names
    assert "title.gt" not in names


async def test_document_and_page_are_served_to_callers_that_are_known(node: RestNode) -> None:
    further = documentation_routes("Notes", "1", (NOTE_API,))
    node.app = build_api(node.node, (NOTE_API,), node.access, named_by_header, further)
    client = node.client()
    assert json.loads((await client.get("/openapi.json")).content) == DOCUMENT
    page = await client.get("/docs")
    assert page.headers["content-security-policy"] == CONTENT_POLICY
    assert page.headers["content-type"] == "text/html;charset=utf-8"
    everything = [(await client.get(f"/docs/{name}")).text for name in PAGE_FILES]
    assert all(everything)
    assert re.findall(r"https?://|//cdn|@import|innerHTML|eval\(", "".join(everything)) == []
    assert (await client.get("/docs/../app.py")).status_code == 404
    assert (await node.client("").get("/docs")).status_code == 401

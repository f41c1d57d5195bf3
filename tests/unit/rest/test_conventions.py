"""The conventions of specs and RFCs, seen from outside: lists, single resources, changes, errors."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from common.audit.queries import Sought, search
from common.ids import format_id
from tests.support.rest import ADDRESS, RestNode

TITLES = ("alpha", "beta", "gamma", "delta", "epsilon")
NOBODY = format_id(b"n" * 16)


async def write(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    response = await client.post(ADDRESS, json=fields)
    assert response.status_code == 201, response.text
    return dict(response.json())


async def write_all(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    return [await write(client, title=title, weight=weight) for weight, title in enumerate(TITLES)]


def titles(response: httpx.Response) -> list[str]:
    return [note["title"] for note in response.json()]


async def test_a_new_resource_is_answered_whole_with_its_place(node: RestNode) -> None:
    response = await node.client("clerk").post(ADDRESS, json={"title": "one", "weight": 3, "line": ["a", "b"]})
    note = response.json()
    assert response.status_code == 201
    assert response.headers["location"] == note["href"] == f"{ADDRESS}/{note['id']}"
    assert note["line"] == [{"number": 1, "words": "a"}, {"number": 2, "words": "b"}]
    assert note["relatedParty"] == [{"id": "clerk", "role": "owner"}]
    assert note["@type"] == "Note"
    assert "readDate" not in note
    shown = await node.client().get(note["href"])
    assert (shown.json(), shown.headers["etag"]) == (note, response.headers["etag"])


async def test_a_whole_list_is_200_and_a_part_206_with_links(node: RestNode) -> None:
    client = node.client()
    await write_all(client)
    whole = await client.get(ADDRESS)
    assert (whole.status_code, whole.headers["x-total-count"], whole.headers["x-result-count"]) == (200, "5", "5")
    assert "link" not in whole.headers
    part = await client.get(ADDRESS, params={"offset": 2, "limit": 2, "sort": "weight", "weight.gte": 0})
    assert (part.status_code, part.headers["x-total-count"], part.headers["x-result-count"]) == (206, "5", "2")
    assert titles(part) == ["gamma", "delta"]
    assert set(part.links) == {"first", "prev", "next", "last"}
    onward = urlsplit(part.links["next"]["url"])
    assert parse_qs(onward.query) == {"sort": ["weight"], "weight.gte": ["0"], "offset": ["4"], "limit": ["2"]}
    assert titles(await client.get(part.links["last"]["url"])) == ["epsilon"]


async def test_pages_show_each_row_once_whatever_they_are_sorted_by(node: RestNode) -> None:
    client = node.client()
    await write_all(client)
    seen = [
        titles(await client.get(ADDRESS, params={"sort": "colour", "limit": 1, "offset": at}))[0] for at in range(5)
    ]
    assert sorted(seen) == sorted(TITLES)


async def test_a_list_is_sorted_as_asked(node: RestNode) -> None:
    client = node.client()
    await write_all(client)
    assert titles(await client.get(ADDRESS, params={"sort": "-weight"})) == list(reversed(TITLES))
    assert titles(await client.get(f"{ADDRESS}?sort=+colour,-title")) == sorted(TITLES, reverse=True)
    refused = await client.get(ADDRESS, params={"sort": "note_id"})
    assert (refused.status_code, refused.json()["code"]) == (400, "UNKNOWN_PARAMETER")


async def test_fields_leaves_out_what_is_not_named(node: RestNode) -> None:
    client = node.client()
    note = await write(client, title="one")
    assert (await client.get(note["href"], params={"fields": "title"})).json().keys() == {"id", "href", "title"}
    assert (await client.get(ADDRESS, params={"fields": "none"})).json()[0].keys() == {"id", "href"}
    assert (await client.get(ADDRESS, params={"fields": "owner"})).status_code == 400


@pytest.mark.parametrize(
    "parameters", ["limit=0", "limit=501", "limit=x", "limit=1&limit=2", "offset=-1", "offset=100001"]
)
async def test_a_page_beyond_the_limits_is_refused_with_what_is_allowed(node: RestNode, parameters: str) -> None:
    response = await node.client().get(f"{ADDRESS}?{parameters}")
    assert (response.status_code, response.json()["code"]) == (400, "PARAMETER_UNFIT")


async def test_errors_are_in_the_callers_language_with_a_code_and_the_path(node: RestNode) -> None:
    body = {"title": "", "line": ["a", 2], "owner": "somebody"}
    response = await node.client(**{"Accept-Language": "zh-CN"}).post(ADDRESS, json=body)
    error = response.json()
    assert (response.status_code, error["code"], error["@type"]) == (422, "BODY_UNFIT", "Error")
    assert {finding["path"]: finding["code"] for finding in error["details"]} == {
        "title": "FIELD_TOO_SHORT",
        "line[1]": "FIELD_UNFIT",
        "owner": "FIELD_UNKNOWN",
    }
    assert "缺" not in error["message"]
    assert "至少 1 个字符" in error["reason"]
    assert response.headers["content-language"] == "zh-CN"


async def test_what_is_not_there_is_404_whatever_its_id_looks_like(node: RestNode) -> None:
    for identity in (NOBODY, "nonsense", "%00", "%ff", "..%2f..", "1" * 300):
        response = await node.client().get(f"{ADDRESS}/{identity}")
        assert response.status_code == 404, identity
    assert (await node.client().get("/elsewhere")).json()["code"] == "ADDRESS_NOT_FOUND"


async def test_a_method_that_is_not_offered_is_told_with_those_that_are(node: RestNode) -> None:
    response = await node.client().put(ADDRESS, json={})
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST, HEAD")


async def test_a_patch_changes_what_it_names_and_null_removes(node: RestNode) -> None:
    client = node.client()
    note = await write(client, title="one", weight=3)
    etag = (await client.get(note["href"])).headers["etag"]
    patched = await client.patch(note["href"], json={"title": "two", "weight": None}, headers={"If-Match": etag})
    assert patched.status_code == 200
    assert patched.json() == {name: value for name, value in note.items() if name != "weight"} | {"title": "two"}
    assert patched.headers["etag"] == (await client.get(note["href"])).headers["etag"] != etag


async def test_a_change_of_what_was_changed_meanwhile_is_refused(node: RestNode) -> None:
    client = node.client()
    note = await write(client, title="one")
    etag = (await client.get(note["href"])).headers["etag"]
    assert (await client.patch(note["href"], json={"title": "two"})).status_code == 428
    assert (await client.patch(note["href"], json={"title": "two"}, headers={"If-Match": '"else"'})).status_code == 412
    assert (await client.patch(note["href"], json={"title": "two"}, headers={"If-Match": etag})).status_code == 200
    stale = await client.patch(note["href"], json={"title": "three"}, headers={"If-Match": etag})
    assert (stale.status_code, stale.json()["code"]) == (412, "ETAG_DIFFERS")
    assert (await client.get(note["href"])).json()["title"] == "two"


@pytest.mark.parametrize(
    "field", ["id", "href", "owner", "urgent", "relatedParty", "@type", "written_at_us", "__class__"]
)
async def test_what_is_not_declared_editable_cannot_be_set(node: RestNode, field: str) -> None:
    client = node.client()
    note = await write(client, title="one")
    response = await client.patch(note["href"], json={field: "x"}, headers={"If-Match": "*"})
    assert (response.status_code, response.json()["details"][0]["path"]) == (422, field)
    assert (await client.get(note["href"])).json() == note


async def test_a_removed_resource_is_gone_and_a_refusal_removes_nothing(node: RestNode) -> None:
    client = node.client()
    note, kept = await write(client, title="one"), await write(client, title="kept")
    assert (await client.delete(note["href"])).status_code == 204
    assert (await client.get(note["href"])).status_code == 404
    assert (await client.delete(note["href"])).status_code == 404
    refused = await client.delete(kept["href"])
    assert (refused.status_code, refused.json()["code"]) == (409, "NOTE_TORN")
    assert (await client.get(kept["href"])).status_code == 200


async def test_who_has_the_document_already_is_not_sent_it_again(node: RestNode) -> None:
    client = node.client()
    note = await write(client, title="one")
    etag = (await client.get(note["href"])).headers["etag"]
    again = await client.get(note["href"], headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_view_shows_something_else_of_one(node: RestNode) -> None:
    client = node.client()
    note = await write(client, title="one")
    assert (await client.get(f"{note['href']}/length")).json() == {"characters": 3}
    assert (await client.get(f"{ADDRESS}/{NOBODY}/length")).status_code == 404


async def test_hidden_attributes_are_not_there_not_even_as_filters(node: RestNode) -> None:
    client = node.client()
    note = await write(client, title="one", weight=7)
    node.access.hides = frozenset({"weight"})
    shown = await client.get(note["href"])
    assert "weight" not in shown.json()
    assert "weight" not in (await client.get(ADDRESS)).json()[0]
    for parameters in ({"weight": "7"}, {"weight.gt": "1"}, {"sort": "weight"}, {"fields": "weight"}):
        assert (await client.get(ADDRESS, params=parameters)).status_code == 400, parameters
    exported = await client.get(ADDRESS, headers={"Accept": "text/csv"})
    assert "weight" not in exported.text


async def test_foreign_rows_are_not_there_for_any_method(node: RestNode) -> None:
    node.access.of_owner = True
    note = await write(node.client("ann"), title="one")
    bob = node.client("bob")
    assert (await bob.get(ADDRESS)).json() == []
    assert (await bob.get(note["href"])).status_code == 404
    assert (await bob.get(f"{note['href']}/length")).status_code == 404
    assert (await bob.patch(note["href"], json={"title": "x"}, headers={"If-Match": "*"})).status_code == 404
    assert (await bob.delete(note["href"])).status_code == 404
    assert (await bob.get(ADDRESS, headers={"Accept": "application/x-ndjson"})).text == ""
    assert (await node.client("ann").get(note["href"])).json()["title"] == "one"


async def test_each_method_needs_the_permission_of_what_it_does(node: RestNode) -> None:
    note = await write(node.client(), title="one")
    match = {"If-Match": "*"}
    allowed = {"reader": {"GET"}, "writer": {"POST"}}
    for name, methods in allowed.items():
        client = node.client(name)
        answers = {
            "GET": await client.get(note["href"]),
            "POST": await client.post(ADDRESS, json={"title": "two"}),
            "PATCH": await client.patch(note["href"], json={"title": "two"}, headers=match),
            "DELETE": await client.delete(note["href"], headers=match),
        }
        assert {method for method, answer in answers.items() if answer.is_success} == methods
        assert {answer.status_code for method, answer in answers.items() if method not in methods} == {403}


async def test_what_is_done_is_noted_under_the_callers_name_and_the_wish_itself(node: RestNode) -> None:
    await write(node.client("ann"), title="one", colour="blue")
    connection = node.core.connection
    last = search(connection, Sought())["items"][0]
    connection.rollback()
    assert (last["actor"], last["resource"], last["action"], last["record"]) == ("ann", "note", "write", "blue")

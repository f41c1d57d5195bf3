"""Fields: visible, masked, hidden, editable, as roles say; whatever way somebody looks or searches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import httpx
import pytest

from common.access_control.rights import FieldRight, Permission, Rights, Scope
from common.rest.access import ByRights
from common.rest.app import build_api
from common.rest.resource import Api
from tests.support.rest import ADDRESS, NOTE, READING, RIGHTS, RestNode, named_by_header
from tests.support.stores import Databases

V, M, H, E = FieldRight.VISIBLE, FieldRight.MASKED, FieldRight.HIDDEN, FieldRight.EDITABLE


SeenBy = Callable[..., httpx.AsyncClient]


def stars(text: str) -> str:
    return text[:1] + "*" * (len(text) - 1)


MASKS = {"title": stars, "relatedParty.id": stars, "line.words": stars}
MASKED_NOTE = replace(
    NOTE,
    attributes=tuple(replace(each, mask=MASKS.get(each.name)) for each in NOTE.attributes),
    collections=tuple(
        replace(
            part,
            attributes=tuple(replace(each, mask=MASKS.get(f"{part.name}.{each.name}")) for each in part.attributes),
        )
        for part in NOTE.collections
    ),
)
API = Api("noteManagement", "/tmf-api/noteManagement/v4", "Notes", (MASKED_NOTE,))


def rights(**fields: FieldRight) -> Rights:
    given = {READING: Scope.PROVINCE} | {
        Permission("note", action): Scope.PROVINCE for action in ("write", "change", "tear")
    }
    return Rights(given, fields={"note": {name.replace("all", "*"): right for name, right in fields.items()}})


@pytest.fixture(scope="module")
def running(lasting_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestNode]:
    node = RestNode(lasting_databases, lambda _node: (API,), tmp_path_factory.mktemp("node"))
    yield node
    node.close()


@pytest.fixture
def node(running: RestNode) -> RestNode:
    running.empty()
    running.app = build_api(running.node, (API,), ByRights("31"), named_by_header)
    return running


@pytest.fixture
def seen_by(node: RestNode, monkeypatch: pytest.MonkeyPatch) -> SeenBy:
    def client(**fields: FieldRight) -> httpx.AsyncClient:
        monkeypatch.setitem(RIGHTS, "looker", rights(**fields))
        return node.client("looker")

    return client


async def written(node: RestNode) -> str:
    body = {"title": "secret", "weight": 7, "line": ["first", "second"]}
    return str((await node.client("author").post(ADDRESS, json=body)).json()["href"])


async def test_a_masked_field_is_masked_however_it_is_looked_at(node: RestNode, seen_by: SeenBy) -> None:
    href = await written(node)
    client = seen_by(all=V, title=M, related_party=M, line=V)
    one = (await client.get(href)).json()
    assert (one["title"], one["relatedParty"][0]["id"], one["weight"]) == ("s*****", "a*****", 7)
    assert (await client.get(ADDRESS)).json()[0]["title"] == "s*****"
    assert (await client.get(href, params={"fields": "title"})).json()["title"] == "s*****"
    for accept in ("text/csv", "application/x-ndjson"):
        streamed = (await client.get(ADDRESS, headers={"Accept": accept})).text
        assert "s*****" in streamed
        assert "secret" not in streamed
        assert "author" not in streamed


async def test_each_part_of_a_list_is_masked_or_the_whole_list_hidden(node: RestNode, seen_by: SeenBy) -> None:
    href = await written(node)
    # Nobody has said how a line's number is masked.
    client = seen_by(all=V, line=M)
    assert "line" not in (await client.get(href)).json()


async def test_what_is_masked_or_hidden_cannot_be_found_out_by_searching(node: RestNode, seen_by: SeenBy) -> None:
    await written(node)
    client = seen_by(all=V, title=M, weight=H, line=H)
    for parameters in (
        {"title": "secret"},
        {"sort": "title"},
        {"weight.gt": "1"},
        {"sort": "-weight"},
        {"line.words": "first"},
    ):
        refused = await client.get(ADDRESS, params=parameters)
        assert (refused.status_code, refused.json()["code"]) == (400, "UNKNOWN_PARAMETER"), parameters
    assert (await client.get(ADDRESS, params={"fields": "weight"})).status_code == 400
    assert (await client.get(ADDRESS, params={"fields": "title"})).status_code == 200


async def test_a_field_that_no_role_speaks_of_is_shown_as_the_resource_says(node: RestNode, seen_by: SeenBy) -> None:
    href = await written(node)
    client = seen_by(title=M)
    one = (await client.get(href)).json()
    assert (one["title"], one["weight"]) == ("s*****", 7)


async def test_a_mask_that_nobody_gave_hides(node: RestNode, seen_by: SeenBy) -> None:
    href = await written(node)
    client = seen_by(all=M)
    assert set((await client.get(href)).json()) == {"id", "href", "@type", "title", "relatedParty"}


async def test_what_is_created_is_answered_as_its_creator_sees_it(node: RestNode, seen_by: SeenBy) -> None:
    client = seen_by(all=V, title=M)
    created = await client.post(ADDRESS, json={"title": "secret"}, headers={"Idempotency-Key": "k"})
    assert (created.status_code, created.json()["title"]) == (201, "s*****")
    again = await client.post(ADDRESS, json={"title": "secret"}, headers={"Idempotency-Key": "k"})
    assert again.content == created.content


@pytest.mark.parametrize(("right", "status"), [(E, 200), (V, 403), (M, 403), (H, 403)])
async def test_only_what_is_editable_is_edited(node: RestNode, seen_by: SeenBy, right: FieldRight, status: int) -> None:
    href = await written(node)
    client = seen_by(all=E, title=right)
    etag = (await client.get(href)).headers["etag"]
    changed = await client.patch(href, json={"title": "other", "colour": "blue"}, headers={"If-Match": etag})
    assert changed.status_code == status, changed.text
    if status == 403:
        assert changed.json()["code"] == "FIELDS_NOT_EDITABLE"
        assert [found["path"] for found in changed.json()["details"]] == ["title"]
        assert (await node.client("author").get(href)).json()["colour"] == "red"

"""Bodies that are none: too deep, too large, twice the same name, characters of no text."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import QuanwangError
from common.rest.bodies import DEPTH_MAX, digest_of, read_body, read_json
from tests.support.rest import ADDRESS, NewNote, RestNode

JSON = {"Content-Type": "application/json"}

UNREADABLE = [
    b"",
    b"{",
    b"\xff\xfe",
    b'{"title":"a","title":"b"}',
    b'{"title":NaN}',
    b'{"weight":Infinity}',
    b'{"title":"a\\u0000b"}',
    b'{"title":"\\ud800"}',
    b'{"a\\u0000":1}',
    b"[" * 100_000,
    b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
    b"[" * (DEPTH_MAX + 1) + b"]" * (DEPTH_MAX + 1),
    b"1" * 5_000,
]
UNFIT = [
    b"1",
    b"null",
    b"[]",
    b'"x"',
    b"{}",
    b'{"title":1}',
    b'{"title":"a","weight":1e400}',
    b'{"title":"a","weight":1.5}',
]


@pytest.mark.parametrize("raw", UNREADABLE, ids=range(len(UNREADABLE)))
async def test_a_body_that_cannot_be_read_is_refused(node: RestNode, raw: bytes) -> None:
    response = await node.client().post(ADDRESS, content=raw, headers=JSON)
    assert (response.status_code, response.json()["code"]) == (400, "BODY_UNREADABLE")


@pytest.mark.parametrize("raw", UNFIT, ids=range(len(UNFIT)))
async def test_a_body_that_does_not_fit_is_refused_without_being_repeated(node: RestNode, raw: bytes) -> None:
    response = await node.client().post(ADDRESS, content=raw, headers=JSON)
    assert (response.status_code, response.json()["code"]) == (422, "BODY_UNFIT")


async def test_a_body_that_is_too_large_or_of_another_type_is_refused(node: RestNode) -> None:
    client = node.client()
    large = json.dumps({"title": "a" * node.settings.api.body_bytes_max})
    assert (await client.post(ADDRESS, content=large, headers=JSON)).status_code == 413
    for content_type in ("", "text/plain", "application/xml", "multipart/form-data"):
        response = await client.post(ADDRESS, content=b"{}", headers={"Content-Type": content_type})
        assert (response.status_code, response.json()["code"]) == (415, "BODY_NOT_JSON")


async def test_what_a_body_says_is_not_repeated_in_the_error(node: RestNode) -> None:
    response = await node.client().post(ADDRESS, json={"title": ["13800138000"], "weight": "110101199003070011"})
    assert response.status_code == 422
    assert "13800138000" not in response.text
    assert "110101199003070011" not in response.text


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with suppress(QuanwangError):
        read_body(NewNote, raw)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_the_digest_is_that_of_the_content_and_not_of_its_spelling(content: object) -> None:
    spelled = json.dumps(content, indent=3)
    try:
        read = read_json(spelled.encode())
    except QuanwangError:
        return
    assert digest_of("POST", "/a", content=read) == digest_of("POST", "/a", content=content)
    assert digest_of("POST", "/a", content=read) != digest_of("POST", "/b", content=content)

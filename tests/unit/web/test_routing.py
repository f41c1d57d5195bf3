"""What routes read from a call, and what they say of one that they cannot read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import httpx
import pytest
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from common.routing import Header, InQuery, Router
from common.web import build_app


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=5)
    parts: list[int] = []


class Sought(BaseModel):
    colour: str = Field(default="", max_length=5)
    size: int = 0


@dataclass
class Found:
    raw: bytes
    ratio: float


router = Router("/things")


@router.get("/{number}/{rest:path}")
async def of_address(number: Annotated[str, Field(pattern="^[0-9]+$")], rest: str) -> list[str]:
    return [number, rest]


@router.get("")
async def of_query(
    limit: Annotated[int, Field(ge=1, le=9)] = 3,
    all: bool = False,
    by: Literal["a", "b"] = "a",
    message_class: Annotated[str, Field(alias="class", max_length=4)] = "",
    language: Annotated[str | None, Header("accept-language")] = None,
) -> dict[str, Any]:
    return {"limit": limit, "all": all, "by": by, "class": message_class, "language": language}


@router.get("/sought")
async def of_models_in_the_query(sought: Annotated[Sought, InQuery], after: int) -> dict[str, Any]:
    return {**sought.model_dump(), "after": after}


@router.post("", status_code=201)
async def of_a_body(thing: Thing, note: str = "") -> dict[str, Any]:
    return {**thing.model_dump(), "note": note}


@router.post("/perhaps")
async def of_a_body_that_may_be_missing(thing: Thing | None = None) -> bool:
    return thing is not None


@router.post("/raw")
async def of_a_document_or_the_request(content: dict[str, int], request: Request) -> Response:
    return Response(f"{sorted(content)} {request.method}", 202)


@router.get("/found")
async def found() -> Found:
    return Found(b"raw", float("nan"))


@pytest.fixture
def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(build_app([router], 10_000)), base_url="http://node")


async def test_parameters_come_from_the_address(client: httpx.AsyncClient) -> None:
    assert (await client.get("/things/12/a/b")).json() == ["12", "a/b"]


@pytest.mark.parametrize(
    ("query", "changed"),
    [
        ("", {}),
        ("limit=9&all=true&by=b&class=work", {"limit": 9, "all": True, "by": "b", "class": "work"}),
        ("limit=1&limit=2&unknown=x", {"limit": 2}),
    ],
)
async def test_parameters_come_from_the_query(
    client: httpx.AsyncClient, query: str, changed: Mapping[str, Any]
) -> None:
    usual: dict[str, Any] = {"limit": 3, "all": False, "by": "a", "class": "", "language": None}
    assert (await client.get(f"/things?{query}")).json() == {**usual, **changed}


async def test_a_parameter_comes_from_a_header(client: httpx.AsyncClient) -> None:
    assert (await client.get("/things", headers={"Accept-Language": "zh"})).json()["language"] == "zh"


async def test_a_model_is_read_from_the_query(client: httpx.AsyncClient) -> None:
    assert (await client.get("/things/sought?size=2&after=1")).json() == {"colour": "", "size": 2, "after": 1}


async def test_a_body_is_read_and_the_status_is_the_one_declared(client: httpx.AsyncClient) -> None:
    answer = await client.post("/things?note=n", json={"name": "a", "parts": [1]})
    assert (answer.status_code, answer.json()) == (201, {"name": "a", "parts": [1], "note": "n"})
    assert answer.headers["content-type"] == "application/json"


async def test_a_body_may_be_missing_where_the_function_says_so(client: httpx.AsyncClient) -> None:
    assert (await client.post("/things/perhaps")).json() is False
    assert (await client.post("/things/perhaps", json={"name": "a"})).json() is True


async def test_a_function_may_take_the_request_and_give_a_response_of_its_own(client: httpx.AsyncClient) -> None:
    answer = await client.post("/things/raw", json={"a": 1})
    assert (answer.status_code, answer.text) == (202, "['a'] POST")


async def test_whatever_a_function_returns_becomes_json(client: httpx.AsyncClient) -> None:
    assert (await client.get("/things/found")).json() == {"raw": "raw", "ratio": None}


@pytest.mark.parametrize(
    ("method", "address", "body", "where"),
    [
        ("GET", "/x1/y", b"", "path.number: "),
        ("GET", "?limit=10", b"", "query.limit: "),
        ("GET", "?limit=many", b"", "query.limit: "),
        ("GET", "?by=c", b"", "query.by: "),
        ("GET", "?class=secret", b"", "query.class: "),
        ("GET", "/sought?size=1", b"", "query.after: "),
        ("GET", "/sought?colour=secret&after=1", b"", "query.colour: "),
        ("POST", "", b"", "body: "),
        ("POST", "", b'{"name": "secret"}', "body.name: "),
        ("POST", "", b'{"name": "a", "parts": [1, "secret"]}', "body.parts.1: "),
        ("POST", "", b'{"name": "a", "more": "secret"}', "body.more: "),
        ("POST", "", b'{"name": "secret"', "body: it is not JSON (Expecting ',' delimiter, character 17)"),
        ("POST", "", b'"secret\xff"', "body: it is not JSON"),
    ],
)
async def test_what_cannot_be_read_is_told_by_its_place_and_not_repeated(
    client: httpx.AsyncClient, method: str, address: str, body: bytes, where: str
) -> None:
    answer = await client.request(
        method, "/things" + address, content=body, headers={"content-type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "MALFORMED_INPUT")
    assert where in answer.json()["message"]
    assert "secret" not in answer.text


async def test_a_body_that_does_not_say_it_is_json_is_refused(client: httpx.AsyncClient) -> None:
    """So that no page in a browser can send one without being asked."""
    answer = await client.post("/things", content=b'{"name": "a"}', headers={"content-type": "text/plain"})
    assert (answer.status_code, answer.json()["code"]) == (422, "MALFORMED_INPUT")
    accepted = await client.post(
        "/things", content=b'{"name": "a"}', headers={"content-type": "Application/JSON; charset=x"}
    )
    assert accepted.status_code == 201


async def test_another_method_finds_nothing(client: httpx.AsyncClient) -> None:
    assert (await client.delete("/things/1/2")).json()["code"] == "ADDRESS_NOT_FOUND"

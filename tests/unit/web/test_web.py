"""Errors, languages and limits at the web edge."""

from collections.abc import AsyncIterator

import httpx
import pytest

from common.errors import Fault, Refusal, TemporaryFault
from common.routing import Router
from common.web import build_app, id_of, language_of

BODY_BYTES_MAX = 1_024


class ThingNotFound(Refusal):
    en, zh = "There is no thing.", "没有此物。"


class ThingRefused(Refusal):
    en, zh = "No.", "不行。"


class MalformedThing(Refusal):
    en, zh = "Not a thing.", "不是此物。"


class ThingAway(TemporaryFault):
    en, zh = "Away.", "暂缺。"


class ThingBroken(Fault):
    en, zh = "Broken.", "损坏。"


ERRORS = {
    "missing": ThingNotFound(),
    "refused": ThingRefused(),
    "malformed": MalformedThing(),
    "away": ThingAway(),
    "broken": ThingBroken(),
    "unforeseen": RuntimeError("a secret of a customer"),
}


@pytest.fixture
async def client() -> httpx.AsyncClient:
    router = Router()

    @router.get("/raise/{name}")
    async def fail(name: str) -> None:
        raise ERRORS[name]

    @router.post("/length")
    async def length(content: dict[str, str]) -> int:
        return len(content)

    @router.get("/id/{text}")
    async def identity(text: str) -> str:
        return id_of(text).hex()

    app = build_app([router], BODY_BYTES_MAX)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://node")


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("missing", 404, "THING_NOT_FOUND"),
        ("refused", 409, "THING_REFUSED"),
        ("malformed", 422, "MALFORMED_THING"),
        ("away", 503, "THING_AWAY"),
        ("broken", 500, "THING_BROKEN"),
        ("unforeseen", 500, "INTERNAL_FAULT"),
    ],
)
async def test_each_kind_of_error_has_its_status(client: httpx.AsyncClient, name: str, status: int, code: str) -> None:
    response = await client.get(f"/raise/{name}")
    assert response.status_code == status
    assert response.json()["code"] == code
    assert response.json()["status"] == str(status)
    assert "secret" not in response.text


async def test_the_reason_is_in_the_language_of_the_caller(client: httpx.AsyncClient) -> None:
    response = await client.get("/raise/missing", headers={"accept-language": "zh-CN,zh;q=0.9"})
    assert response.json()["reason"] == "没有此物。"
    assert response.json()["message"] == "There is no thing."


async def test_what_cannot_be_read_is_told_without_repeating_it(client: httpx.AsyncClient) -> None:
    response = await client.post("/length", json={"name": ["a customer's name"]})
    assert response.status_code == 422
    assert response.json()["code"] == "MALFORMED_INPUT"
    assert "customer" not in response.text


async def test_what_does_not_fit_is_told_in_the_language_of_the_caller(client: httpx.AsyncClient) -> None:
    chinese = await client.post("/length", json={"name": 7}, headers={"accept-language": "zh-CN"})
    assert chinese.json()["reason"] == "请求无法解析：body.name：应为文本。"
    assert chinese.json()["message"] == "The request cannot be read: body.name: it must be text."
    broken = await client.post(
        "/length", content=b"{", headers={"content-type": "application/json", "accept-language": "zh-CN"}
    )
    assert broken.json()["reason"] == "请求无法解析：body：不是有效的 JSON（第 1 个字符）。"


async def test_an_unknown_address_is_told(client: httpx.AsyncClient) -> None:
    response = await client.get("/nothing")
    assert (response.status_code, response.json()["code"]) == (404, "ADDRESS_NOT_FOUND")


async def test_a_body_that_is_too_large_is_refused_declared_or_not(client: httpx.AsyncClient) -> None:
    async def in_pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100

    declared = await client.post("/length", content=b"x" * (BODY_BYTES_MAX + 1))
    assert (declared.status_code, declared.json()["code"]) == (413, "BODY_TOO_LARGE")
    undeclared = await client.post("/length", content=in_pieces())
    assert undeclared.status_code == 413


async def test_an_identity_must_be_one(client: httpx.AsyncClient) -> None:
    assert (await client.get("/id/0192f0c4-7b1e-7c3a-9d55-2f6f3c1a8b90")).status_code == 200
    assert (await client.get("/id/nonsense")).json()["code"] == "MALFORMED_ID"


@pytest.mark.parametrize(
    ("header", "language"), [(None, "en"), ("", "en"), ("*", "en"), ("zh-CN,zh;q=0.9", "zh-cn"), ("en;q=1", "en")]
)
def test_the_first_language_counts(header: str | None, language: str) -> None:
    assert language_of(header) == language


async def test_changing_calls_that_are_refused_are_counted_however_far_they_came() -> None:
    router, counted = Router(), list[int]()

    @router.post("/raise/{name}")
    async def fail(name: str) -> None:
        raise ERRORS[name]

    @router.post("/length")
    async def length(content: dict[str, str]) -> int:
        return len(content)

    @router.get("/look")
    async def look() -> int:
        raise ERRORS["refused"]

    app = build_app([router], BODY_BYTES_MAX, counted.append)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:
        assert (await client.post("/length", json={"a": "b"})).status_code == 200
        assert (await client.get("/look")).status_code == 409
        assert counted == []
        statuses = [
            (await client.post("/length", content=b"{")).status_code,
            (await client.post("/length", json={"a": "b" * BODY_BYTES_MAX})).status_code,
            (await client.post("/nowhere")).status_code,
            (await client.post("/raise/refused")).status_code,
            (await client.post("/raise/unforeseen")).status_code,
        ]
    assert statuses == [422, 413, 404, 409, 500]
    assert counted == statuses

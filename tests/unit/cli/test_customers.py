"""Customers from the command line: what is looked for, and how what is found is called."""

from __future__ import annotations

import io

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.support.fake_admin import CommandLine, Failure

FOUND = {
    "customer_number": "31-T001",
    "kind": "individual",
    "name": "张三",
    "document_kind": "resident_id",
    "document_number": "110***********002X",
    "contact_number": "138****8000",
    "city_code": "310100",
    "address": "",
}


@pytest.mark.parametrize("by", ["document", "contact", "address"])
def test_whoever_gives_nothing_to_look_for_is_shown_the_command_with_pipe(
    province: CommandLine, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    result = province("customers", "find", by)
    assert result.code == 2
    assert f"echo ... | province-node customers find {by}" in " ".join(result.err.split())
    assert province.node.posted == []


@pytest.mark.parametrize(("language", "kind"), [("en", "resident identity card"), ("zh", "居民身份证")])
def test_a_kind_of_document_is_shown_in_words(province: CommandLine, language: str, kind: str) -> None:
    async def found(request: Request) -> JSONResponse:
        return JSONResponse(FOUND)

    province.node.app = Starlette(routes=[Route("/customers/31-T001", found)])
    shown = province("customers", "show", "31-T001", "--lang", language).out
    assert kind in shown
    assert "resident_id" not in shown


def test_a_customer_who_is_not_found_brings_the_form_of_the_number(province: CommandLine) -> None:
    province.node.failures["/customers/T001"] = Failure(404, "CUSTOMER_NOT_FOUND", "No such customer.")
    result = province("customers", "show", "T001")
    assert result.code == 1
    assert "such as 31-T001" in " ".join(result.err.split())

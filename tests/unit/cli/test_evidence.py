"""Evidence from the command line: what an export says of itself."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from common.ids import format_id
from tests.support.evidence import export
from tests.support.fake_admin import CommandLine
from tests.support.federation import GUANGDONG, SHANGHAI, ZHEJIANG, Federation
from tests.support.holdings import SUBSCRIPTION
from tests.support.stores import SQLITE, Databases


@pytest.fixture
def federation(tmp_path: Path) -> Iterator[Federation]:
    databases = Databases(SQLITE, tmp_path)
    federation = Federation(databases)
    federation.connect()
    yield federation
    federation.close()
    databases.close()


def exporting(line: CommandLine, federation: Federation, node: str, request_id: bytes) -> None:
    async def answer(_request: Request) -> JSONResponse:
        file = b64encode(export(federation, node, request_id)).decode("ascii")
        return JSONResponse({"request_id": format_id(request_id), "file": file})

    line.node.app = Starlette(routes=[Route("/evidence/{request_id}", answer)])


def test_an_answer_that_hq_has_not_dated_is_told_with_what_to_do(
    province: CommandLine, federation: Federation, tmp_path: Path
) -> None:
    request_id = federation.suspend()[:16]
    federation.run()
    arguments = ("evidence", "export", format_id(request_id), "--out", str(tmp_path / "one.evidence"))
    exporting(province, federation, GUANGDONG, request_id)
    told = province(*arguments)
    assert told.code == 0
    assert "once HQ has sealed something more for 44" in " ".join(told.err.split())
    assert json.loads(province(*arguments, "--json").out)["undated"] == [GUANGDONG]
    # HQ seals something more for Guangdong.
    federation.add_subscription("44-later")
    federation.suspend(ZHEJIANG, GUANGDONG, "44-later")
    federation.run()
    again = province(*arguments)
    assert (again.code, again.err) == (0, "")


def test_an_answer_that_hq_has_stamped_needs_nothing_more(
    province: CommandLine, federation: Federation, tmp_path: Path
) -> None:
    request_id = federation.suspend()[:16]
    federation.run()
    exporting(province, federation, SHANGHAI, request_id)
    result = province("evidence", "export", format_id(request_id), "--out", str(tmp_path / "one.evidence"), "--json")
    assert json.loads(result.out)["undated"] == []


def test_what_was_asked_is_told_field_by_field(province: CommandLine, federation: Federation, tmp_path: Path) -> None:
    request_id = federation.suspend()[:16]
    federation.run()
    file = tmp_path / "one.evidence"
    file.write_bytes(export(federation, SHANGHAI, request_id))
    arguments = ("evidence", "verify", str(file), "--root", federation.root.public_key.hex())
    assert f"subscription_id: {SUBSCRIPTION}" in province(*arguments).out
    document = json.loads(province(*arguments, "--json").out)
    said = [each["said"] for leg in document["legs"] for each in leg["statements"] if each["said"]]
    assert {one["content"]["subscription_id"] for one in said if one["what"] == "asked"} == {SUBSCRIPTION}


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x93QWEV"])
def test_a_file_that_cannot_be_read_refutes_nothing(province: CommandLine, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "one.evidence"
    file.write_bytes(content)
    result = province("evidence", "verify", str(file), "--root", "00" * 32)
    assert result.code == 1
    assert "UNREADABLE" in result.out
    assert "Request" not in result.out
    assert "无法读取" in province("evidence", "verify", str(file), "--root", "00" * 32, "--lang", "zh").out

"""Whole lists as lines or as a table, in slices."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.types import Message

from common.rest.streams import SLICE_ROWS, StreamedAnswer
from tests.support.rest import ADDRESS, NOTES, NoteRow, RestNode

LINES, TABLE = {"Accept": "application/x-ndjson"}, {"Accept": "text/csv"}
MANY = 2 * SLICE_ROWS + 7


def fill(node: RestNode) -> None:
    rows = [NoteRow(n.to_bytes(16, "big"), f"note {n}", "red", n, False, "a", 1)._asdict() for n in range(MANY)]
    node.core.connection.execute(NOTES.insert(), rows)
    node.core.connection.commit()


async def test_all_rows_come_as_lines_each_once(node: RestNode) -> None:
    fill(node)
    response = await node.client().get(ADDRESS, params={"weight.gte": 3, "fields": "weight"}, headers=LINES)
    assert response.headers["content-type"] == "application/x-ndjson;charset=utf-8"
    documents = [json.loads(line) for line in response.text.splitlines()]
    assert [document["weight"] for document in documents] == list(range(3, MANY))
    assert documents[0].keys() == {"id", "href", "weight"}


async def test_a_table_can_be_read_again_and_runs_no_formula(node: RestNode) -> None:
    client = node.client()
    note = (await client.post(ADDRESS, json={"title": '=HYPERLINK("http://x"),"陈"', "line": ["a"]})).json()
    response = await client.get(ADDRESS, headers=TABLE)
    (row,) = csv.DictReader(io.StringIO(response.text.removeprefix("\ufeff")))
    assert row["id"] == note["id"]
    assert row["title"] == '\'=HYPERLINK("http://x"),"陈"'
    assert row["relatedParty.id"] == "clerk"
    assert json.loads(row["line"]) == note["line"]
    assert row["weight"] == ""


async def test_a_stream_has_no_pages_and_other_types_are_refused(node: RestNode) -> None:
    client = node.client()
    assert (await client.get(ADDRESS, params={"limit": 5}, headers=LINES)).status_code == 400
    assert (await client.get(ADDRESS, headers={"Accept": "application/xml"})).status_code == 406
    assert (await client.get(ADDRESS, headers={"Accept": "application/xml, */*;q=0.1"})).status_code == 200


async def test_more_streams_than_allowed_are_refused_until_one_ends(node: RestNode) -> None:
    fill(node)
    client = node.client()
    responses = await asyncio.gather(*(client.get(ADDRESS, headers=LINES) for _ in range(12)))
    assert {response.status_code for response in responses} == {200, 429}
    assert (await client.get(ADDRESS, headers=LINES)).status_code == 200


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b"x"


async def forever() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


async def test_a_reader_that_takes_nothing_is_given_up() -> None:
    ended: list[bool] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    answer = StreamedAnswer(endless(), "text/csv", {}, lambda: ended.append(True), send_seconds_max=0.01)
    async with asyncio.timeout(10):
        await answer({"type": "http", "path": "/"}, forever, send)
    assert ended == [True]


@pytest.mark.parametrize("chunks_first", [0, 3])
async def test_a_reader_that_has_gone_is_sent_no_more(chunks_first: int) -> None:
    sent: list[Any] = []
    gone = asyncio.Event()

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)
        if len(sent) > chunks_first:
            gone.set()
        await asyncio.sleep(0)

    async with asyncio.timeout(10):
        await StreamedAnswer(endless(), "text/csv", {}, lambda: None)({"type": "http", "path": "/"}, receive, send)
    assert len(sent) < chunks_first + 10

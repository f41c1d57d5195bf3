"""Filters: what they select is what they say, on every store; nothing in them is ever SQL."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import QuanwangError
from common.rest.attributes import INTEGER_MAX, read_moment, write_moment
from common.rest.documents import read_documents
from common.rest.filters import CONDITIONS_MAX, VALUES_MAX, matches, read_filters, split_values, where_clause
from tests.support.rest import ADDRESS, LINE_ROWS, LINES, NOTE, NOTE_API, NOTE_ROWS, NOTES, LineRow, NoteRow, RestNode

TEXTS = ("", "a", "b", "a,b", 'a"b', "a\\b", "%", "_", "' OR 1=1 --", "陈", "A")
NUMBERS = (-INTEGER_MAX - 1, -1, 0, 1, 2, INTEGER_MAX)
MOMENTS = (0, 1, 1_790_000_000_000_000, 1_790_000_000_000_001)

rows = st.lists(
    st.tuples(
        st.sampled_from(TEXTS),
        st.sampled_from(("red", "green", "blue")),
        st.one_of(st.none(), st.sampled_from(NUMBERS)),
        st.booleans(),
        st.sampled_from(MOMENTS),
        st.lists(st.tuples(st.integers(0, 2), st.sampled_from(TEXTS)), max_size=2),
    ),
    max_size=6,
)


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def listing(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=3).map(",".join)


texts = listing(st.sampled_from(TEXTS).map(quoted))
numbers = listing(st.sampled_from(NUMBERS).map(str))
moments = listing(st.sampled_from(MOMENTS).map(write_moment))
compared = st.sampled_from(("", ".eq", ".gt", ".gte", ".lt", ".lte"))
conditions = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(("title", "line.words", "relatedParty.id", "title.eq")), texts),
        st.tuples(st.just("colour"), listing(st.sampled_from(("red", "green", "blue")))),
        st.tuples(st.just("urgent"), listing(st.sampled_from(("true", "false")))),
        st.tuples(compared.map(lambda suffix: f"weight{suffix}"), numbers),
        st.tuples(
            compared.map(lambda suffix: f"line.number{suffix}"), listing(st.sampled_from((*NUMBERS, 3)).map(str))
        ),
        st.tuples(compared.map(lambda suffix: f"readDate{suffix}"), moments),
    ),
    max_size=4,
)


def fill(node: RestNode, notes: list[Any]) -> None:
    connection = node.core.connection
    for table in (NOTES, LINES):
        connection.execute(sa.delete(table))
    for index, (title, colour, weight, urgent, read_at_us, lines) in enumerate(notes):
        identity = index.to_bytes(16, "big")
        row = NoteRow(identity, title, colour, weight, urgent, "a", 0, read_at_us)
        connection.execute(NOTE_ROWS.table.insert().values(**row._asdict()))
        for number, words in dict(lines).items():
            connection.execute(LINE_ROWS.table.insert().values(**LineRow(identity, number, words)._asdict()))
    connection.commit()


@given(notes=rows, wanted=conditions)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sql_and_documents_agree_on_what_fits(node: RestNode, notes: list[Any], wanted: list[tuple[str, str]]) -> None:
    fill(node, notes)
    found = read_filters(NOTE, wanted)
    connection = node.core.connection
    selected = read_documents(connection.execute, NOTE_API, NOTE, where_clause(NOTE, found), [NOTES.c.note_id])
    everything = read_documents(connection.execute, NOTE_API, NOTE, (), [NOTES.c.note_id])
    connection.commit()
    assert selected == [document for document in everything if matches(NOTE, found, document)]


@given(st.lists(st.text(alphabet='ab,"\\ ', max_size=6), min_size=1, max_size=4))
def test_quoted_values_come_back_as_they_were(values: list[str]) -> None:
    assert split_values(",".join(quoted(value) for value in values)) == values


@pytest.mark.parametrize("text", ['"a', '"a"b', 'a,"b', '"a\\'])
def test_a_quote_that_is_not_closed_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the filter says which parameter it was.
        split_values(text)


@given(st.text(max_size=20), st.text(max_size=40))
def test_any_parameter_is_read_or_refused(name: str, value: str) -> None:
    with suppress(QuanwangError):
        read_filters(NOTE, [(name, value)])


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2027-01-31", "2027-01-31T00:00:00.000000Z"),
        ("2027-01-31T08:00:00 08:00", "2027-01-31T00:00:00.000000Z"),
        ("2027-01-31T08:00:00.5Z", "2027-01-31T08:00:00.500000Z"),
    ],
)
def test_times_are_read_as_people_write_them(text: str, written: str) -> None:
    assert write_moment(read_moment(text)) == written


INJECTIONS = [
    {"title": "' OR '1'='1"},
    {"title": "x'; DROP TABLE notes; --"},
    {"title": '"); DELETE FROM notes; --'},
    {"sort": "title; DROP TABLE notes"},
    {"sort": "(SELECT 1)"},
    {"fields": "title FROM notes"},
    {"title) OR (1=1": "x"},
    {"notes.owner": "x"},
    {"owner": "a"},
    {"weight.gt": "0 OR 1=1"},
    {"weight": "1e400"},
    {"weight": str(2**63)},
    {"weight": "１２"},
    {"limit": "1; DROP TABLE notes"},
    {"title": "a\x00b"},
    {"urgent": "1"},
    {"colour.gt": "a"},
    {"validFor.startDateTime.gt": "9999-12-31T23:59:59-23:59"},
    {"validFor.startDateTime": "0000-00-00"},
]


@pytest.mark.parametrize("parameters", INJECTIONS, ids=[str(sorted(one.items())) for one in INJECTIONS])
async def test_sql_in_parameters_is_text_or_refused(node: RestNode, parameters: dict[str, str]) -> None:
    client = node.client()
    for title in ("one", "two"):
        assert (await client.post(ADDRESS, json={"title": title, "weight": 5})).status_code == 201
    response = await client.get(ADDRESS, params=parameters)
    assert response.status_code in (200, 400), response.text
    assert response.status_code == 400 or response.json() == []
    assert len((await client.get(ADDRESS)).json()) == 2


async def test_more_filters_or_values_than_allowed_are_refused(node: RestNode) -> None:
    client = node.client()
    many = ",".join(str(number) for number in range(VALUES_MAX + 1))
    assert (await client.get(ADDRESS, params={"weight": many})).json()["code"] == "PARAMETERS_TOO_MANY"
    wanted: list[tuple[str, str | int | float | bool | None]]
    wanted = [(f"{name}{suffix}", "1") for name in ("weight", "line.number") for suffix in ("", ".gt", ".gte", ".lt")]
    wanted += [
        (f"{name}.{suffix}", "2027-01-01")
        for name in ("readDate", "validFor.startDateTime")
        for suffix in ("eq", "gt", "gte", "lt", "lte")
    ]
    wanted += [("title", "a"), ("urgent", "true"), ("colour", "red")]
    assert len(wanted) > CONDITIONS_MAX
    assert (await client.get(ADDRESS, params=wanted)).json()["code"] == "PARAMETERS_TOO_MANY"
    assert (await client.get(f"{ADDRESS}?" + "title=a&" * 61)).json()["code"] == "PARAMETERS_TOO_MANY"

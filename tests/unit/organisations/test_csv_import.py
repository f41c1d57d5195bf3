"""Files of organisations: what can be read, in which order it comes out, and what is said of the rest."""

from __future__ import annotations

import pytest

from common.organisations.csv_import import FILE_BYTES_MAX, OrganisationFileUnreadable, in_chunks, read_organisations

HEADING = "organisation_id,kind,name,parent_id\n"


def test_parents_come_before_what_hangs_under_them() -> None:
    read = read_organisations((HEADING + "c,county,C,b\nb,city,B,44\na,city,A,44\n").encode())
    assert [row.organisation_id for row in read.rows] == ["b", "c", "a"]
    assert [row.line for row in read.rows] == [3, 2, 4]


def test_rows_in_a_circle_come_out_once_each() -> None:
    read = read_organisations((HEADING + "a,city,A,b\nb,city,B,a\n").encode())
    assert sorted(row.organisation_id for row in read.rows) == ["a", "b"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_chinese_headings_are_taken_in_any_usual_encoding(encoding: str) -> None:
    read = read_organisations("名称,组织编号,上级编号,类型\n广州,440100,44,city\n".encode(encoding))
    (row,) = read.rows
    assert (row.organisation_id, row.kind, row.name, row.parent_id) == ("440100", "city", "广州", "44")


def test_bad_rows_are_named_with_line_column_and_reason() -> None:
    read = read_organisations((HEADING + "a,city,,44\n\n,city,B,44\na,city,A,44\na,city,A,44\n" + "b," * 3).encode())
    found = [(problem.line, problem.column, problem.code) for problem in read.problems]
    assert found == [(2, "name", "EMPTY"), (4, "organisation_id", "EMPTY"), (6, "organisation_id", "REPEATED")]
    assert "Line 5" in read.problems[2].en
    assert "5" in read.problems[2].zh
    assert [row.line for row in read.rows] == [5, 7]


def test_a_row_may_hang_under_nothing_as_far_as_the_reader_knows() -> None:
    assert read_organisations((HEADING + "44,province,G,\n").encode()).rows[0].parent_id == ""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "organisation_id"),
        (b"organisation_id,kind,name\n", "parent_id"),
        (HEADING.replace("kind", "name").encode(), "kind"),
        (b"\xff\xff\xff", "GB 18030"),
        (b"x" * (FILE_BYTES_MAX + 1), "bytes"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_as_a_whole(content: bytes, said: str) -> None:
    with pytest.raises(OrganisationFileUnreadable, match=said) as refused:
        read_organisations(content)
    assert refused.value.text("zh") != refused.value.text("en")


def test_rows_go_to_the_node_in_parts() -> None:
    lines = "".join(f"b{number},branch,B,44\n" for number in range(1001))
    read = read_organisations((HEADING + lines).encode())
    assert [len(rows) for rows in in_chunks(read.rows)] == [500, 500, 1]

"""Reading extracts: encodings, delimiters, damaged lines, repeats; and that no line is lost or counted twice."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from province_node.customers.column_mapping import QUANWANG, TELCO, ColumnMapping
from province_node.customers.commands import CustomerRecord, ImportCustomers
from province_node.customers.csv_import import (
    LINE_CHARS_MAX,
    Extract,
    ExtractNotText,
    detect_encoding,
    in_chunks,
    open_extract,
)
from province_node.customers.events import RowProblem
from province_node.customers.heading import ExtractColumnsMissing, ExtractHeadingAmbiguous
from tests.unit.customers.conftest import TODAY, codes, read

HEADING = "customer_number,name,subscription_id,service_number,offering,status\n"
CHINESE = "客户编号,客户名称,状态,产品\n1,张三,正常,m\n2,李四,停机,m\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (CHINESE.encode("utf-8"), "utf-8-sig"),
        (CHINESE.encode("utf-8-sig"), "utf-8-sig"),
        (CHINESE.encode("gb18030"), "gb18030"),
        (CHINESE.encode("gbk").replace(b"\n", b"\r\n"), "gb18030"),
        ((HEADING + "1,Zhang,,,,\n" * 90_000).encode() + "2,张三,,,,\n".encode("gb18030"), "gb18030"),
        (HEADING.encode(), "utf-8-sig"),
        (b"", "utf-8-sig"),
    ],
)
def test_the_encoding_is_told_from_the_whole_file(content: bytes, encoding: str) -> None:
    assert detect_encoding(io.BytesIO(content)) == encoding


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_an_extract_reads_the_same_in_every_encoding(tmp_path: Path, encoding: str, newline: str) -> None:
    path = tmp_path / "extract.csv"
    path.write_bytes(CHINESE.replace("\n", newline).encode(encoding))
    with open_extract(path) as stream:
        records = list(Extract(stream, QUANWANG, "44").records())
    assert [(r.line, r.name) for r in records if isinstance(r, CustomerRecord)] == [(2, "张三"), (3, "李四")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_damaged_byte_costs_its_own_row_and_no_other(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "extract.csv"
    lines = [f"{number},张三丰,正常,m".encode(encoding.removesuffix("-sig")) for number in range(9)]
    lines[4] = lines[4].replace("三".encode(encoding.removesuffix("-sig")), b"\xff")
    path.write_bytes("客户编号,客户名称,状态,产品\n".encode(encoding) + b"\n".join(lines))
    with open_extract(path) as stream:
        records = list(Extract(stream, QUANWANG, "44").records())
    assert [r.line for r in records] == list(range(2, 11))
    bad = [r for r in records if isinstance(r, RowProblem)]
    assert [(r.line, codes(r)) for r in bad] == [(6, [("name", "UNDECODABLE")])]


@pytest.mark.parametrize("content", [CHINESE.encode("utf-16"), b"PK\x03\x04xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_what_is_no_csv_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "extract.csv"
    path.write_bytes(content)
    with pytest.raises(ExtractNotText) as refusal:
        open_extract(path)
    assert refusal.value.text("zh") != refusal.value.text("en")


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_told_from_the_heading(delimiter: str) -> None:
    heading = HEADING.replace(",", delimiter)
    (record,) = read(heading + delimiter.join(["1", '"张,三;|"', "", "", "", ""]))
    assert isinstance(record, CustomerRecord)
    assert record.name == "张,三;|"


def test_a_tab_inside_quotation_marks_is_a_control_character() -> None:
    (problem,) = read(HEADING + '1,"张\t三",,,,\n')
    assert codes(problem) == [("name", "CONTROL_CHARACTER")]


def test_headings_may_be_capitals_full_width_or_unknown_and_in_any_order() -> None:
    (record,) = read(" NAME ,remark,ｃｕｓｔｏｍｅｒ＿ｎｕｍｂｅｒ\n张三,anything,1\n")
    assert isinstance(record, CustomerRecord)
    assert (record.customer_number, record.name, record.subscription) == ("44-1", "张三", None)


@pytest.mark.parametrize("text", ["", "\n\n", "name,address\n", "a\n1\n", '"\n', "客户\n"])
def test_a_heading_without_the_needed_columns_is_refused(text: str) -> None:
    with pytest.raises(ExtractColumnsMissing) as refusal:
        read(text)
    assert "customer_number" in refusal.value.text("en")
    assert "customer_number" in refusal.value.text("zh")


def test_a_heading_that_stands_twice_is_refused_only_if_it_is_needed() -> None:
    with pytest.raises(ExtractHeadingAmbiguous):
        read("customer_number,name,Name\n1,a,b\n")
    (record,) = read("customer_number,name,remark,remark\n1,a,b,c\n")
    assert isinstance(record, CustomerRecord)


def test_lines_with_nothing_in_them_are_passed_over_and_still_counted_as_lines() -> None:
    records = read("\n" + HEADING + "\n,,,,,\n  \n1,张三,,,,\n")
    assert [record.line for record in records] == [6]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('1,"张三,,,,', "LINE_MALFORMED"),
        ('1,"张"三,,,,', "LINE_MALFORMED"),
        ("1,张\r三,,,,", "LINE_MALFORMED"),
        ("1,张三", "FIELD_COUNT"),
        ("1,张三,,,,,", "FIELD_COUNT"),
        ("1," + "张" * LINE_CHARS_MAX + ",,,,", "LINE_TOO_LONG"),
    ],
)
def test_a_malformed_line_costs_itself_and_no_other(line: str, code: str) -> None:
    before, problem, after = read(f"{HEADING}8,a,,,,\n{line}\n9,b,,,,\n")
    assert codes(problem) == [("", code)]
    assert problem.line == 3
    assert isinstance(before, CustomerRecord)
    assert isinstance(after, CustomerRecord)
    assert isinstance(problem, RowProblem)
    assert next(problem.texts("en")).startswith("line 3: ")
    assert next(problem.texts("zh")).startswith("第 3 行：")


@pytest.mark.parametrize("length", [LINE_CHARS_MAX - 1, LINE_CHARS_MAX, LINE_CHARS_MAX + 1, 3 * LINE_CHARS_MAX])
@pytest.mark.parametrize("end", ["", "\n", "\n9,b\n"])
def test_a_long_line_is_one_line_whatever_its_length(length: int, end: str) -> None:
    records = read("customer_number,name\n1," + "x" * (length - 2) + end)
    assert [record.line for record in records] == ([2, 3] if len(end) > 1 else [2])
    assert codes(records[0]) == ([("name", "TOO_LONG")] if length <= LINE_CHARS_MAX else [("", "LINE_TOO_LONG")])


@pytest.mark.parametrize(
    ("lines", "column", "code", "other_line"),
    [
        (["1,a,S1,,m,active", "1,b,S2,,m,active"], "customer_number", "CUSTOMER_DIFFERS", 2),
        (["1,a,S1,,m,active", "1,a,S1,,m,active"], "subscription_id", "DUPLICATE_SUBSCRIPTION", 2),
        (["1,a,S1,,m,active", "2,b,S1,,m,active"], "subscription_id", "DUPLICATE_SUBSCRIPTION", 2),
        (["1,a,,,m,active", "1,a,,,m,active"], "subscription_id", "SUBSCRIPTION_UNNAMED", 2),
        (["1,a,,,,", "1,a,,,,"], "customer_number", "DUPLICATE_CUSTOMER", 2),
        (
            ["1,a,S1,13800138000,m,active", "2,b,S2,138 0013 8000,m,active"],
            "service_number",
            "DUPLICATE_SERVICE_NUMBER",
            2,
        ),
    ],
)
def test_a_repeat_in_the_file_is_reported_with_the_line_that_it_repeats(
    lines: list[str], column: str, code: str, other_line: int
) -> None:
    first, second = read(HEADING + "\n".join(lines))
    assert isinstance(first, CustomerRecord)
    assert codes(second) == [(column, code)]
    assert isinstance(second, RowProblem)
    assert f"line {other_line}" in second.findings[0].en
    assert f"第 {other_line} 行" in second.findings[0].zh


@pytest.mark.parametrize(
    "lines",
    [
        ["1,a,S1,,m,active", "1,a,S2,,m,active"],
        ["1,a,S1,13800138000,m,terminated", "2,b,S2,13800138000,m,active"],
        ["1,,S1,13800138000,m,active", "1,a,S1,13800138000,m,active"],
    ],
    ids=["two subscriptions", "number given back", "the first was bad itself"],
)
def test_what_only_looks_like_a_repeat_is_taken(lines: list[str]) -> None:
    assert isinstance(read(HEADING + "\n".join(lines))[-1], CustomerRecord)


def test_rows_come_in_chunks_and_problems_in_between() -> None:
    rows = [CustomerRecord(line, f"44-{line}", "individual") for line in range(5)]
    problem = RowProblem(9, ())
    assert list(in_chunks([rows[0], problem, *rows[1:]], rows_max=2)) == [
        problem,
        ImportCustomers((rows[0], rows[1])),
        ImportCustomers((rows[2], rows[3])),
        ImportCustomers((rows[4],)),
    ]


def test_no_more_of_a_file_is_read_than_is_asked_for() -> None:
    class Endless(io.StringIO):
        lines = 0

        def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
            self.lines += 1
            return f"{self.lines},n\n" if self.lines > 1 else "customer_number,name\n"

    stream = Endless()
    records = Extract(stream, QUANWANG, "44").records()
    assert [next(records).line for _ in range(3)] == [2, 3, 4]
    records.close()  # type: ignore[attr-defined]
    assert stream.lines == 4


# What damaged files are made of.
SNIPPETS = st.sampled_from(
    [",", '"', "\n", "\r", "\t", ";", "1", "44-1", "31-1", "张三", "S1", "13800138000", "active"]
)
BODIES = st.lists(SNIPPETS | st.text(max_size=3) | st.characters(categories=["Cs"]), max_size=60).map("".join)


@given(BODIES)
def test_any_text_is_read_without_a_crash_and_each_line_is_accounted_for_once(body: str) -> None:
    records = read(HEADING + body)
    lines = [record.line for record in records]
    assert lines == sorted(set(lines))
    for number, line in enumerate(body.split("\n"), start=2):
        if any(character.isalnum() for character in line):
            assert number in lines
        if not line.strip(" ,"):
            assert number not in lines


@given(BODIES)
def test_any_text_is_read_or_refused_as_a_heading_too(text: str) -> None:
    try:
        records = read(text)
    except (ExtractColumnsMissing, ExtractHeadingAmbiguous):
        return
    assert len(records) <= text.count("\n")


@given(st.binary(max_size=300))
def test_any_bytes_can_be_opened(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(HEADING.encode() + content)
    with open_extract(path) as stream:
        for record in Extract(stream, QUANWANG, "44", TODAY).records():
            assert record.line > 1


SAMPLE = Path(__file__).resolve().parents[4] / "shared" / "data" / "telco-customer-churn.csv"


@pytest.mark.extra(reason="the sample of telephone customers lies beside the checkout on some machines only")
@pytest.mark.skipif(not SAMPLE.exists(), reason=f"there is no {SAMPLE.name} beside the checkout")
def test_the_public_sample_of_telephone_customers_is_read_without_a_problem() -> None:
    with open_extract(SAMPLE) as stream:
        records = list(Extract(stream, TELCO, "44", TODAY).records())
    good = [record for record in records if isinstance(record, CustomerRecord)]
    assert len(good) == len(records) == 5_634
    assert {record.name + record.document_number + record.contact_number + record.address for record in good} == {""}
    statuses = [record.subscription.status for record in good if record.subscription is not None]
    assert (statuses.count("terminated"), statuses.count("active")) == (1_488, 4_146)


def test_the_telco_mapping_derives_what_the_file_does_not_say() -> None:
    heading = "customerID,PhoneService,InternetService,Contract,Churn\n"
    first, second, third, fourth = read(
        heading
        + "7590-VHVEG,No,DSL,Month-to-month,No\n5575-GNVDE,Yes,Fiber optic,Two year,Yes\n"
        + "1,No,No,One year,No\n2,Yes,No,One year,Maybe\n",
        TELCO,
    )
    assert isinstance(first, CustomerRecord)
    assert isinstance(second, CustomerRecord)
    assert first.subscription is not None
    assert second.subscription is not None
    assert (first.customer_number, first.subscription.subscription_id) == ("44-7590-VHVEG", "44-7590-VHVEG-01")
    assert (first.subscription.offering, first.subscription.status) == ("dsl-month-to-month", "active")
    assert (second.subscription.offering, second.subscription.status) == ("phone-fiber-optic-two-year", "terminated")
    assert codes(third) == [("offering", "MISSING")]
    assert codes(fourth) == [("status", "NOT_ONE_OF")]
    with pytest.raises(ExtractColumnsMissing, match="Contract"):
        read("customerID,PhoneService,InternetService,Churn\n", TELCO)


def test_codes_and_constants_of_a_mapping_are_applied() -> None:
    mapping = ColumnMapping(
        "billing",
        columns={"customer_number": ("CUST",), "status": ("ST",), "offering": ("PLAN",)},
        values={"status": {"10a": "active"}},
        constants={"kind": "enterprise", "offering": "unknown"},
    )
    first, second = read("CUST|ST|PLAN\n1|10A|\n2|10B|p\n", mapping)
    assert isinstance(first, CustomerRecord)
    assert first.subscription is not None
    assert (first.kind, first.subscription.status, first.subscription.offering) == ("enterprise", "active", "unknown")
    assert codes(second) == [("status", "NOT_ONE_OF")]

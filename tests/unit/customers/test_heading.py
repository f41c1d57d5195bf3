"""The heading of an extract: what is used, what is not and is told, what is missing and how it may be called."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from province_node.customers.column_guide import GUIDE, accepted_text, accepted_values, meant_by
from province_node.customers.column_mapping import CANONICAL_COLUMNS, QUANWANG, TELCO, ColumnMapping
from province_node.customers.csv_import import Extract, PrefixesAdded
from province_node.customers.events import RowProblem
from province_node.customers.heading import ExtractColumnsMissing, Heading, unused_text
from tests.unit.customers.conftest import TODAY, codes, read


def unused(heading: str, mapping: ColumnMapping = QUANWANG) -> dict[str, tuple[str, ...]]:
    """The unused columns, and what they may be meant for."""
    return {column.heading: column.perhaps for column in Heading(heading, mapping).unused}


def test_columns_that_nothing_is_taken_from_are_told_with_what_they_may_mean() -> None:
    assert unused("客户编号,客户名称,电话,备注") == {"电话": ("contact_number", "service_number"), "备注": ()}
    assert unused("customer_number,name,adress") == {"adress": ("address",)}
    assert unused("客户编号,客户名称,联系电话,电话") == {"电话": ("service_number",)}, (
        "what the file has is not suggested"
    )


def test_a_status_without_any_subscription_is_unused_and_the_text_says_what_it_needs() -> None:
    (column,) = Heading("客户编号,客户名称,状态", QUANWANG).unused
    assert column.lacks_subscription
    assert column.text("en") == "状态 (needs a column subscription_id or service_number or offering)"
    assert column.text("zh") == "状态（需同时有 subscription_id 订购编号或service_number 业务号码或offering 产品 列）"
    assert Heading("客户编号,客户名称,状态,产品", QUANWANG).unused == ()


def test_nothing_is_unused_that_a_mapping_derives_something_from() -> None:
    heading = "customerID,gender,PhoneService,InternetService,Contract,Churn"
    assert unused(heading, TELCO) == {"gender": ()}


def test_a_column_without_a_heading_is_called_by_its_place() -> None:
    assert unused("customer_number,name,,") == {"#3": (), "#4": ()}


def test_unused_columns_are_listed_as_far_as_a_screen_may_bear() -> None:
    heading = Heading(",".join(["customer_number", "name", *(f"x{number:060}" for number in range(100))]), QUANWANG)
    assert unused_text(heading.unused, "en").endswith(", ... (100)")
    assert len(unused_text(heading.unused, "en")) < 1_000


@pytest.mark.parametrize(
    ("language", "accepted"), [("en", "headings: name, 客户名称"), ("zh", "可用表头：name、客户名称")]
)
def test_a_missing_column_is_named_with_its_headings_and_those_of_the_file(language: str, accepted: str) -> None:
    with pytest.raises(ExtractColumnsMissing) as refusal:
        read("客户编号,姓名,备注\n1,张三,x\n")
    said = refusal.value.text(language)
    assert accepted in said
    assert ("perhaps 姓名" if language == "en" else "是否为 姓名") in said
    assert "客户编号, 姓名, 备注" in said


def test_an_offering_that_the_file_has_no_column_for_is_missed_once_and_not_in_every_row() -> None:
    with pytest.raises(ExtractColumnsMissing) as refusal:
        read("客户编号,客户名称,订购编号,套餐\n1,张三,S1,5G\n2,李四,S2,5G\n")
    assert "offering (headings: offering, 产品; perhaps 套餐)" in refusal.value.text("en")


def test_a_code_that_is_not_known_is_answered_with_all_that_are() -> None:
    (problem,) = read("客户编号,客户名称,产品,状态\n1,张三,m,欠费\n")
    assert codes(problem) == [("status", "NOT_ONE_OF")]
    assert isinstance(problem, RowProblem)
    assert "terminated (销户, 已销户, 拆机, 已拆机)" in problem.findings[0].en
    assert "suspended（停机、已停机）" in problem.findings[0].zh


def test_numbers_that_got_the_provinces_code_are_counted_with_an_example() -> None:
    text = "客户编号,客户名称,订购编号,产品\nT001,张三,S1,m\n44-T002,李四,44-S2,m\nT003,,S3,m\nT004,王五,,m\n"
    extract = Extract(io.StringIO(text), QUANWANG, "44", TODAY)
    assert len(list(extract.records())) == 4
    assert extract.prefixes_added == PrefixesAdded(2, 1, ("T001", "44-T001")), "the row that is left out does not count"


def test_every_column_is_explained_in_both_languages() -> None:
    assert list(GUIDE) == list(CANONICAL_COLUMNS)
    assert all(guide.en and guide.zh and guide.text("zh") == guide.zh for guide in GUIDE.values())


@pytest.mark.parametrize(
    ("heading", "columns"),
    [
        ("姓名", ("name",)),
        ("Customer ID", ("customer_number",)),
        ("套餐", ("offering",)),
        ("STATUSS", ("status",)),
        ("身份证号码", ("document_number",)),
        ("colour", ()),
        ("x", ()),
    ],
)
def test_what_a_heading_may_mean(heading: str, columns: tuple[str, ...]) -> None:
    assert meant_by(heading, CANONICAL_COLUMNS)[: len(columns) or 1] == columns


def test_the_reference_page_names_every_column_with_its_heading_and_the_values_that_are_accepted() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "cli.md").read_text(encoding="utf-8")
    for column, chinese in CANONICAL_COLUMNS.items():
        needed = " (needed)" if column in QUANWANG.required else ""
        accepted = accepted_text(accepted_values(column, QUANWANG.values), "en")
        explained = GUIDE[column].en + (f"; accepted: {accepted}" if accepted else "")
        assert f"| `{column}`{needed} | {chinese} | {explained} |" in page

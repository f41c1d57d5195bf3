"""Rows of an extract: what is taken in which form, and what is wrong with the others, by line, column and code."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from province_node.customers.column_mapping import CANONICAL_COLUMNS
from province_node.customers.commands import CustomerRecord, SubscriptionRecord
from province_node.customers.events import RowProblem
from tests.unit.customers.conftest import codes, read

GOOD = {
    "province": "44",
    "customer_number": "0000000001",
    "kind": "individual",
    "name": "张三",
    "document_kind": "resident_id",
    "document_number": "11010519491231002X",
    "contact_number": "13800138000",
    "city_code": "440100",
    "address": "广东省广州市人民路1号",
    "subscription_id": "S1",
    "service_number": "13800138000",
    "offering": "mobile-5g-99",
    "status": "active",
    "status_since": "2026-01-31",
    "suspended_reason": "",
}
# Midnight in China is 16:00 of the day before in UTC.
SINCE_US = 1_769_788_800_000_000
TODAY_FORMATTED = "2026-11-23"


def row(**changes: str) -> CustomerRecord | RowProblem:
    """What becomes of the good row with some columns changed, in line 2."""
    text = io.StringIO()
    writer = csv.DictWriter(text, CANONICAL_COLUMNS)
    writer.writeheader()
    writer.writerow({**GOOD, **changes})
    (record,) = read(text.getvalue().replace("\r\n", "\n"))
    return record


def good(**changes: str) -> Any:
    record = row(**changes)
    assert isinstance(record, CustomerRecord), record
    return record


def test_a_good_row_becomes_a_record() -> None:
    assert good() == CustomerRecord(
        line=2,
        customer_number="44-0000000001",
        kind="individual",
        name="张三",
        document_kind="resident_id",
        document_number="11010519491231002X",
        contact_number="13800138000",
        address="广东省广州市人民路1号",
        city_code="440100",
        source_reference="0000000001",
        subscription=SubscriptionRecord("44-S1", "13800138000", "mobile-5g-99", "active", SINCE_US, ""),
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"name": " 张　三\ufeff "}, {"name": "张 三"}),
        ({"name": "买买提·吐尔逊"}, {"name": "买买提·吐尔逊"}),
        ({"document_number": "１１０１０５１９４９１２３１００２ｘ"}, {"document_number": "11010519491231002X"}),
        ({"document_number": "110105 19491231 002x"}, {"document_number": "11010519491231002X"}),
        ({"document_kind": "身份证"}, {"document_kind": "resident_id"}),
        ({"document_kind": "", "document_number": ""}, {"document_number": ""}),
        ({"kind": "个人"}, {"kind": "individual"}),
        ({"kind": " Individual "}, {"kind": "individual"}),
        ({"kind": ""}, {"kind": "individual"}),
        ({"kind": "", "document_kind": "uscc", "document_number": "91110000600037341L"}, {"kind": "enterprise"}),
        ({"kind": "政企", "document_kind": "uscc", "document_number": "91110000600037341l"}, {"kind": "enterprise"}),
        ({"kind": "enterprise"}, {"document_kind": "resident_id"}),
        ({"document_kind": "passport", "document_number": "e12345678"}, {"document_number": "E12345678"}),
        (
            {"document_kind": "business_licence", "document_number": "440100000000001", "kind": ""},
            {"kind": "enterprise"},
        ),
        ({"document_kind": "foreign_resident_permit", "document_number": "CHN110000010101"}, {}),
        ({"document_kind": "other", "document_number": "军官证 12345"}, {"document_number": "军官证 12345"}),
        ({"customer_number": "44-0000000001"}, {"customer_number": "44-0000000001"}),
        ({"customer_number": "99-1"}, {"customer_number": "44-99-1"}),
        ({"customer_number": "7590-vhveg", "province": ""}, {"customer_number": "44-7590-VHVEG"}),
        ({"province": "440000"}, {}),
        ({"contact_number": "+852 9123 4567"}, {"contact_number": "+85291234567"}),
        ({"contact_number": ""}, {"contact_number": ""}),
        ({"city_code": "4401"}, {"city_code": "440100"}),
        ({"city_code": "440106"}, {"city_code": "440100"}),
        ({"city_code": ""}, {"city_code": ""}),
        ({"subscription_id": "", "service_number": "", "offering": "", "status": ""}, {"subscription": None}),
    ],
)
def test_a_value_is_brought_into_its_normal_form(changes: dict[str, str], expected: dict[str, Any]) -> None:
    record = good(**changes)
    assert {name: getattr(record, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"subscription_id": ""}, {"subscription_id": "44-0000000001-01"}),
        ({"subscription_id": "44-x"}, {"subscription_id": "44-X"}),
        ({"service_number": "+86 138 0013 8000"}, {"service_number": "13800138000"}),
        ({"service_number": "(020)83330000"}, {"service_number": "02083330000"}),
        ({"service_number": "gz-ll-0001"}, {"service_number": "GZ-LL-0001"}),
        (
            {"status": "停机", "suspended_reason": " 欠费 停机 "},
            {"status": "suspended", "suspended_reason": "欠费 停机"},
        ),
        ({"status": "active", "suspended_reason": "left over"}, {"suspended_reason": ""}),
        ({"status": "TERMINATED"}, {"status": "terminated"}),
        ({"status_since": ""}, {"status_since_us": 0}),
        ({"status_since": "20260131"}, {"status_since_us": SINCE_US}),
        ({"status_since": "2026/1/31 08:30:15"}, {"status_since_us": SINCE_US + (8 * 3600 + 30 * 60 + 15) * 1_000_000}),
        ({"status_since": "2026-01-31T08:30"}, {"status_since_us": SINCE_US + (8 * 3600 + 30 * 60) * 1_000_000}),
        ({"status_since": TODAY_FORMATTED}, {}),
    ],
)
def test_a_subscriptions_value_is_brought_into_its_normal_form(
    changes: dict[str, str], expected: dict[str, Any]
) -> None:
    subscription = good(**changes).subscription
    assert {name: getattr(subscription, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("province", "99", "NOT_ONE_OF"),
        ("customer_number", "", "MISSING"),
        ("customer_number", "a b", "NUMBER_SHAPE"),
        ("customer_number", "-1", "NUMBER_SHAPE"),
        ("customer_number", "客户1", "NUMBER_SHAPE"),
        ("customer_number", "1" * 30, "TOO_LONG"),
        ("customer_number", "31-1", "PROVINCES_DIFFER"),
        ("kind", "robot", "NOT_ONE_OF"),
        ("name", "", "MISSING"),
        ("name", "　", "MISSING"),
        ("name", "张" * 121, "TOO_LONG"),
        ("name", "张\x07三", "CONTROL_CHARACTER"),
        ("name", "张\udc81三", "UNDECODABLE"),
        ("document_kind", "", "MISSING"),
        ("document_kind", "library card", "NOT_ONE_OF"),
        ("document_number", "", "MISSING"),
        ("document_number", "110105194912310021", "DOCUMENT_CHECK_DIGIT"),
        ("document_number", "110105491231002", "DOCUMENT_SHAPE"),
        ("document_number", "11010519491331002X", "DOCUMENT_BIRTH_DATE"),
        ("document_number", "110105202611240021", "DOCUMENT_BIRTH_DATE"),
        ("document_number", "990105194912310022", "DOCUMENT_PLACE"),
        ("contact_number", "12345678901", "TELEPHONE_SHAPE"),
        ("contact_number", "GZ-LL-0001", "TELEPHONE_SHAPE"),
        ("city_code", "310100", "CITY_CODE"),
        ("city_code", "440000", "CITY_CODE"),
        ("city_code", "广州", "CITY_CODE"),
        ("address", "路" * 201, "TOO_LONG"),
        ("subscription_id", "S 1", "NUMBER_SHAPE"),
        ("subscription_id", "31-S1", "PROVINCES_DIFFER"),
        ("service_number", "1380013800", "SERVICE_NUMBER_SHAPE"),
        ("offering", "", "MISSING"),
        ("offering", "x" * 65, "TOO_LONG"),
        ("status", "", "MISSING"),
        ("status", "asleep", "NOT_ONE_OF"),
        ("status_since", "31.01.2026", "DATE_SHAPE"),
        ("status_since", "2025-02-29", "DATE_SHAPE"),
        ("status_since", "2026-1/31", "DATE_SHAPE"),
        ("status_since", "2026-01-31 25:00", "DATE_SHAPE"),
        ("status_since", "0001-01-01", "DATE_SHAPE"),
        ("status_since", "2026-11-24", "DATE_TO_COME"),
        ("suspended_reason", "x" * 201, "TOO_LONG"),
    ],
)
def test_a_bad_value_is_reported_with_line_column_and_reason_in_both_languages(
    column: str, value: str, code: str
) -> None:
    problem = row(**{column: value})
    assert codes(problem) == [(column, code)]
    assert isinstance(problem, RowProblem)
    assert not problem.skipped
    (english,) = problem.texts("en")
    (chinese,) = problem.texts("zh-CN")
    assert english.startswith(f"line 2, column {column}: ")
    assert chinese.startswith(f"第 2 行，{column} 列：")
    assert english.isascii() or code in {"NOT_ONE_OF"}


def test_everything_that_is_wrong_with_a_row_is_reported_at_once() -> None:
    problem = row(document_number="110105194912310021", contact_number="12", status="asleep", name="")
    assert codes(problem) == [
        ("name", "MISSING"),
        ("document_number", "DOCUMENT_CHECK_DIGIT"),
        ("contact_number", "TELEPHONE_SHAPE"),
        ("status", "NOT_ONE_OF"),
    ]


def test_a_person_cannot_have_an_enterprises_document() -> None:
    problem = row(document_kind="uscc", document_number="91110000600037341L")
    assert codes(problem) == [("document_kind", "DOCUMENT_KIND_UNFIT")]


@pytest.mark.parametrize(
    ("kind", "number", "code"),
    [
        ("uscc", "91110000600037341X", "DOCUMENT_CHECK_DIGIT"),
        ("uscc", "9111", "DOCUMENT_SHAPE"),
        ("uscc", "9I110000600037341L", "DOCUMENT_SHAPE"),
        ("hk_macao_resident_permit", "11010519491231002X", "DOCUMENT_PLACE"),
        ("taiwan_resident_permit", "810000199001010011", "DOCUMENT_PLACE"),
        ("foreign_resident_permit", "12", "DOCUMENT_SHAPE"),
        ("passport", "E 1", "DOCUMENT_SHAPE"),
        ("business_licence", "?", "DOCUMENT_SHAPE"),
    ],
)
def test_other_documents_have_their_own_rules(kind: str, number: str, code: str) -> None:
    assert codes(row(kind="enterprise", document_kind=kind, document_number=number)) == [("document_number", code)]


@pytest.mark.parametrize(
    "changes", [{"province": "31"}, {"province": "310000"}, {"province": "", "customer_number": "31-1"}]
)
def test_another_provinces_row_is_skipped_with_a_reason_even_if_it_is_bad(changes: dict[str, str]) -> None:
    problem = row(**{**changes, "document_number": "bad"})
    assert isinstance(problem, RowProblem)
    assert problem.skipped
    assert [code for _, code in codes(problem)] == ["OTHER_PROVINCE"]


def test_a_report_quotes_no_personal_data() -> None:
    secrets = {"name": "张\x07三丰", "document_number": "110105194912310021", "contact_number": "12345678901"}
    problem = row(**secrets, address="南天门" * 70)
    other = row(**{**secrets, "name": "张三丰", "service_number": "99999999"})
    for found in (problem, other):
        assert isinstance(found, RowProblem)
        report = "\n".join([*found.texts("en"), *found.texts("zh")])
        for secret in ("三丰", "110105", "12345678901", "南天门", "99999999"):
            assert secret not in report

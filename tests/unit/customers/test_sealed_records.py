"""Customers at rest: nothing personal in the clear, found all the same, renewed under new keys, erased for good."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from common.errors import Refusal
from common.personal_data.commands import BeginKeyRotation, RenewRecords
from common.personal_data.events import RecordsRenewed
from common.personal_data.handlers import KeyRotationUnderWay
from common.personal_data.repository import DATA_KEYS, GENERATIONS
from common.personal_data.sealing import SealedValueUnreadable
from province_node.customers.commands import EraseCustomer, ExportCustomer, ShowCustomer
from province_node.customers.events import CustomerErasedForGood
from province_node.customers.handlers import erase_customer, export_customer
from province_node.customers.looking import show_customer
from province_node.customers.queries import find_customers, records_left
from province_node.customers.repository import ADDRESS_TOKENS, CUSTOMERS
from province_node.customers.searching import wanted
from tests.support.province_uow import PERSONAL_DATA_HANDLERS, ProvinceDatabase
from tests.unit.customers.conftest import codes, load

HEADING = (
    "customer_number,name,document_kind,document_number,contact_number,city_code,address,"
    "subscription_id,service_number,offering,status,status_since,suspended_reason\n"
)
EXTRACT = (
    HEADING
    + "1,张三,resident_id,11010519491231002X,13800138000,440100,广州市天河区体育西路8号,S1,13800138000,m,active,,\n"
    + "2,李四,passport,E12345678,02088886666,440100,广州市越秀区解放北路9号,S2,13900139000,m,terminated,2020-01-31,\n"
    + "3,王五,passport,E22345678,13700137000,440300,深圳市福田区解放北路1号,,,,,,\n"
)
PERSONAL = ("11010519491231002X", "13800138000", "体育西路", "E12345678", "02088886666", "解放北路")
DAY_US = 86_400_000_000


@pytest.fixture
def loaded(province: ProvinceDatabase) -> ProvinceDatabase:
    load(province, EXTRACT)
    return province


def stored(database: ProvinceDatabase, table: sa.Table) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in database.connection.execute(sa.select(table))]


def numbers(database: ProvinceDatabase, by: str, text: str, city: str = "") -> list[str]:
    found = find_customers(database.connection, database.vault, wanted(by, text, city))
    return [item["customer_number"] for item in found["items"]]


def renew(database: ProvinceDatabase, records: int = 100) -> RecordsRenewed:
    done: RecordsRenewed = database.execute(PERSONAL_DATA_HANDLERS[RenewRecords], RenewRecords(records))
    return done


def rotate(database: ProvinceDatabase) -> None:
    database.execute(PERSONAL_DATA_HANDLERS[BeginKeyRotation], BeginKeyRotation())


def erase(database: ProvinceDatabase, number: str, kept_us: int = 0) -> CustomerErasedForGood:
    return database.execute(erase_customer, EraseCustomer(number, "asked for", kept_us))


# At rest


def test_no_row_holds_anything_personal_but_the_name(loaded: ProvinceDatabase) -> None:
    rows = repr(stored(loaded, CUSTOMERS)) + repr(stored(loaded, ADDRESS_TOKENS)) + repr(stored(loaded, DATA_KEYS))
    assert not [value for value in PERSONAL if value in rows]
    assert "张三" in rows


def test_a_ciphertext_in_another_customers_row_opens_nowhere(loaded: ProvinceDatabase) -> None:
    swap = "UPDATE customer_records SET address = (SELECT address FROM customer_records WHERE customer_number = '44-1')"
    loaded.connection.execute(sa.text(f"{swap} WHERE customer_number = '44-2'"))
    with pytest.raises(SealedValueUnreadable), loaded.group() as uow:
        uow.customers.get("44-2")


def test_a_customers_key_in_anothers_place_opens_nothing(loaded: ProvinceDatabase) -> None:
    key = "(SELECT wrapped_key FROM personal_data_keys WHERE subject = '44-1')"
    loaded.connection.execute(sa.text(f"UPDATE personal_data_keys SET wrapped_key = {key} WHERE subject = '44-2'"))  # noqa: S608
    with pytest.raises(Exception, match="key of a customer cannot be opened"), loaded.group() as uow:
        uow.customers.get("44-2")


# Found


@pytest.mark.parametrize(
    ("by", "text", "city", "found"),
    [
        ("document", "11010519491231002x", "", ["44-1"]),
        ("document", "31002X", "", ["44-1"]),
        ("document", "5678", "", ["44-2", "44-3"]),
        ("document", "345678", "", ["44-2", "44-3"]),
        ("document", "E 1234 5678", "", ["44-2"]),
        ("document", "E99999999", "", []),
        ("contact", "+86 138 0013 8000", "", ["44-1"]),
        ("contact", "8000", "", ["44-1"]),
        ("contact", "020-8888-6666", "", ["44-2"]),
        ("address", "体育西路", "440100", ["44-1"]),
        ("address", "解放北路", "440100", ["44-2"]),
        ("address", "解放北路", "440300", ["44-3"]),
        ("address", "北路解放", "440100", []),
    ],
)
def test_customers_are_found_by_what_is_sealed(
    loaded: ProvinceDatabase, by: str, text: str, city: str, found: list[str]
) -> None:
    assert numbers(loaded, by, text, city) == found


@pytest.mark.parametrize(
    ("by", "text", "city", "code"),
    [
        ("document", "02X", "", "SEARCH_TOO_SHORT"),
        ("contact", "12345", "", "SEARCH_TOO_SHORT"),
        ("address", "体育西路", "", "CITY_MISSING"),
        ("address", "路", "440100", "SEARCH_TOO_SHORT"),
    ],
)
def test_a_search_that_would_fit_too_many_is_refused(
    loaded: ProvinceDatabase, by: str, text: str, city: str, code: str
) -> None:
    with pytest.raises(Refusal) as refusal:
        numbers(loaded, by, text, city)
    assert refusal.value.code == code


def test_who_is_found_or_shown_is_masked(loaded: ProvinceDatabase) -> None:
    shown = loaded.execute(show_customer, ShowCustomer("44-1"))
    assert (shown["document_number"], shown["contact_number"]) == ("1101**********002X", "138****8000")
    assert shown["address"] == "广州市天河区******"
    assert find_customers(loaded.connection, loaded.vault, wanted("document", "002X", ""))["items"] == [shown]


def test_what_changed_is_found_by_what_it_is_now_alone(loaded: ProvinceDatabase) -> None:
    load(loaded, EXTRACT.replace("体育西路8号", "中山大道7号").replace(",13800138000,440100", ",13600136000,440100"))
    assert numbers(loaded, "address", "体育西路", "440100") == []
    assert numbers(loaded, "address", "中山大道", "440100") == ["44-1"]
    assert numbers(loaded, "contact", "13800138000") == []
    assert numbers(loaded, "contact", "13600136000") == ["44-1"]


# Renewed


def test_a_rotation_brings_every_record_to_new_keys_and_destroys_the_former(loaded: ProvinceDatabase) -> None:
    before = {row["customer_number"]: row for row in stored(loaded, CUSTOMERS)}
    rotate(loaded)
    assert records_left(loaded.connection, loaded.vault.current) == 3
    steps = []
    while (done := renew(loaded, 2)).more:
        steps.append((done.records, done.keys_removed))
        # In between everything is found and shown, whatever keys it is under.
        assert numbers(loaded, "document", "5678") == ["44-2", "44-3"]
        assert numbers(loaded, "address", "解放北路", "440100") == ["44-2"]
    assert steps == [(2, 0), (1, 0), (0, 2), (0, 1)]
    after = {row["customer_number"]: row for row in stored(loaded, CUSTOMERS)}
    for number, row in after.items():
        assert row["generation"] == 2
        changed = {name for name, value in row.items() if value is not None and value != before[number][name]}
        assert changed >= {"document_number", "contact_number", "document_token", "contact_last4", "import_digest"}
    former, current = sorted(stored(loaded, GENERATIONS), key=lambda row: row["generation"])
    assert (former["wrapped_key"], former["wrapped_index_key"]) == (b"", b"")
    assert former["destroyed_at_us"] > 0 == current["destroyed_at_us"]
    assert {row["generation"] for row in stored(loaded, DATA_KEYS)} == {2}
    assert load(loaded, EXTRACT)[0].unchanged == 3
    assert numbers(loaded, "contact", "13800138000") == ["44-1"]


def test_one_rotation_at_a_time(loaded: ProvinceDatabase) -> None:
    rotate(loaded)
    with pytest.raises(KeyRotationUnderWay):
        rotate(loaded)


def test_what_is_imported_during_a_rotation_is_under_the_new_keys(loaded: ProvinceDatabase) -> None:
    rotate(loaded)
    load(loaded, EXTRACT.replace("李四", "李思") + "4,赵六,,,,,,,,,,,\n")
    of = {row["customer_number"]: row["generation"] for row in stored(loaded, CUSTOMERS)}
    assert of == {"44-1": 1, "44-2": 1, "44-3": 1, "44-4": 2}
    while renew(loaded).more:
        pass
    assert {row["generation"] for row in stored(loaded, CUSTOMERS)} == {2}


# Given out, erased


def test_a_customer_is_given_all_that_is_stored(loaded: ProvinceDatabase) -> None:
    exported = loaded.execute(export_customer, ExportCustomer("44-2"))
    assert exported.customer["document_number"] == "E12345678"
    assert exported.customer["address"] == "广州市越秀区解放北路9号"
    assert exported.subscriptions[0]["service_number"] == "13900139000"
    assert "E12345678" not in repr(exported)


def test_an_erased_customer_is_a_number_and_a_date(loaded: ProvinceDatabase) -> None:
    at = erase(loaded, "44-2").erased_at_us
    (row,) = (row for row in stored(loaded, CUSTOMERS) if row["customer_number"] == "44-2")
    kept = {name for name, value in row.items() if value not in ("", b"", None)}
    assert kept == {
        "customer_number", "kind", "created_at_us", "updated_at_us", "erased_at_us", "erased_reason", "generation"
    }  # fmt: skip
    assert "44-2" not in {row["subject"] for row in stored(loaded, DATA_KEYS)}
    assert "44-2" not in {row["customer_number"] for row in stored(loaded, ADDRESS_TOKENS)}
    assert numbers(loaded, "document", "5678") == ["44-3"]
    with pytest.raises(Refusal) as refusal, loaded.group() as uow:
        uow.customers.get("44-2")
    assert refusal.value.code == "CUSTOMER_ERASED"
    loaded.clock.at_us += 1
    assert erase(loaded, "44-2").erased_at_us == at


def test_an_extract_does_not_bring_an_erased_customer_back(loaded: ProvinceDatabase) -> None:
    erase(loaded, "44-2")
    summary, problems = load(loaded, EXTRACT.replace(",m,terminated", ",other,active"))
    assert (summary.unchanged, summary.rejected) == (2, 1)
    assert codes(problems[0]) == [("customer_number", "CUSTOMER_ERASED")]


def test_who_has_services_is_not_erased(loaded: ProvinceDatabase) -> None:
    with pytest.raises(Refusal) as refusal:
        erase(loaded, "44-1")
    assert refusal.value.code == "CUSTOMER_HAS_SUBSCRIPTIONS"
    with pytest.raises(Refusal) as unknown:
        erase(loaded, "44-9")
    assert unknown.value.code == "CUSTOMER_NOT_FOUND"


def test_nobody_is_erased_before_the_law_allows_it(loaded: ProvinceDatabase) -> None:
    with loaded.group() as uow:
        ended_us = uow.subscriptions.get("44-S2").status_since_us
    loaded.clock.at_us = ended_us + 730 * DAY_US - 1
    with pytest.raises(Refusal) as refusal:
        erase(loaded, "44-2", 730 * DAY_US)
    assert refusal.value.code == "CUSTOMER_KEPT_BY_LAW"
    assert "2022-01-" in refusal.value.text("en")
    loaded.clock.at_us += 1
    erase(loaded, "44-2", 730 * DAY_US)


def test_a_rotation_passes_over_erased_customers(loaded: ProvinceDatabase) -> None:
    erase(loaded, "44-2")
    rotate(loaded)
    while renew(loaded, 1).more:
        pass
    assert len(stored(loaded, DATA_KEYS)) == 2
    assert records_left(loaded.connection, loaded.vault.current) == 0

"""Importing extracts: what is new, changed, unchanged, refused; and that doing it again does no harm."""

from __future__ import annotations

from province_node.customers.column_mapping import TELCO
from province_node.customers.csv_import import ImportSummary
from province_node.customers.queries import customer_count, list_customers
from province_node.subscriptions.commands import SuspendSubscription
from province_node.subscriptions.handlers import suspend_subscription
from province_node.subscriptions.queries import subscription_count, subscription_row
from tests.support.province_uow import ProvinceDatabase
from tests.unit.customers.conftest import codes, customer_row, load

HEADING = "customer_number,name,address,subscription_id,service_number,offering,status\n"
EXTRACT = (
    HEADING
    + "1,张三,人民路,S1,13800138000,m,active\n"
    + "1,张三,人民路,S2,13900139000,m,suspended\n"
    + "2,李四,解放路,S3,13700137000,m,terminated\n"
    + "3,王五,,,,,\n"
    + "4,,,,,,\n"
    + "31-5,赵六,,,,,\n"
)
FIRST = ImportSummary(read=6, imported=4, rejected=1, skipped=1)
AGAIN = ImportSummary(read=6, unchanged=4, rejected=1, skipped=1)


def test_a_first_load_takes_the_good_rows_and_reports_the_others(province: ProvinceDatabase) -> None:
    summary, problems = load(province, EXTRACT)
    assert summary == FIRST
    assert [(problem.line, codes(problem)) for problem in problems] == [
        (6, [("name", "MISSING")]),
        (7, [("customer_number", "OTHER_PROVINCE")]),
    ]
    assert customer_count(province.connection) == 3
    assert subscription_count(province.connection) == 3


def test_the_same_extract_again_changes_nothing_not_even_a_date(province: ProvinceDatabase) -> None:
    load(province, EXTRACT)
    before = customer_row(province.connection, "44-1"), subscription_row(province.connection, "44-S1")
    province.clock.at_us += 1
    assert load(province, EXTRACT)[0] == AGAIN
    assert (customer_row(province.connection, "44-1"), subscription_row(province.connection, "44-S1")) == before


def test_changed_rows_are_updated_and_never_doubled(province: ProvinceDatabase) -> None:
    load(province, EXTRACT)
    province.clock.at_us += 1
    changed = (
        EXTRACT.replace("人民路", "中山路")
        .replace("S3,13700137000,m,terminated", "S3,13700137000,m,active")
        .replace("3,王五,", "3,王伍,")
    )
    summary, _ = load(province, changed)
    assert summary == ImportSummary(read=6, updated=3, unchanged=1, rejected=1, skipped=1)
    assert customer_count(province.connection) == 3
    assert subscription_count(province.connection) == 3
    with province.group() as uow:
        row = uow.customers.get("44-1")
    assert (row.address, row.created_at_us + 1) == ("中山路", row.updated_at_us)
    assert load(province, changed)[0] == AGAIN


def test_a_change_of_the_first_row_of_a_customer_counts_there_and_not_again_in_the_second(
    province: ProvinceDatabase,
) -> None:
    load(province, EXTRACT)
    summary, _ = load(province, EXTRACT.replace("人民路", "中山路"))
    assert (summary.updated, summary.unchanged) == (1, 3)


def test_what_was_done_here_since_is_not_undone_by_loading_the_same_extract(province: ProvinceDatabase) -> None:
    load(province, EXTRACT)
    command = SuspendSubscription("44-S1", "lost", "SERVICE_PASSWORD", b"r" * 16)
    province.execute(suspend_subscription, command)
    assert load(province, EXTRACT)[0] == AGAIN
    # A change of something else leaves the status alone as well.
    summary, _ = load(province, EXTRACT.replace("S1,13800138000,m,", "S1,13800138000,other,"))
    assert summary.updated == 1
    row = subscription_row(province.connection, "44-S1")
    assert row is not None
    assert (row.status, row.suspended_reason, row.offering) == ("suspended", "lost", "other")


def test_a_status_that_the_legacy_system_has_changed_is_taken(province: ProvinceDatabase) -> None:
    load(province, EXTRACT)
    load(province, EXTRACT.replace("S1,13800138000,m,active", "S1,13800138000,m,terminated"))
    row = subscription_row(province.connection, "44-S1")
    assert row is not None
    assert (row.status, row.status_request_id) == ("terminated", b"")


def test_a_number_that_is_anothers_here_is_refused_and_nothing_of_its_row_is_taken(province: ProvinceDatabase) -> None:
    load(province, EXTRACT)
    summary, problems = load(province, HEADING + "9,钱七,,S9,138 0013 8000,m,active\n8,孙八,,S8,13700137000,m,active\n")
    assert summary == ImportSummary(read=2, imported=1, rejected=1)
    (problem,) = problems
    assert (problem.line, codes(problem)) == (2, [("service_number", "SERVICE_NUMBER_TAKEN")])
    assert "44-S1" in problem.findings[0].en
    assert "44-S1" in problem.findings[0].zh
    assert "13800138000" not in problem.findings[0].en
    assert customer_row(province.connection, "44-9") is None
    assert subscription_row(province.connection, "44-S9") is None
    assert customer_row(province.connection, "44-8") is not None


def test_a_subscription_follows_its_new_owner(province: ProvinceDatabase) -> None:
    load(province, EXTRACT)
    summary, _ = load(province, HEADING + "2,李四,解放路,S1,13800138000,m,active\n")
    assert summary == ImportSummary(read=1, updated=1)
    row = subscription_row(province.connection, "44-S1")
    assert row is not None
    assert row.customer_number == "44-2"


def test_an_extract_of_more_rows_than_a_transaction_may_have_is_taken_in_several(province: ProvinceDatabase) -> None:
    before = province.groups
    rows = "".join(f"{number},n,,S{number},,m,active\n" for number in range(1_200))
    assert load(province, HEADING + rows)[0] == ImportSummary(read=1_200, imported=1_200)
    assert province.groups == before + 3
    assert load(province, HEADING + rows)[0] == ImportSummary(read=1_200, unchanged=1_200)


def test_an_extract_without_numbers_names_or_documents_is_taken(province: ProvinceDatabase) -> None:
    extract = (
        "customerID,PhoneService,InternetService,Contract,Churn\n"
        "7590-VHVEG,No,DSL,Month-to-month,No\n5575-GNVDE,Yes,No,One year,Yes\n"
    )
    assert load(province, extract, TELCO)[0] == ImportSummary(read=2, imported=2)
    assert load(province, extract, TELCO)[0] == ImportSummary(read=2, unchanged=2)
    assert subscription_count(province.connection, "terminated") == 1


def test_customers_are_listed_page_by_page_without_saying_who_they_are(province: ProvinceDatabase) -> None:
    load(province, EXTRACT)
    first = list_customers(province.connection, limit=2)
    assert [item["customer_number"] for item in first["items"]] == ["44-1", "44-2"]
    rest = list_customers(province.connection, first["next"], 2)
    assert ([item["customer_number"] for item in rest["items"]], rest["next"]) == (["44-3"], "")
    assert not {"name", "document_number", "contact_number", "address"} & rest["items"][0].keys()

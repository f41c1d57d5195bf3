"""How many customers and subscriptions there are: always what counting them would give, and never counted."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.db.engine import open_writer
from common.db.migrate import migrate
from common.db.schema import KIT, Branch, Schema
from province_node.bootstrap import SCHEMA
from province_node.customers.clear_rows import CLEAR, ClearRow
from province_node.customers.queries import customer_count
from province_node.record_totals import CUSTOMERS, RECORD_TOTALS, SUBSCRIPTIONS
from province_node.subscriptions.queries import subscription_count
from province_node.unit_of_work import ProvinceUnitOfWork
from tests.support.province_uow import ProvinceDatabase
from tests.support.stores import Databases
from tests.unit.customers.conftest import load

HEADING = "customer_number,name,subscription_id,service_number,offering,status\n"


def totals(connection: sa.Connection) -> dict[str, int]:
    return dict(connection.execute(sa.select(RECORD_TOTALS)).tuples().all())


def counted(connection: sa.Connection) -> dict[str, int]:
    return {CUSTOMERS: customer_count(connection), SUBSCRIPTIONS: subscription_count(connection)}


def test_totals_grow_with_what_is_new_and_not_with_what_is_changed_repeated_or_refused(
    province: ProvinceDatabase,
) -> None:
    load(province, HEADING + "1,a,S1,13800138000,m,active\n1,a,S2,,m,active\n2,b,,,,\n")
    assert totals(province.connection) == counted(province.connection) == {CUSTOMERS: 2, SUBSCRIPTIONS: 2}
    # One known, one changed, one new, one refused because its number is another's.
    load(province, HEADING + "1,a,S1,13800138000,m,active\n2,c,,,,\n3,d,S3,,m,active\n4,e,S4,13800138000,m,active\n")
    assert totals(province.connection) == counted(province.connection) == {CUSTOMERS: 3, SUBSCRIPTIONS: 3}


ROWS = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5), st.sampled_from(["13800138000", "13900139000", ""])))


def test_totals_are_what_counting_gives_whatever_is_imported(province: ProvinceDatabase) -> None:
    @settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(ROWS)
    def check(rows: list[tuple[int, int, str]]) -> None:
        load(province, HEADING + "".join(f"{who},n{who},S{what},{number},m,active\n" for who, what, number in rows))
        assert {CUSTOMERS: 0, SUBSCRIPTIONS: 0} | totals(province.connection) == counted(province.connection)

    check()


def test_a_provinces_answer_counts_no_records(province: ProvinceDatabase) -> None:
    load(province, HEADING + "1,a,S1,,m,active\n2,b,S2,,m,active\n2,b,S3,,m,active\n")
    statements: list[str] = []
    province.watch(statements)
    with province.group() as uow:
        rest: Any = (uow.ids, uow.now_us, None, lambda _peer: (0, 0))
        answer = ProvinceUnitOfWork(uow.connection, *rest, vault=province.vault).counts()
    assert (answer["customers"], answer["subscriptions"]) == (2, 3)
    assert statements
    assert not [
        statement for statement in statements if "FROM customer_records" in statement or "FROM subscr" in statement
    ]


def test_the_migration_counts_what_was_there_before(databases: Databases, tmp_path: Path) -> None:
    url = databases.empty()
    before = tmp_path / "province"
    before.mkdir()
    for file in sorted(SCHEMA.branches[1].directory.glob("000[12]_*.py")):
        shutil.copy(file, before)
    migrate(url, Schema((KIT, Branch("province", before)), "migrate"))
    engine = open_writer(url)
    with engine.connect() as connection:
        for number in ("44-1", "44-2"):
            row = dict.fromkeys(ClearRow._fields, "") | {"import_digest": b"", "created_at_us": 1, "updated_at_us": 1}
            connection.execute(sa.insert(CLEAR).values(row | {"customer_number": number}))
    engine.dispose()
    migrate(url, SCHEMA)
    engine = open_writer(url)
    with engine.connect() as connection:
        assert totals(connection) == counted(connection) == {CUSTOMERS: 2, SUBSCRIPTIONS: 0}
    engine.dispose()

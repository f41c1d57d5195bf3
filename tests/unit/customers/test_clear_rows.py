"""Customers whom a release before encryption left in the clear: sealed under traffic, and then nowhere in the clear."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from common.db.engine import open_writer
from common.db.migrate import migrate
from common.db.schema import KIT, Branch, Schema, require_schema
from common.personal_data.commands import OpenPersonalData, RenewRecords
from province_node.bootstrap import SCHEMA
from province_node.customers.clear_rows import CLEAR, ClearRow
from province_node.customers.commands import QueryCustomerProfile, ShowCustomer
from province_node.customers.handlers import query_customer_profile
from province_node.customers.looking import show_customer
from province_node.customers.queries import (
    customer_count,
    find_customers,
    list_customers,
    records_left,
)
from province_node.customers.searching import wanted
from tests.support.province_uow import PERSONAL_DATA_HANDLERS, ProvinceDatabase
from tests.support.stores import Databases
from tests.unit.customers.conftest import load

CANARIES = ("E77001", "1390077", "金丝雀路")


def clear(number: int) -> ClearRow:
    """A row as the release before would have written it."""
    document, contact, address = f"E77001{number:03}", f"1390077{number:04}", f"金丝雀路{number}号"
    said = ("individual", f"客户{number}", "passport", document, contact, address, "440100", f"44-{number}")
    digest = hashlib.blake2b("\x1f".join(said).encode(), digest_size=16).digest()
    return ClearRow(f"44-{number}", *said, digest, 5, 5)


EXTRACT = "customer_number,kind,name,document_kind,document_number,contact_number,address,city_code\n" + "".join(
    ",".join(str(part) for part in clear(number)[:8]) + "\n" for number in range(7)
)


@pytest.fixture
def before(databases: Databases, tmp_path: Path) -> str:
    """The URL of a database with seven customers, of the release before."""
    url = databases.empty("before")
    directory = tmp_path / "province"
    directory.mkdir()
    for file in sorted(SCHEMA.branches[1].directory.glob("000[123]_*.py")):
        shutil.copy(file, directory)
    migrate(url, Schema((KIT, Branch("province", directory)), "migrate"))
    add(url, *(clear(number) for number in range(6)))
    return url


@pytest.fixture
def province(databases: Databases, before: str) -> Iterator[ProvinceDatabase]:
    migrate(before, SCHEMA)
    # The release before still served while the step was done, and added somebody.
    add(before, clear(6))
    database = ProvinceDatabase(databases, before)
    yield database
    database.close()


def add(url: str, *rows: ClearRow) -> None:
    engine = open_writer(url)
    with engine.connect() as connection:
        connection.execute(sa.insert(CLEAR), [row._asdict() for row in rows])
        connection.commit()
    engine.dispose()


def tables(database: ProvinceDatabase) -> set[str]:
    return set(sa.inspect(database.connection).get_table_names())


def renew(database: ProvinceDatabase, records: int) -> Any:
    return database.execute(PERSONAL_DATA_HANDLERS[RenewRecords], RenewRecords(records))


def test_the_clear_table_stays_until_it_is_empty(province: ProvinceDatabase) -> None:
    require_schema(province.connection, SCHEMA)
    # Only its own line waits.
    others = {branch.head for branch in SCHEMA.branches if branch.name != "province"}
    assert migrate(province.url, SCHEMA) == {*others, "province_0004"}
    assert "customers" in tables(province)
    assert customer_count(province.connection) == len(list_customers(province.connection)["items"]) == 7
    assert records_left(province.connection, 1) == 7


def test_records_are_sealed_slice_by_slice_and_their_clear_rows_are_gone(province: ProvinceDatabase) -> None:
    left = []
    while renew(province, 3).more:
        rows = province.connection.execute(sa.select(CLEAR.c.customer_number)).scalars().all()
        left.append(len(rows))
        assert records_left(province.connection, 1) == len(rows)
    assert left == [4, 1, 0]
    assert migrate(province.url, SCHEMA) == SCHEMA.expected
    assert "customers" not in tables(province)
    found = find_customers(province.connection, province.vault, wanted("document", "E77001003", ""))
    assert [item["customer_number"] for item in found["items"]] == ["44-3"]
    found = find_customers(province.connection, province.vault, wanted("address", "金丝雀路6号", "440100"))
    assert [item["customer_number"] for item in found["items"]] == ["44-6"]


def test_a_clear_record_is_shown_and_sealed_by_whoever_touches_it(province: ProvinceDatabase) -> None:
    shown = province.execute(show_customer, ShowCustomer("44-2"))
    assert shown["contact_number"] == "139****0002"
    command = QueryCustomerProfile("44-2", "", "SERVICE_PASSWORD")
    profile = province.execute(query_customer_profile, command)
    assert (profile.document_number, profile.address) == ("E77001002", "金丝雀路2号")
    assert records_left(province.connection, 1) == 6
    assert province.execute(show_customer, ShowCustomer("44-2")) == shown


def test_an_extract_knows_what_the_release_before_took_in(province: ProvinceDatabase) -> None:
    summary, _ = load(province, EXTRACT.replace("金丝雀路4号", "金丝雀路44号"))
    assert (summary.unchanged, summary.updated, summary.imported) == (6, 1, 0)
    assert records_left(province.connection, 1) == 0
    with province.group() as uow:
        assert uow.customers.get("44-4").address == "金丝雀路44号"
        assert uow.customers.get("44-4").created_at_us == 5


def test_starting_again_takes_in_nothing_twice(province: ProvinceDatabase) -> None:
    renew(province, 3)
    province.execute(PERSONAL_DATA_HANDLERS[OpenPersonalData], OpenPersonalData())
    assert customer_count(province.connection) == 7
    assert records_left(province.connection, 1) == 4


def test_no_clear_value_is_left_anywhere(province: ProvinceDatabase) -> None:
    assert all(canary in everything(province) for canary in CANARIES)
    while renew(province, 3).more:
        pass
    assert migrate(province.url, SCHEMA) == SCHEMA.expected
    assert not [canary for canary in CANARIES if canary in everything(province)]


def everything(province: ProvinceDatabase) -> str:
    """All bytes of an SQLite file, of pages without use too; all rows of PostgreSQL, which gives a dropped table's file
    back."""
    if province.connection.dialect.name == "sqlite":
        province.connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        file = Path(str(sa.make_url(province.url).database))
        return b"".join(part.read_bytes() for part in file.parent.glob(file.name + "*")).decode("utf-8", "replace")
    metadata = sa.MetaData()
    metadata.reflect(province.connection)
    return repr([province.connection.execute(table.select()).all() for table in metadata.sorted_tables])

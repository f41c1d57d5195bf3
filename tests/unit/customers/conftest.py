"""A province without customers, and short ways to read and to import an extract."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from province_node.customers.column_mapping import QUANWANG, ColumnMapping
from province_node.customers.commands import CustomerRecord
from province_node.customers.csv_import import Extract, ImportSummary, run_import
from province_node.customers.events import RowProblem
from province_node.customers.handlers import import_customers
from province_node.customers.repository import CUSTOMERS
from tests.support.province_uow import ProvinceDatabase
from tests.support.stores import Databases

TODAY = date(2026, 11, 23)


@pytest.fixture
def province(databases: Databases) -> Iterator[ProvinceDatabase]:
    database = ProvinceDatabase(databases)
    yield database
    database.close()


def read(text: str, mapping: ColumnMapping = QUANWANG, province: str = "44") -> list[CustomerRecord | RowProblem]:
    """What becomes of the rows of an extract."""
    return list(Extract(io.StringIO(text), mapping, province, TODAY).records())


def load(
    database: ProvinceDatabase, text: str, mapping: ColumnMapping = QUANWANG, province: str = "44"
) -> tuple[ImportSummary, list[RowProblem]]:
    """Imports an extract; the summary, and the problems that were reported."""
    problems: list[RowProblem] = []
    records = Extract(io.StringIO(text), mapping, province, TODAY).records()
    summary = run_import(records, lambda command: database.execute(import_customers, command), problems.append)
    return summary, problems


def codes(problem: CustomerRecord | RowProblem) -> list[tuple[str, str]]:
    """Column and code of each finding."""
    assert isinstance(problem, RowProblem)
    return [(finding.column, finding.code) for finding in problem.findings]


def customer_row(connection: sa.Connection, customer_number: str) -> sa.Row[Any] | None:
    """One customer's row as it is stored, or None."""
    statement = sa.select(CUSTOMERS).where(CUSTOMERS.c.customer_number == customer_number)
    return connection.execute(statement).one_or_none()

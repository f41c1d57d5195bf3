"""Customers in the database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork
from province_node import record_totals
from province_node.customers import model
from province_node.customers.commands import CustomerRecord
from province_node.customers.model import DIGEST_BYTES, Customer, CustomerNotFound
from province_node.record_totals import count_one_more

CUSTOMER_NUMBER_CHARS_MAX = 32
NAME_CHARS_MAX = 120
DOCUMENT_NUMBER_CHARS_MAX = 40
CONTACT_NUMBER_CHARS_MAX = 32
ADDRESS_CHARS_MAX = 200
REFERENCE_CHARS_MAX = 64

# Personal data stands in four columns and nowhere else: name, document_number, contact_number, address.
CUSTOMERS = sa.Table(
    "customers",
    METADATA,
    sa.Column("customer_number", sa.String(CUSTOMER_NUMBER_CHARS_MAX), primary_key=True),
    sa.Column("kind", sa.String(12), nullable=False),
    sa.Column("name", sa.String(NAME_CHARS_MAX), nullable=False),
    sa.Column("document_kind", sa.String(32), nullable=False),
    sa.Column("document_number", sa.String(DOCUMENT_NUMBER_CHARS_MAX), nullable=False),
    sa.Column("contact_number", sa.String(CONTACT_NUMBER_CHARS_MAX), nullable=False),
    sa.Column("address", sa.String(ADDRESS_CHARS_MAX), nullable=False),
    sa.Column("city_code", sa.String(6), nullable=False),
    sa.Column("import_reference", sa.String(REFERENCE_CHARS_MAX), nullable=False),
    sa.Column("import_digest", sa.LargeBinary(DIGEST_BYTES), nullable=False),
    sa.Column("created_at_us", sa.BigInteger, nullable=False),
    sa.Column("updated_at_us", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)


class CustomerRow(NamedTuple):
    """A row of `customers`."""

    customer_number: str
    kind: str
    name: str
    document_kind: str
    document_number: str
    contact_number: str
    address: str
    city_code: str
    import_reference: str
    import_digest: bytes
    created_at_us: int
    updated_at_us: int


CUSTOMER_ROWS = RowSpec(CUSTOMERS, CustomerRow)


class CustomerRepository:
    """The customers of one group of work."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def prefetch(self, customer_numbers: Iterable[str]) -> None:
        """Loads many at once, so that `get` and `take_over` need no statement of their own."""
        self._uow.rows(CUSTOMER_ROWS).prefetch(customer_numbers)

    def get(self, customer_number: str) -> Customer:
        """The customer; raises CustomerNotFound."""
        row = self._uow.rows(CUSTOMER_ROWS).get(customer_number)
        if row is None:
            raise CustomerNotFound()
        return Customer(*row)

    def add(self, customer: Customer) -> None:
        """Stages a new customer."""
        self._uow.rows(CUSTOMER_ROWS).insert(_row_of(customer))
        count_one_more(self._uow, record_totals.CUSTOMERS)

    def save(self, customer: Customer) -> None:
        """Stages the new content of a customer that was read before."""
        self._uow.rows(CUSTOMER_ROWS).update(_row_of(customer))

    def take_over(self, record: CustomerRecord) -> str:
        """Takes an extract's word on one customer (see model.take_over) and says what that did: "new", "changed" or
        "same"."""
        row = self._uow.rows(CUSTOMER_ROWS).get(record.customer_number)
        known = None if row is None else Customer(*row)
        customer, outcome = model.take_over(known, record, self._uow.now_us)
        if outcome == model.NEW:
            self.add(customer)
        elif outcome == model.CHANGED:
            self.save(customer)
        return outcome


def _row_of(c: Customer) -> CustomerRow:
    return CustomerRow(
        c.customer_number,
        c.kind,
        c.name,
        c.document_kind,
        c.document_number,
        c.contact_number,
        c.address,
        c.city_code,
        c.import_reference,
        c.import_digest,
        c.created_at_us,
        c.updated_at_us,
    )

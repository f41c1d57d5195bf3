"""Customers as releases before encryption left them: in a table of their own, in the clear, until each is sealed.

The table is not part of this release's schema: the step `province_0005` takes it away when it is empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from common.db.unit_of_work import UnitOfWork


class ClearRow(NamedTuple):
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


CLEAR = sa.table("customers", *(sa.column(name) for name in ClearRow._fields))

_COPIED = (
    "customer_number",
    "kind",
    "name",
    "document_kind",
    "city_code",
    "import_reference",
    "created_at_us",
    "updated_at_us",
)


class ClearRows:
    """The clear rows as one group of work sees them."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def take(self, customer_numbers: Iterable[str]) -> dict[str, ClearRow]:
        """The rows of these customers, by number."""
        wanted = sa.select(CLEAR).where(CLEAR.c.customer_number.in_(list(customer_numbers)))
        return {row.customer_number: row for row in (ClearRow(*found) for found in self._uow.query(wanted))}

    def remove(self, customer_numbers: Iterable[str]) -> None:
        """They are sealed: nothing of them may stay."""
        self._uow.query(sa.delete(CLEAR).where(CLEAR.c.customer_number.in_(list(customer_numbers))))

    def add_to(self, target: sa.Table, nothing: Mapping[str, Any]) -> None:
        """Gives every customer that the release before added since the migration a row of the new table; what is in it
        comes when it is sealed. Does nothing where the table is gone."""
        if not sa.inspect(self._uow.connection).has_table(CLEAR.name):
            return
        known = sa.exists().where(target.c.customer_number == CLEAR.c.customer_number)
        values = [*(CLEAR.c[name] for name in _COPIED), *(sa.literal(value) for value in nothing.values())]
        added = sa.select(*values).where(~known)
        self._uow.query(sa.insert(target).from_select([*_COPIED, *nothing], added))


def clear_row(connection: sa.Connection, customer_number: str) -> ClearRow | None:
    """One row, for a query that comes before it is sealed."""
    found = connection.execute(sa.select(CLEAR).where(CLEAR.c.customer_number == customer_number)).one_or_none()
    return None if found is None else ClearRow(*found)

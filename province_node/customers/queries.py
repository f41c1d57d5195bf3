"""What screens read about customers: rows, on a reader's connection."""

from __future__ import annotations

import sqlalchemy as sa

from province_node.customers.repository import CUSTOMERS


def customer_count(connection: sa.Connection) -> int:
    """How many customers there are."""
    return connection.execute(sa.select(sa.func.count()).select_from(CUSTOMERS)).scalar_one()


def customer_row(connection: sa.Connection, customer_number: str) -> sa.Row | None:
    """One customer, or None. Personal data: for screens whose operator may see it."""
    statement = sa.select(CUSTOMERS).where(CUSTOMERS.c.customer_number == customer_number)
    return connection.execute(statement).one_or_none()

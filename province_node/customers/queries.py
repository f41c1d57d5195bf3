"""What screens read about customers: rows, on a reader's connection."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from province_node.customers.repository import CUSTOMERS

ROWS_MAX = 500


def customer_count(connection: sa.Connection) -> int:
    """How many customers there are."""
    return connection.execute(sa.select(sa.func.count()).select_from(CUSTOMERS)).scalar_one()


def list_customers(connection: sa.Connection, after: str = "", limit: int = 50) -> dict[str, Any]:
    """The customers behind `after` by number, at most `limit` and never more than ROWS_MAX; `next` is where to go on.
    Nothing that says who they are: that is what a profile is for."""
    table, size = CUSTOMERS.c, min(limit, ROWS_MAX)
    statement = (
        sa.select(table.customer_number, table.kind, table.city_code, table.created_at_us, table.updated_at_us)
        .where(table.customer_number > after)
        .order_by(table.customer_number)
        .limit(size + 1)
    )
    rows = [dict(row._mapping) for row in connection.execute(statement)]
    items = rows[:size]
    return {"items": items, "next": items[-1]["customer_number"] if len(rows) > size else ""}


def customer_row(connection: sa.Connection, customer_number: str) -> sa.Row | None:
    """One customer, or None. Personal data: for screens whose operator may see it."""
    statement = sa.select(CUSTOMERS).where(CUSTOMERS.c.customer_number == customer_number)
    return connection.execute(statement).one_or_none()

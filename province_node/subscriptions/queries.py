"""What screens read about subscriptions: rows, on a reader's connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from common.ids import format_id
from province_node.subscriptions.model import STATUSES
from province_node.subscriptions.repository import SUBSCRIPTIONS

ROWS_MAX = 500


def subscription_count(connection: sa.Connection, status: str = "") -> int:
    """How many subscriptions there are, of one status or of all."""
    statement = sa.select(sa.func.count()).select_from(SUBSCRIPTIONS)
    if status:
        statement = statement.where(SUBSCRIPTIONS.c.status == status)
    return connection.execute(statement).scalar_one()


def subscription_counts(connection: sa.Connection) -> dict[str, int]:
    """How many subscriptions there are of each status."""
    statement = sa.select(SUBSCRIPTIONS.c.status, sa.func.count()).group_by(SUBSCRIPTIONS.c.status)
    return {**dict.fromkeys(STATUSES, 0), **dict(connection.execute(statement).tuples().all())}


def list_subscriptions(
    connection: sa.Connection, status: str = "", limit: int = 50, customer_number: str = "", after: str = ""
) -> dict[str, Any]:
    """The same subscriptions as `find_subscriptions`, as plain data; `next` is where to go on."""
    size = min(limit, ROWS_MAX)
    rows = find_subscriptions(connection, status, size + 1, customer_number, after)
    items = [_plain(row) for row in rows[:size]]
    return {"items": items, "next": items[-1]["subscription_id"] if len(rows) > size else ""}


def _plain(row: sa.Row) -> dict[str, Any]:
    hidden = ("imported_digest", "imported_status")
    item = {name: value for name, value in row._mapping.items() if name not in hidden}
    return item | {"status_request_id": format_id(row.status_request_id) if row.status_request_id else ""}


def find_subscriptions(
    connection: sa.Connection, status: str = "", limit: int = 50, customer_number: str = "", after: str = ""
) -> Sequence[sa.Row]:
    """The subscriptions behind `after` by id, of a status and of a customer where these are given; at most `limit`, and
    never more than ROWS_MAX and one that tells whether there are more."""
    statement = (
        sa.select(SUBSCRIPTIONS)
        .where(SUBSCRIPTIONS.c.subscription_id > after)
        .order_by(SUBSCRIPTIONS.c.subscription_id)
        .limit(min(limit, ROWS_MAX + 1))
    )
    if customer_number:
        statement = statement.where(SUBSCRIPTIONS.c.customer_number == customer_number)
    if status:
        statement = statement.where(SUBSCRIPTIONS.c.status == status)
    return connection.execute(statement).all()


def subscription_row(connection: sa.Connection, subscription_id: str) -> sa.Row | None:
    """One subscription, or None."""
    statement = sa.select(SUBSCRIPTIONS).where(SUBSCRIPTIONS.c.subscription_id == subscription_id)
    return connection.execute(statement).one_or_none()

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


def list_subscriptions(connection: sa.Connection, status: str = "", limit: int = 50) -> list[dict[str, Any]]:
    """The same subscriptions as `find_subscriptions`, as plain data."""
    hidden = ("imported_digest", "imported_status")
    items = []
    for row in find_subscriptions(connection, status, limit):
        item = {name: value for name, value in row._mapping.items() if name not in hidden}
        item["status_request_id"] = format_id(item["status_request_id"]) if item["status_request_id"] else ""
        items.append(item)
    return items


def find_subscriptions(connection: sa.Connection, status: str = "", limit: int = 50) -> Sequence[sa.Row]:
    """The first subscriptions of a status (or of all) by id, at most `limit` and never more than ROWS_MAX."""
    statement = sa.select(SUBSCRIPTIONS).order_by(SUBSCRIPTIONS.c.subscription_id).limit(min(limit, ROWS_MAX))
    if status:
        statement = statement.where(SUBSCRIPTIONS.c.status == status)
    return connection.execute(statement).all()


def subscription_row(connection: sa.Connection, subscription_id: str) -> sa.Row | None:
    """One subscription, or None."""
    statement = sa.select(SUBSCRIPTIONS).where(SUBSCRIPTIONS.c.subscription_id == subscription_id)
    return connection.execute(statement).one_or_none()

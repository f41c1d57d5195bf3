"""What screens read about subscriptions: rows, on a reader's connection."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from province_node.subscriptions.repository import SUBSCRIPTIONS

ROWS_MAX = 500


def subscription_count(connection: sa.Connection, status: str = "") -> int:
    """How many subscriptions there are, of one status or of all."""
    statement = sa.select(sa.func.count()).select_from(SUBSCRIPTIONS)
    if status:
        statement = statement.where(SUBSCRIPTIONS.c.status == status)
    return connection.execute(statement).scalar_one()


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

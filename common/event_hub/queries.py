"""What the deliverer looks at before it writes anything, and what an operator sees of subscriptions."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from common.event_hub.model import DEAD, ON, WAITING, SubscriptionUnknown
from common.event_hub.repository import IS_WAITING, hub_deliveries, hub_subscriptions
from common.ids import format_id

SUBSCRIPTIONS_SHOWN_MAX = 500
LETTERS_SHOWN = 100


def is_something_due(connection: sa.Connection, now_us: int) -> bool:
    """Whether a subscription that is due has something waiting."""
    due = (
        sa.select(sa.literal(1))
        .select_from(hub_subscriptions)
        .join(hub_deliveries, hub_deliveries.c.subscription_id == hub_subscriptions.c.subscription_id)
        .where(hub_subscriptions.c.state == ON, hub_subscriptions.c.next_try_at_us <= now_us, IS_WAITING)
        .limit(1)
    )
    return connection.execute(due).first() is not None


def list_subscriptions(connection: sa.Connection, api: str = "", after: bytes = b"", limit: int = 50) -> dict[str, Any]:
    """The subscriptions behind `after` by id, at most `limit`: of all owners; `next` is where to go on."""
    c, size = hub_subscriptions.c, min(limit, SUBSCRIPTIONS_SHOWN_MAX)
    statement = sa.select(hub_subscriptions).where(c.subscription_id > after).order_by(c.subscription_id)
    if api:
        statement = statement.where(c.api == api)
    rows = connection.execute(statement.limit(size + 1)).all()
    items = [_shown(connection, row) for row in rows[:size]]
    return {"items": items, "next": items[-1]["subscription_id"] if len(rows) > size else ""}


def show_subscription(connection: sa.Connection, subscription_id: bytes) -> dict[str, Any]:
    """One subscription with the first events that were given up. Raises SubscriptionUnknown."""
    found = sa.select(hub_subscriptions).where(hub_subscriptions.c.subscription_id == subscription_id)
    row = connection.execute(found).one_or_none()
    if row is None:
        raise SubscriptionUnknown()
    d = hub_deliveries.c
    dead = sa.select(d.event_id, d.event_type, d.created_at_us, d.tries, d.error)
    dead = dead.where(d.subscription_id == subscription_id, d.state == DEAD).order_by(d.position).limit(LETTERS_SHOWN)
    letters = [{**letter._mapping, "event_id": format_id(letter.event_id)} for letter in connection.execute(dead)]
    return {**_shown(connection, row), "dead_letters": letters}


def _shown(connection: sa.Connection, row: sa.Row[Any]) -> dict[str, Any]:
    """A subscription without what signs its events."""
    d = hub_deliveries.c
    counted = sa.select(d.state, sa.func.count()).where(d.subscription_id == row.subscription_id).group_by(d.state)
    counts = dict(connection.execute(counted).tuples().all())
    names = ("api", "owner", "callback", "query", "state", "created_at_us", "failing_since_us", "last_error")
    return {
        "subscription_id": format_id(row.subscription_id),
        **{name: getattr(row, name) for name in names},
        "waiting": counts.get(WAITING, 0),
        "dead": counts.get(DEAD, 0),
    }

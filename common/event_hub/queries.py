"""What the deliverer looks at before it writes anything."""

from __future__ import annotations

import sqlalchemy as sa

from common.event_hub.model import ON
from common.event_hub.repository import IS_WAITING, hub_deliveries, hub_subscriptions


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

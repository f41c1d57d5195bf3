"""Subscriptions to events, and what waits to be delivered to them."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.event_hub.model import CALLBACK_CHARS_MAX, ERROR_CHARS_MAX, QUERY_CHARS_MAX, SECRET_BYTES
from common.rest.repository import CALLER_CHARS_MAX

API_CHARS_MAX = 64
EVENT_TYPE_CHARS_MAX = 128

hub_subscriptions = sa.Table(
    "hub_subscriptions",
    METADATA,
    sa.Column("subscription_id", sa.LargeBinary(16), primary_key=True),
    sa.Column("api", sa.String(API_CHARS_MAX), nullable=False),
    sa.Column("owner", sa.String(CALLER_CHARS_MAX), nullable=False),
    sa.Column("callback", sa.String(CALLBACK_CHARS_MAX), nullable=False),
    sa.Column("query", sa.String(QUERY_CHARS_MAX), nullable=False),
    sa.Column("secret", sa.LargeBinary(SECRET_BYTES), nullable=False),
    sa.Column("state", sa.String(4), nullable=False),
    sa.Column("created_at_us", sa.BigInteger, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("failing_since_us", sa.BigInteger, nullable=False),
    sa.Column("next_try_at_us", sa.BigInteger, nullable=False),
    sa.Column("last_error", sa.String(ERROR_CHARS_MAX), nullable=False),
)

hub_deliveries = sa.Table(
    "hub_deliveries",
    METADATA,
    sa.Column("subscription_id", sa.LargeBinary(16), primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True),
    sa.Column("event_id", sa.LargeBinary(16), nullable=False),
    sa.Column("event_type", sa.String(EVENT_TYPE_CHARS_MAX), nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("created_at_us", sa.BigInteger, nullable=False),
    sa.Column("error", sa.String(ERROR_CHARS_MAX), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)
IS_WAITING = hub_deliveries.c.state == sa.literal_column("'waiting'")
"""Written into statements, not bound to them, so that the index is taken."""
sa.Index(
    "hub_deliveries_waiting",
    hub_deliveries.c.subscription_id,
    hub_deliveries.c.position,
    sqlite_where=IS_WAITING,
    postgresql_where=IS_WAITING,
)


class HubSubscriptionRow(NamedTuple):
    """A row of `hub_subscriptions`."""

    subscription_id: bytes
    api: str
    owner: str
    callback: str
    query: str
    secret: bytes
    state: str
    created_at_us: int
    tries: int
    failing_since_us: int
    next_try_at_us: int
    last_error: str


class DeliveryRow(NamedTuple):
    """A row of `hub_deliveries`. Positions grow with time; `error` is why the last try failed."""

    subscription_id: bytes
    position: int
    event_id: bytes
    event_type: str
    state: str
    tries: int
    created_at_us: int
    error: str
    body: bytes


HUB_SUBSCRIPTIONS = RowSpec(hub_subscriptions, HubSubscriptionRow)
DELIVERIES = RowSpec(hub_deliveries, DeliveryRow, key_width=2)

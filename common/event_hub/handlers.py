"""Subscribing, and the life of a delivery: claimed, told, tried again with spacing, given up, replayed.

Deliveries to one subscription go in their order. A receiver that is away holds up its own only; one that refuses a
single event holds it up for a few tries, after which that event is given up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import sqlalchemy as sa

from common.event_hub.commands import (
    ClaimDeliveries,
    ForgetDeadLetters,
    NoteDeliveries,
    ReplayDeadLetters,
    Subscribe,
    Unsubscribe,
)
from common.event_hub.events import DeliveriesWait, Replayed, Subscribed
from common.event_hub.model import (
    DEAD,
    ERROR_CHARS_MAX,
    OFF,
    ON,
    REFUSALS_MAX,
    SUBSCRIPTIONS_MAX,
    SUBSCRIPTIONS_OF_OWNER_MAX,
    WAITING,
    WAITING_MAX,
    SubscriptionUnknown,
    TooManySubscriptions,
    read_callback,
)
from common.event_hub.parameters import OFF_AFTER_HOURS, callback_rules
from common.event_hub.repository import (
    DELIVERIES,
    HUB_SUBSCRIPTIONS,
    IS_WAITING,
    DeliveryRow,
    HubSubscriptionRow,
    hub_deliveries,
    hub_subscriptions,
)
from common.outbound.spacing import spacing_us

SUBSCRIPTIONS_CLAIMED_MAX = 8
DELIVERIES_CLAIMED_MAX = 16
CLAIMED_FOR_US = 300_000_000
"""Longer than all that was claimed can take; then another process may try."""
REPLAYED_MAX = 10_000
HOUR_US = 3_600_000_000


class Claimed(NamedTuple):
    """What to deliver to one subscription, in this order."""

    subscription: HubSubscriptionRow
    deliveries: tuple[DeliveryRow, ...]


def subscribe(command: Subscribe, uow: Any) -> Subscribed:
    """Raises CallbackUnfit, TooManySubscriptions."""
    read_callback(command.callback, callback_rules(uow.node.parameters, uow.now_us))
    of_owner = sa.func.count().filter(hub_subscriptions.c.owner == command.owner)
    counted = uow.query(sa.select(sa.func.count(), of_owner).select_from(hub_subscriptions)).one()
    for count, most in zip(counted, (SUBSCRIPTIONS_MAX, SUBSCRIPTIONS_OF_OWNER_MAX), strict=True):
        if count >= most:
            raise TooManySubscriptions(most=most)
    identity = uow.ids.new()
    row = HubSubscriptionRow(
        identity,
        command.api,
        command.owner,
        command.callback,
        command.query,
        command.secret,
        ON,
        uow.now_us,
        tries=0,
        failing_since_us=0,
        next_try_at_us=0,
        last_error="",
    )
    uow.rows(HUB_SUBSCRIPTIONS).insert(row)
    return Subscribed(identity, command.secret)


def unsubscribe(command: Unsubscribe, uow: Any) -> None:
    """Raises SubscriptionUnknown."""
    _subscription(command.subscription_id, uow)
    uow.rows(HUB_SUBSCRIPTIONS).delete(command.subscription_id)
    uow.query(sa.delete(hub_deliveries).where(hub_deliveries.c.subscription_id == command.subscription_id))


def replay_dead_letters(command: ReplayDeadLetters, uow: Any) -> Replayed:
    """Raises SubscriptionUnknown."""
    row = _subscription(command.subscription_id, uow)
    again = row._replace(state=ON, tries=0, failing_since_us=0, next_try_at_us=uow.now_us, last_error="")
    uow.rows(HUB_SUBSCRIPTIONS).update(again)
    of_subscription = hub_deliveries.c.subscription_id == command.subscription_id
    dead = (
        sa.select(hub_deliveries.c.position)
        .where(of_subscription, hub_deliveries.c.state == DEAD)
        .order_by(hub_deliveries.c.position)
        .limit(REPLAYED_MAX)
    )
    changed = sa.update(hub_deliveries).where(of_subscription, hub_deliveries.c.position.in_(dead))
    replayed = uow.query(changed.values(state=WAITING, tries=0, error="")).rowcount
    uow.record(DeliveriesWait())
    return Replayed(command.subscription_id, replayed)


def claim_deliveries(_command: ClaimDeliveries, uow: Any) -> tuple[Claimed, ...]:
    """What is due now, to be delivered by whoever asked."""
    waits = sa.exists(
        sa.select(sa.literal(1)).where(
            hub_deliveries.c.subscription_id == hub_subscriptions.c.subscription_id, IS_WAITING
        )
    )
    due = (
        sa.select(hub_subscriptions.c.subscription_id)
        .where(hub_subscriptions.c.state == ON, hub_subscriptions.c.next_try_at_us <= uow.now_us, waits)
        .order_by(hub_subscriptions.c.next_try_at_us)
        .limit(SUBSCRIPTIONS_CLAIMED_MAX)
    )
    claimed = []
    for identity in uow.query(due).scalars().all():
        row = uow.rows(HUB_SUBSCRIPTIONS).get(identity)
        # Between the search and the lock another process may have claimed it.
        if row is not None and row.state == ON and row.next_try_at_us <= uow.now_us:
            uow.rows(HUB_SUBSCRIPTIONS).update(row._replace(next_try_at_us=uow.now_us + CLAIMED_FOR_US))
            claimed.append(Claimed(row, _first_waiting(identity, uow)))
    return tuple(claimed)


def note_deliveries(command: NoteDeliveries, uow: Any) -> str:
    """The state of the subscription afterwards; empty where it was deleted meanwhile."""
    row = uow.rows(HUB_SUBSCRIPTIONS).get(command.subscription_id)
    if row is None:
        return ""
    deliveries = uow.rows(DELIVERIES)
    for position in command.delivered:
        deliveries.delete((command.subscription_id, position))
    if not command.failed:
        row = row._replace(tries=0, failing_since_us=0, next_try_at_us=uow.now_us, last_error="")
    else:
        row = _failed(row, command, uow)
    uow.rows(HUB_SUBSCRIPTIONS).update(row)
    if row.state == OFF:
        _give_up_all(command.subscription_id, row.last_error, uow)
    else:
        uow.record(DeliveriesWait())
    return str(row.state)


def _failed(row: HubSubscriptionRow, command: NoteDeliveries, uow: Any) -> HubSubscriptionRow:
    error = command.error[:ERROR_CHARS_MAX]
    delivery = uow.rows(DELIVERIES).get((command.subscription_id, command.failed))
    given_up = command.refused and delivery is not None and delivery.tries + 1 >= REFUSALS_MAX
    if delivery is not None:
        state = DEAD if given_up else delivery.state
        uow.rows(DELIVERIES).update(delivery._replace(tries=delivery.tries + 1, state=state, error=error))
    tries = 1 if command.delivered else row.tries + 1
    since_us = uow.now_us if command.delivered or not row.failing_since_us else row.failing_since_us
    next_us = uow.now_us if given_up else uow.now_us + spacing_us(tries)
    row = row._replace(
        tries=0 if given_up else tries, failing_since_us=since_us, next_try_at_us=next_us, last_error=error
    )
    off_after_us = uow.node.parameters.value(OFF_AFTER_HOURS, uow.now_us) * HOUR_US
    too_long = uow.now_us - since_us >= off_after_us
    return row._replace(state=OFF) if command.gone or too_long or _too_many_wait(row, uow) else row


def _too_many_wait(row: HubSubscriptionRow, uow: Any) -> bool:
    some = sa.select(hub_deliveries.c.position).where(
        hub_deliveries.c.subscription_id == row.subscription_id, IS_WAITING
    )
    counted = sa.select(sa.func.count()).select_from(some.limit(WAITING_MAX + 1).subquery())
    return bool(uow.query(counted).scalar_one() > WAITING_MAX)


def forget_dead_letters(command: ForgetDeadLetters, uow: Any) -> int:
    """How many were deleted."""
    old = (
        sa.select(hub_deliveries.c.subscription_id, hub_deliveries.c.position)
        .where(hub_deliveries.c.state == DEAD, hub_deliveries.c.created_at_us < command.before_us)
        .limit(command.most)
    )
    keys = [tuple(key) for key in uow.query(old)]
    rows = uow.rows(DELIVERIES)
    rows.prefetch(keys)
    forgotten = 0
    for key in keys:
        row = rows.get(key)
        if row is not None and row.state == DEAD:
            rows.delete(key)
            forgotten += 1
    return forgotten


def _subscription(identity: bytes, uow: Any) -> HubSubscriptionRow:
    row: HubSubscriptionRow | None = uow.rows(HUB_SUBSCRIPTIONS).get(identity)
    if row is None:
        raise SubscriptionUnknown()
    return row


def _first_waiting(identity: bytes, uow: Any) -> tuple[DeliveryRow, ...]:
    statement = (
        sa.select(hub_deliveries)
        .where(hub_deliveries.c.subscription_id == identity, IS_WAITING)
        .order_by(hub_deliveries.c.position)
        .limit(DELIVERIES_CLAIMED_MAX)
    )
    return tuple(DeliveryRow._make(row) for row in uow.query(statement))


def _give_up_all(identity: bytes, error: str, uow: Any) -> None:
    """What waits for a subscription that is off is kept, to be replayed."""
    waiting = sa.update(hub_deliveries).where(hub_deliveries.c.subscription_id == identity, IS_WAITING)
    uow.query(waiting.values(state=DEAD, error=error))


HANDLERS: dict[type, Callable[[Any, Any], Any]] = {
    Subscribe: subscribe,
    Unsubscribe: unsubscribe,
    ReplayDeadLetters: replay_dead_letters,
    ClaimDeliveries: claim_deliveries,
    NoteDeliveries: note_deliveries,
    ForgetDeadLetters: forget_dead_letters,
}

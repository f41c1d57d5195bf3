"""Subscriptions in the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork
from common.ids import ID_BYTES
from province_node import record_totals
from province_node.record_totals import count_one_more
from province_node.subscriptions import model
from province_node.subscriptions.model import (
    REASON_CHARS_MAX,
    ExtractedSubscription,
    ServiceNumberTaken,
    Subscription,
    SubscriptionNotFound,
)
from province_node.telephone_numbers import SERVICE_NUMBER_CHARS_MAX, normal_number

SUBSCRIPTION_ID_CHARS_MAX = 40
CUSTOMER_NUMBER_CHARS_MAX = 32
OFFERING_CHARS_MAX = 64
DIGEST_BYTES = 16

# Every suspension rewrites its row, and with it each index on a column that the statement names. So the service number
# is not indexed here but is the key of a table of its own, which suspensions never touch, and there is no index on
# the status; on 200,000 rows that halves the cost of an update. There is no foreign key to `customers` for the same
# reason, and because rows of a group are written table by table. Rows lie in the key's own tree (no rowid): one
# look-up instead of two.
SUBSCRIPTIONS = sa.Table(
    "subscriptions",
    METADATA,
    sa.Column("subscription_id", sa.String(SUBSCRIPTION_ID_CHARS_MAX), primary_key=True),
    sa.Column("customer_number", sa.String(CUSTOMER_NUMBER_CHARS_MAX), nullable=False, index=True),
    sa.Column("service_number", sa.String(SERVICE_NUMBER_CHARS_MAX), nullable=False),
    sa.Column("offering", sa.String(OFFERING_CHARS_MAX), nullable=False),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("status_since_us", sa.BigInteger, nullable=False),
    sa.Column("suspended_reason", sa.String(REASON_CHARS_MAX), nullable=False),
    sa.Column("status_request_id", sa.LargeBinary(ID_BYTES), nullable=False),
    sa.Column("imported_digest", sa.LargeBinary(DIGEST_BYTES), nullable=False),
    sa.Column("imported_status", sa.String(10), nullable=False),
    sa.Column("created_at_us", sa.BigInteger, nullable=False),
    sa.Column("updated_at_us", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Who is reached by a number. Only subscriptions that are not terminated: a number that was given back may be another's.
SERVICE_NUMBERS = sa.Table(
    "service_numbers",
    METADATA,
    sa.Column("service_number", sa.String(SERVICE_NUMBER_CHARS_MAX), primary_key=True),
    sa.Column("subscription_id", sa.String(SUBSCRIPTION_ID_CHARS_MAX), nullable=False),
    sqlite_with_rowid=False,
)


class SubscriptionRow(NamedTuple):
    """A row of `subscriptions`."""

    subscription_id: str
    customer_number: str
    service_number: str
    offering: str
    status: str
    status_since_us: int
    suspended_reason: str
    status_request_id: bytes
    imported_digest: bytes
    imported_status: str
    created_at_us: int
    updated_at_us: int


class ServiceNumberRow(NamedTuple):
    """A row of `service_numbers`."""

    service_number: str
    subscription_id: str


SUBSCRIPTION_ROWS = RowSpec(SUBSCRIPTIONS, SubscriptionRow)
SERVICE_NUMBER_ROWS = RowSpec(SERVICE_NUMBERS, ServiceNumberRow)


class SubscriptionRepository:
    """The subscriptions of one group of work."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def prefetch(self, subscription_ids: Iterable[str]) -> None:
        """Loads many at once, so that `get` needs no statement of its own."""
        self._uow.rows(SUBSCRIPTION_ROWS).prefetch(subscription_ids)

    def prefetch_numbers(self, service_numbers: Iterable[str]) -> None:
        """The same for the numbers that `find_by_number` and `take_over` will ask for."""
        self._uow.rows(SERVICE_NUMBER_ROWS).prefetch(normal_number(number) for number in service_numbers)

    def get(self, subscription_id: str) -> Subscription:
        """The subscription; raises SubscriptionNotFound."""
        row = self._uow.rows(SUBSCRIPTION_ROWS).get(subscription_id)
        if row is None:
            raise SubscriptionNotFound(subscription_id=subscription_id)
        return Subscription(*row)

    def holder(self, subscription_id: str) -> str:
        """The number of the customer whose subscription it is; empty where there is none."""
        row = self._uow.rows(SUBSCRIPTION_ROWS).get(subscription_id)
        return "" if row is None else row.customer_number

    def find_by_number(self, service_number: str) -> Subscription | None:
        """The subscription that is reached by a number, however it is written; None when nobody is."""
        key = self._uow.rows(SERVICE_NUMBER_ROWS).get(normal_number(service_number))
        return None if key is None else self.get(key.subscription_id)

    def of_customer(self, customer_number: str) -> list[Subscription]:
        """All subscriptions of a customer, terminated ones too, by id."""
        statement = (
            sa.select(SUBSCRIPTIONS)
            .where(SUBSCRIPTIONS.c.customer_number == customer_number)
            .order_by(SUBSCRIPTIONS.c.subscription_id)
        )
        return [Subscription(*row) for row in self._uow.query(statement)]

    def forget_reasons(self, customer_number: str) -> None:
        """Takes away what somebody wrote about a customer's suspensions: the customer's data is erased."""
        for subscription in self.of_customer(customer_number):
            if subscription.suspended_reason:
                self.save(replace(self.get(subscription.subscription_id), suspended_reason=""))

    def save(self, subscription: Subscription) -> None:
        """Stages the new content of a subscription that was read before and holds its number, or none, as before."""
        self._uow.rows(SUBSCRIPTION_ROWS).update(_row_of(subscription))

    def take_over(
        self,
        *,
        subscription_id: str,
        customer_number: str,
        service_number: str,
        offering: str,
        status: str,
        status_since_us: int,
        suspended_reason: str,
        digest: bytes,
    ) -> str:
        """Takes an extract's word on one subscription (see model.take_over) and says what that did: "new", "changed" or
        "same". Raises ServiceNumberTaken, with nothing staged."""
        extracted = ExtractedSubscription(
            subscription_id,
            customer_number,
            normal_number(service_number),
            offering,
            status,
            status_since_us,
            suspended_reason,
            digest,
        )
        rows = self._uow.rows(SUBSCRIPTION_ROWS)
        row = rows.get(subscription_id)
        known = None if row is None else Subscription(*row)
        freed = known.service_number if known is not None and known.holds_its_number else ""
        subscription, outcome = model.take_over(known, extracted, self._uow.now_us)
        if outcome == model.SAME:
            return outcome
        self._move_number(subscription, freed)
        if outcome == model.NEW:
            rows.insert(_row_of(subscription))
            count_one_more(self._uow, record_totals.SUBSCRIPTIONS)
        else:
            rows.update(_row_of(subscription))
        return outcome

    def _move_number(self, subscription: Subscription, freed: str) -> None:
        """Brings `service_numbers` in line with a subscription that held the number `freed` until now ("" for none)."""
        numbers = self._uow.rows(SERVICE_NUMBER_ROWS)
        held = subscription.service_number if subscription.holds_its_number else ""
        if held == freed:
            return
        if held:
            holder = numbers.get(held)
            if holder is not None:
                raise ServiceNumberTaken(subscription_id=holder.subscription_id)
            numbers.insert(ServiceNumberRow(held, subscription.subscription_id))
        if freed:
            numbers.delete(freed)


def _row_of(s: Subscription) -> SubscriptionRow:
    return SubscriptionRow(
        s.subscription_id,
        s.customer_number,
        s.service_number,
        s.offering,
        s.status,
        s.status_since_us,
        s.suspended_reason,
        s.status_request_id,
        s.imported_digest,
        s.imported_status,
        s.created_at_us,
        s.updated_at_us,
    )

"""What is done when somebody asks something about customers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

from common.errors import Refusal
from province_node.customer_authentication import require_customer_authentication
from province_node.customers.commands import CustomerRecord, ImportCustomers, QueryCustomerProfile
from province_node.customers.events import (
    CustomerProfileQueried,
    CustomersImported,
    Finding,
    ProfileSubscription,
    RowProblem,
)
from province_node.customers.model import (
    CHANGED,
    NEW,
    SAME,
    Customer,
    CustomerNotFound,
    CustomerNotNamed,
    subscription_digest,
)


class Customers(Protocol):
    """The part of the customers' repository that is needed here."""

    def prefetch(self, customer_numbers: Iterable[str]) -> None: ...

    def get(self, customer_number: str) -> Customer: ...

    def take_over(self, record: CustomerRecord) -> str: ...


class HeldSubscription(Protocol):
    """What a profile shows of a subscription."""

    @property
    def subscription_id(self) -> str: ...

    @property
    def customer_number(self) -> str: ...

    @property
    def service_number(self) -> str: ...

    @property
    def offering(self) -> str: ...

    @property
    def status(self) -> str: ...


class Subscriptions(Protocol):
    """The part of the subscriptions' repository that is needed here."""

    def prefetch(self, subscription_ids: Iterable[str]) -> None: ...

    def prefetch_numbers(self, service_numbers: Iterable[str]) -> None: ...

    def find_by_number(self, service_number: str) -> HeldSubscription | None: ...

    def of_customer(self, customer_number: str) -> Sequence[HeldSubscription]: ...

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
    ) -> str: ...


class Work(Protocol):
    """The part of the unit of work that is needed here."""

    @property
    def customers(self) -> Customers: ...

    @property
    def subscriptions(self) -> Subscriptions: ...


def query_customer_profile(command: QueryCustomerProfile, uow: Work) -> CustomerProfileQueried:
    """Gives out a customer's profile with all subscriptions, terminated ones too.

    Raises CustomerNotAuthenticated, CustomerNotNamed, CustomerNotFound (also where the two numbers name two customers).
    """
    require_customer_authentication(command.authentication)
    customer = uow.customers.get(_customer_number_of(command, uow))
    held = tuple(
        ProfileSubscription(s.subscription_id, s.service_number, s.offering, s.status)
        for s in uow.subscriptions.of_customer(customer.customer_number)
    )
    return CustomerProfileQueried(
        customer_number=customer.customer_number,
        name=customer.name,
        document_kind=customer.document_kind,
        document_number=customer.document_number,
        contact_number=customer.contact_number,
        address=customer.address,
        subscriptions=held,
    )


def _customer_number_of(command: QueryCustomerProfile, uow: Work) -> str:
    if not command.service_number:
        if not command.customer_number:
            raise CustomerNotNamed()
        return command.customer_number
    subscription = uow.subscriptions.find_by_number(command.service_number)
    if subscription is None or command.customer_number not in {"", subscription.customer_number}:
        raise CustomerNotFound()
    return subscription.customer_number


def import_customers(command: ImportCustomers, uow: Work) -> CustomersImported:
    """Takes in rows of an extract: new ones are added, changed ones updated, known ones left alone.

    A row that the database contradicts becomes a problem of the answer; nothing of it is taken, the others are.
    """
    rows = command.rows
    subscriptions = [row.subscription for row in rows if row.subscription is not None]
    uow.customers.prefetch(row.customer_number for row in rows)
    uow.subscriptions.prefetch(subscription.subscription_id for subscription in subscriptions)
    uow.subscriptions.prefetch_numbers(s.service_number for s in subscriptions if s.service_number)
    counts: Counter[str] = Counter()
    problems: list[RowProblem] = []
    for row in rows:
        try:
            counts[_take_over(row, uow)] += 1
        except Refusal as refusal:
            finding = Finding("service_number", refusal.code, refusal.text("en"), refusal.text("zh"))
            problems.append(RowProblem(row.line, (finding,)))
    return CustomersImported(counts[NEW], counts[CHANGED], counts[SAME], tuple(problems))


def _take_over(row: CustomerRecord, uow: Work) -> str:
    """One row. The subscription comes first: where it is refused, nothing of the row has been staged."""
    outcomes = set()
    subscription = row.subscription
    if subscription is not None:
        outcome = uow.subscriptions.take_over(
            subscription_id=subscription.subscription_id,
            customer_number=row.customer_number,
            service_number=subscription.service_number,
            offering=subscription.offering,
            status=subscription.status,
            status_since_us=subscription.status_since_us,
            suspended_reason=subscription.suspended_reason,
            digest=subscription_digest(row.customer_number, subscription),
        )
        outcomes.add(outcome)
    outcomes.add(uow.customers.take_over(row))
    return NEW if NEW in outcomes else CHANGED if CHANGED in outcomes else SAME

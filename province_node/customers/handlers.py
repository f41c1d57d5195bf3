"""What is done when somebody asks something about customers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from common.authentication.sufficient import PROFILE
from common.clock import iso
from common.errors import Refusal
from province_node.customer_authentication import Work as AuthenticationWork
from province_node.customer_authentication import require_customer_authentication
from province_node.customers.commands import (
    CustomerRecord,
    EraseCustomer,
    ExportCustomer,
    ImportCustomers,
    QueryCustomerProfile,
)
from province_node.customers.events import (
    CustomerErasedForGood,
    CustomerExported,
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
    CustomerErased,
    CustomerHasSubscriptions,
    CustomerKeptByLaw,
    CustomerNotFound,
    CustomerNotNamed,
    subscription_digest,
)
from province_node.customers.permissions import ERASE, EXPORT
from province_node.customers.reach import require_reach_of_city


class Customers(Protocol):
    """The part of the customers' repository that is needed here."""

    def prefetch(self, customer_numbers: Iterable[str]) -> int: ...

    def get(self, customer_number: str) -> Customer: ...

    def take_over(self, record: CustomerRecord) -> str: ...

    def city_of(self, customer_number: str) -> str: ...

    def require_not_erased(self, customer_number: str) -> None: ...

    def erase(self, customer_number: str, reason: str) -> int: ...

    def take_in_clear(self) -> None: ...

    def renew(self, records_max: int) -> int: ...


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

    @property
    def status_since_us(self) -> int: ...

    @property
    def suspended_reason(self) -> str: ...

    @property
    def updated_at_us(self) -> int: ...


class Subscriptions(Protocol):
    """The part of the subscriptions' repository that is needed here."""

    def prefetch(self, subscription_ids: Iterable[str]) -> None: ...

    def prefetch_numbers(self, service_numbers: Iterable[str]) -> None: ...

    def find_by_number(self, service_number: str) -> HeldSubscription | None: ...

    def of_customer(self, customer_number: str) -> Sequence[HeldSubscription]: ...

    def forget_reasons(self, customer_number: str) -> None: ...

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


class Work(AuthenticationWork, Protocol):
    """The part of the unit of work that is needed here."""

    @property
    def customers(self) -> Customers: ...

    @property
    def subscriptions(self) -> Subscriptions: ...

    @property
    def now_us(self) -> int: ...


def query_customer_profile(command: QueryCustomerProfile, uow: Work) -> CustomerProfileQueried:
    """Gives out a customer's profile with all subscriptions, terminated ones too.

    Raises CustomerNotAuthenticated, CustomerNotNamed, CustomerNotFound (also where the two numbers name two customers).
    """
    held_by = uow.subscriptions.find_by_number(command.service_number) if command.service_number else None
    whose = held_by.customer_number if held_by is not None else command.customer_number
    require_customer_authentication(
        command.authentication, PROFILE, whose, command.asking_node, command.interaction, uow
    )
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
            column = "customer_number" if isinstance(refusal, CustomerErased) else "service_number"
            finding = Finding(column, refusal.code, refusal.text("en"), refusal.text("zh"))
            problems.append(RowProblem(row.line, (finding,)))
    return CustomersImported(counts[NEW], counts[CHANGED], counts[SAME], tuple(problems))


def _take_over(row: CustomerRecord, uow: Work) -> str:
    """One row. The subscription comes first: where it is refused, nothing of the row has been staged."""
    uow.customers.require_not_erased(row.customer_number)
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


def export_customer(command: ExportCustomer, uow: Work) -> CustomerExported:
    """All that is stored about a customer, readable by whoever gets it. Raises CustomerNotFound, CustomerErased."""
    customer = uow.customers.get(command.customer_number)
    require_reach_of_city(uow, EXPORT, customer.city_code)
    held = uow.subscriptions.of_customer(customer.customer_number)
    return CustomerExported(
        {
            "customer_number": customer.customer_number,
            "kind": customer.kind,
            "name": customer.name,
            "document_kind": customer.document_kind,
            "document_number": customer.document_number,
            "contact_number": customer.contact_number,
            "address": customer.address,
            "city_code": customer.city_code,
            "number_in_former_system": customer.import_reference,
            "created_at": iso(customer.created_at_us),
            "updated_at": iso(customer.updated_at_us),
        },
        tuple(
            {
                "subscription_id": s.subscription_id,
                "service_number": s.service_number,
                "offering": s.offering,
                "status": s.status,
                "status_since": iso(s.status_since_us) if s.status_since_us else "",
                "suspended_reason": s.suspended_reason,
            }
            for s in held
        ),
    )


def erase_customer(command: EraseCustomer, uow: Work) -> CustomerErasedForGood:
    """Destroys the customer's keys, and with them all that was sealed under them; takes the name and all that the
    customer is found by away. Number and subscriptions stay, for bills, ledgers and evidence. Safe to repeat.

    Raises CustomerNotFound; CustomerHasSubscriptions; CustomerKeptByLaw while the time after the last service runs.
    """
    require_reach_of_city(uow, ERASE, uow.customers.city_of(command.customer_number))
    held = uow.subscriptions.of_customer(command.customer_number)
    running = sum(s.status != "terminated" for s in held)
    if running:
        raise CustomerHasSubscriptions(customer_number=command.customer_number, count=running)
    until_us = max((s.status_since_us or s.updated_at_us for s in held), default=0) + command.kept_us
    if held and until_us > uow.now_us:
        raise CustomerKeptByLaw(customer_number=command.customer_number, until=iso(until_us))
    erased_at_us = uow.customers.erase(command.customer_number, command.reason)
    uow.subscriptions.forget_reasons(command.customer_number)
    uow.authentications.forget(command.customer_number)
    return CustomerErasedForGood(command.customer_number, erased_at_us)


class CustomerRecords:
    """Customers as the rotation of keys sees them (common.personal_data.handlers.RecordHolder)."""

    def take_in(self, uow: Any) -> None:
        """When the node starts: what the release before added since the migration."""
        uow.customers.take_in_clear()

    def renew(self, uow: Any, records_max: int) -> int:
        """Seals up to so many customers under the current keys. How many."""
        renewed: int = uow.customers.renew(records_max)
        return renewed

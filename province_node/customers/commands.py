"""What can be asked about customers."""

from __future__ import annotations

from dataclasses import dataclass

IMPORT_ROWS_MAX = 500
"""Rows of one ImportCustomers, which is one transaction: small enough that interactive work hardly waits."""


@dataclass(frozen=True, slots=True)
class QueryCustomerProfile:
    """Show a customer's profile.

    One of `customer_number` and `service_number` names the customer; the other is empty, or names the same one.
    `authentication` is a name of CustomerAuthentication without its prefix; `asking_node` and `interaction` say where
    it is asked, and in which interaction with the customer.
    """

    customer_number: str
    service_number: str
    authentication: str
    asking_node: str = ""
    interaction: bytes = b""


@dataclass(frozen=True, slots=True)
class SubscriptionRecord:
    """The subscription that a row of an extract names. `status_since_us` 0: the extract does not say since when."""

    subscription_id: str
    service_number: str
    offering: str
    status: str
    status_since_us: int = 0
    suspended_reason: str = ""


@dataclass(frozen=True, slots=True)
class CustomerRecord:
    """One good row of an extract, checked and in normal form. `line` is where it stands in the file, for reports;
    `source_reference` is what the legacy system calls the customer."""

    line: int
    customer_number: str
    kind: str
    name: str = ""
    document_kind: str = ""
    document_number: str = ""
    contact_number: str = ""
    address: str = ""
    city_code: str = ""
    source_reference: str = ""
    subscription: SubscriptionRecord | None = None


@dataclass(frozen=True, slots=True)
class ShowCustomer:
    """Show a customer's record, masked."""

    customer_number: str


@dataclass(frozen=True, slots=True)
class RevealCustomer:
    """Show what masks hide of a customer: these `fields`, for a `reason` without personal data."""

    customer_number: str
    fields: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class NoteCustomerSearch:
    """Customers were looked for `by` a document, a contact number or an address, and `found` were found: noted before
    they are shown. What was looked for is personal data, and is not noted."""

    by: str
    city_code: str
    found: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExportCustomer:
    """Give out all that is stored about a customer, for the customer."""

    customer_number: str


@dataclass(frozen=True, slots=True)
class EraseCustomer:
    """Do away with a customer's personal data, for good. `reason`: why, in words without personal data. `kept_us`: for
    so long after the end of the last service the law keeps it."""

    customer_number: str
    reason: str
    kept_us: int


@dataclass(frozen=True, slots=True)
class ImportCustomers:
    """Take in some rows of an extract, at most IMPORT_ROWS_MAX, all in one transaction."""

    rows: tuple[CustomerRecord, ...]

"""A customer: a person or an enterprise that has, or had, something from us."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from common.errors import Refusal
from province_node.customers.commands import CustomerRecord, SubscriptionRecord

INDIVIDUAL = "individual"
ENTERPRISE = "enterprise"
KINDS = (INDIVIDUAL, ENTERPRISE)

RESIDENT_ID = "resident_id"
USCC = "uscc"
DOCUMENT_KINDS = (
    RESIDENT_ID,
    "hk_macao_resident_permit",
    "taiwan_resident_permit",
    "foreign_resident_permit",
    "passport",
    USCC,
    "business_licence",
    "other",
)
"""Resident identity card; residence permits of people from Hong Kong and Macao, from Taiwan, and from abroad; passport;
unified social credit code; the older business licence numbers; anything else."""

NEW = "new"
CHANGED = "changed"
SAME = "same"
"""What a row of an extract did to the customer it names."""

DIGEST_BYTES = 16


class CustomerNotFound(Refusal):
    """Nobody here has this customer number, or is reached by this service number."""

    en = "This province has no such customer."
    zh = "本省没有该客户。"


class CustomerNotNamed(Refusal):
    """Neither a customer number nor a service number was given."""

    en = "Give a customer number or a service number."
    zh = "请提供客户编号或业务号码。"


@dataclass(slots=True)
class Customer:
    """A customer of this province. The fields are the columns of its row, in their order.

    `customer_number` is unique in the whole country: it begins with the province's code ("44-0000000123").
    `import_reference` is what the legacy system calls the customer; `import_digest` covers what the last extract said.
    Both are empty where no extract ever named the customer.
    """

    customer_number: str
    kind: str
    name: str
    document_kind: str
    document_number: str
    contact_number: str
    address: str
    city_code: str
    import_reference: str
    import_digest: bytes
    created_at_us: int
    updated_at_us: int


def take_over(known: Customer | None, record: CustomerRecord, now_us: int) -> tuple[Customer, str]:
    """The customer after a row of an extract, and whether it is NEW, CHANGED or SAME.

    A row that says what the last extract said changes nothing, whatever has been done to the customer here since.
    """
    digest = _digest_of(record)
    if known is not None and known.import_digest == digest:
        return known, SAME
    return Customer(
        customer_number=record.customer_number,
        kind=record.kind,
        name=record.name,
        document_kind=record.document_kind,
        document_number=record.document_number,
        contact_number=record.contact_number,
        address=record.address,
        city_code=record.city_code,
        import_reference=record.source_reference,
        import_digest=digest,
        created_at_us=now_us if known is None else known.created_at_us,
        updated_at_us=now_us,
    ), (NEW if known is None else CHANGED)


def subscription_digest(customer_number: str, subscription: SubscriptionRecord) -> bytes:
    """Covers what a row says about a customer's subscription, but for the status, which is compared by itself."""
    return _hash(customer_number, subscription.service_number, subscription.offering)


def _digest_of(record: CustomerRecord) -> bytes:
    return _hash(
        record.kind,
        record.name,
        record.document_kind,
        record.document_number,
        record.contact_number,
        record.address,
        record.city_code,
        record.source_reference,
    )


def _hash(*parts: str) -> bytes:
    # No part holds a control character (the reader of extracts takes none), so the separator keeps them apart.
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=DIGEST_BYTES).digest()

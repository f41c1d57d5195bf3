"""A customer: a person or an enterprise that has, or had, something from us."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

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


class CustomerErased(Refusal):
    """The customer's personal data was erased, for good."""

    en = "The personal data of customer {customer_number} was erased; nothing can be shown of it or added to it."
    zh = "客户 {customer_number} 的个人信息已删除，无法显示或补充。"


class CustomerHasSubscriptions(Refusal):
    """Somebody with running services cannot be unknown."""

    en = "Customer {customer_number} has {count} subscriptions that are not terminated. Terminate them first."
    zh = "客户 {customer_number} 尚有 {count} 个未销户的订购，请先办理销户。"


class CustomerKeptByLaw(Refusal):
    """The time for which records of real names must be kept after the end of service is not over."""

    en = "The data of customer {customer_number} must be kept until {until} (so long after the end of service)."
    zh = "客户 {customer_number} 的信息须保存至 {until}（终止服务后的法定保存期）。"


@dataclass(slots=True)
class Customer:
    """A customer of this province, in the clear: never logged, never stored like this.

    `customer_number` is unique in the whole country: it begins with the province's code ("44-0000000123").
    `import_reference` is what the legacy system calls the customer; `import_digest` covers what the last extract said.
    Both are empty where no extract ever named the customer.
    """

    customer_number: str
    kind: str
    name: str = field(repr=False)
    document_kind: str = field(repr=False)
    document_number: str = field(repr=False)
    contact_number: str = field(repr=False)
    address: str = field(repr=False)
    city_code: str
    import_reference: str
    import_digest: bytes = field(repr=False)
    created_at_us: int
    updated_at_us: int


def import_digest(record: CustomerRecord) -> bytes:
    """Covers what a row of an extract says about a customer. Guessable by whoever knows most of it, as any digest of
    personal data is: it is stored sealed."""
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


def subscription_digest(customer_number: str, subscription: SubscriptionRecord) -> bytes:
    """Covers what a row says about a customer's subscription, but for the status, which is compared by itself."""
    return _hash(customer_number, subscription.service_number, subscription.offering)


def _hash(*parts: str) -> bytes:
    # No part holds a control character (the reader of extracts takes none), so the separator keeps them apart.
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=DIGEST_BYTES).digest()

"""A subscription and what may be done with it."""

from __future__ import annotations

from dataclasses import dataclass

from common.errors import Refusal

ACTIVE = "active"
SUSPENDED = "suspended"
TERMINATED = "terminated"
STATUSES = (ACTIVE, SUSPENDED, TERMINATED)

REASON_CHARS_MAX = 200

NEW = "new"
CHANGED = "changed"
SAME = "same"
"""What taking over an extract's word did to a subscription."""


class SubscriptionNotFound(Refusal):
    """No subscription of this province has this id."""

    en = "There is no subscription {subscription_id} in this province."
    zh = "本省没有订购 {subscription_id}。"


class SubscriptionAlreadySuspended(Refusal):
    """It is out of service already; nothing was changed."""

    en = "Subscription {subscription_id} is already suspended."
    zh = "订购 {subscription_id} 已处于停机状态。"


class SubscriptionNotSuspended(Refusal):
    """Only what is out of service can be resumed."""

    en = "Subscription {subscription_id} is not suspended."
    zh = "订购 {subscription_id} 未处于停机状态，无需复机。"


class SubscriptionTerminated(Refusal):
    """It has been terminated, which is for good."""

    en = "Subscription {subscription_id} has been terminated."
    zh = "订购 {subscription_id} 已销户。"


class SuspensionReasonTooLong(Refusal):
    """The reason is a line for people to read, not a document."""

    en = "The reason may have at most {chars_max} characters."
    zh = "停机原因最多 {chars_max} 个字符。"


class ServiceNumberTaken(Refusal):
    """Another subscription in service is reached by this number."""

    en = "The service number belongs to subscription {subscription_id}."
    zh = "该业务号码已属于订购 {subscription_id}。"


@dataclass(slots=True)
class Subscription:
    """What a customer has from us. The fields are the columns of its row, in their order.

    `status_request_id` is the service request that brought the status about; empty where none did. `imported_digest`
    and `imported_status` are what the last extract said, so that only what the legacy system has changed since is
    taken from the next one; both are empty where no extract ever named the subscription.
    """

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

    def suspend(self, reason: str, request_id: bytes, now_us: int) -> None:
        """Out of service from now on. Raises SubscriptionTerminated, SubscriptionAlreadySuspended,
        SuspensionReasonTooLong."""
        if self.status != ACTIVE:
            if self.status == TERMINATED:
                raise SubscriptionTerminated(subscription_id=self.subscription_id)
            raise SubscriptionAlreadySuspended(subscription_id=self.subscription_id)
        if len(reason) > REASON_CHARS_MAX:
            raise SuspensionReasonTooLong(chars_max=REASON_CHARS_MAX)
        self._enter(SUSPENDED, reason, request_id, now_us)

    def resume(self, request_id: bytes, now_us: int) -> None:
        """In service again from now on. Raises SubscriptionTerminated, SubscriptionNotSuspended."""
        if self.status != SUSPENDED:
            if self.status == TERMINATED:
                raise SubscriptionTerminated(subscription_id=self.subscription_id)
            raise SubscriptionNotSuspended(subscription_id=self.subscription_id)
        self._enter(ACTIVE, "", request_id, now_us)

    def _enter(self, status: str, reason: str, request_id: bytes, now_us: int) -> None:
        self.status = status
        self.status_since_us = now_us
        self.suspended_reason = reason
        self.status_request_id = request_id
        self.updated_at_us = now_us

    @property
    def holds_its_number(self) -> bool:
        """Whether the service number is this subscription's; a terminated one has given it back for others."""
        return bool(self.service_number) and self.status != TERMINATED


@dataclass(frozen=True, slots=True)
class ExtractedSubscription:
    """A subscription as an extract of the legacy system describes it. `status_since_us` 0: the extract does not say.
    `digest` covers all but the status."""

    subscription_id: str
    customer_number: str
    service_number: str
    offering: str
    status: str
    status_since_us: int
    suspended_reason: str
    digest: bytes


def take_over(known: Subscription | None, extracted: ExtractedSubscription, now_us: int) -> tuple[Subscription, str]:
    """The subscription after an extract's word, and whether it is NEW, CHANGED or SAME.

    A part is taken only where the extract says something else than the last one did: a subscription suspended here
    since then is not put back into service because an extract is loaded again.
    """
    if known is None:
        return _new_from(extracted, now_us), NEW
    outcome = SAME
    if known.imported_digest != extracted.digest:
        known.customer_number = extracted.customer_number
        known.service_number = extracted.service_number
        known.offering = extracted.offering
        known.imported_digest = extracted.digest
        outcome = CHANGED
    if known.imported_status != extracted.status:
        if known.status != extracted.status:
            known._enter(extracted.status, extracted.suspended_reason, b"", extracted.status_since_us or now_us)
        known.imported_status = extracted.status
        outcome = CHANGED
    if outcome == CHANGED:
        known.updated_at_us = now_us
    return known, outcome


def _new_from(extracted: ExtractedSubscription, now_us: int) -> Subscription:
    return Subscription(
        subscription_id=extracted.subscription_id,
        customer_number=extracted.customer_number,
        service_number=extracted.service_number,
        offering=extracted.offering,
        status=extracted.status,
        status_since_us=extracted.status_since_us or now_us,
        suspended_reason=extracted.suspended_reason,
        status_request_id=b"",
        imported_digest=extracted.digest,
        imported_status=extracted.status,
        created_at_us=now_us,
        updated_at_us=now_us,
    )

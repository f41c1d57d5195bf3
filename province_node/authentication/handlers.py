"""Making sure of a customer at home.

Who asks learns whether what was given is right, and nothing else: an unknown customer, one without a password, a wrong
secret and too many failures are answered alike, after the same work. Every attempt is counted before it is judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from common.authentication.parameters import CODE_MINUTES, KEPT_DAYS, LOCK_MINUTES, TRIES_MAX, VALID_MINUTES
from common.authentication.sufficient import METHODS, ONE_TIME_CODE, SERVICE_PASSWORD
from common.communication.model import SMS, Message
from common.communication.sending import send_message
from common.errors import Refusal
from common.interfaces.placing import Work as CallingWork
from common.personal_data.blind_index import normal_document
from common.requests.registry import WORKING
from province_node.authentication.asked_from import AskedFrom
from province_node.authentication.commands import (
    AuthenticateCustomer,
    JudgePassword,
    SendOneTimeCode,
    SetServicePassword,
)
from province_node.authentication.events import (
    CustomerAuthenticated,
    OneTimeCodeSent,
    PasswordAsked,
    ServicePasswordSet,
)
from province_node.authentication.model import (
    ALL_CHANNELS,
    ALL_CHANNELS_TIMES,
    CHANNEL_CHARACTERS_MAX,
    CODE_AGAIN_US,
    INTERACTION_BYTES,
    NAME_CHARACTERS_MAX,
    NUMBER_CHARACTERS_MAX,
    SECRET_CHARACTERS_MAX,
    Attempts,
    AuthenticationMethodUnknown,
    InteractionMissing,
    SentCode,
    Verified,
    code_of,
    hash_code,
    require_reason,
    same,
)

MINUTE_US, DAY_US = 60_000_000, 86_400_000_000

NOT_AUTHENTICATED = CustomerAuthenticated(False)


class Known(Protocol):
    """A customer as it is needed here."""

    @property
    def customer_number(self) -> str: ...

    @property
    def document_number(self) -> str: ...

    @property
    def contact_number(self) -> str: ...


class Customers(Protocol):
    """The customers of this province."""

    def get(self, customer_number: str) -> Known: ...


class Held(Protocol):
    """A subscription as it is needed here."""

    @property
    def customer_number(self) -> str: ...


class Subscriptions(Protocol):
    """The subscriptions of this province."""

    def find_by_number(self, service_number: str) -> Held | None: ...


class Authentications(Protocol):
    """What is known for authenticating customers, and what was verified."""

    def password(self, customer_number: str) -> str: ...

    def set_password(self, customer_number: str, hashed: str) -> None: ...

    def attempts(self, customer_number: str, channel: str) -> Attempts: ...

    def save_attempts(self, customer_number: str, channel: str, attempts: Attempts) -> None: ...

    def forget_attempts(self, customer_number: str, channel: str) -> None: ...

    def code(self, customer_number: str) -> SentCode | None: ...

    def save_code(self, sent: SentCode) -> None: ...

    def forget_code(self, customer_number: str) -> None: ...

    def note(self, verified: Verified, kept_us: int) -> None: ...


class Work(CallingWork, Protocol):
    """The part of the unit of work that is needed here."""

    @property
    def customers(self) -> Customers: ...

    @property
    def subscriptions(self) -> Subscriptions: ...

    @property
    def authentications(self) -> Authentications: ...


def send_one_time_code(command: SendOneTimeCode, uow: Work) -> OneTimeCodeSent:
    """A code on its way, where there is somebody to send it to, and none was just sent. Raises InteractionMissing."""
    _require_interaction(command.asked_from)
    valid_until_us = uow.now_us + uow.node.parameters.value(CODE_MINUTES, uow.now_us) * MINUTE_US
    customer = _customer(command.customer_number, command.service_number, uow)
    if customer is not None:
        _send_code(customer, command.asked_from, valid_until_us, uow)
    return OneTimeCodeSent(valid_until_us)


def _send_code(customer: Known, asked_from: AskedFrom, valid_until_us: int, uow: Work) -> None:
    former = uow.authentications.code(customer.customer_number)
    if former is not None and uow.now_us < former.sent_at_us + CODE_AGAIN_US:
        return
    # Identities nobody else gets: what is random in them is as good as any.
    code, salt = code_of(uow.ids.new()), uow.ids.new()
    minutes = (valid_until_us - uow.now_us) // MINUTE_US
    text = f"【全网CRM】验证码 {code}，{minutes} 分钟内有效。工作人员以外的任何人索要，请勿告知。"
    message = Message(SMS, customer.contact_number, text)
    if message.flaw() is not None:
        return
    send_message(uow, message, customer_number=customer.customer_number, not_after_us=valid_until_us)
    uow.authentications.save_code(
        SentCode(
            customer.customer_number,
            asked_from.node,
            asked_from.interaction,
            salt,
            hash_code(code, salt),
            uow.now_us,
            valid_until_us,
        )
    )


def authenticate_customer(command: AuthenticateCustomer, uow: Work) -> CustomerAuthenticated | object:
    """Whether it is the customer; WORKING where a password must be compared. Raises InteractionMissing,
    AuthenticationMethodUnknown."""
    _require_interaction(command.asked_from)
    if command.method not in METHODS:
        raise AuthenticationMethodUnknown(method=repr(command.method[:NAME_CHARACTERS_MAX]), known=", ".join(METHODS))
    customer = _customer(command.customer_number, command.service_number, uow)
    number = customer.customer_number if customer is not None else ""
    may_succeed = customer is not None and _begin_attempt(number, command.asked_from, uow)
    secret = command.secret[:SECRET_CHARACTERS_MAX]
    if command.method == SERVICE_PASSWORD:
        # The same work whether or not it can succeed.
        stored = uow.authentications.password(number) if may_succeed else ""
        uow.record(PasswordAsked(number, stored, secret, command.asked_from))
        return WORKING
    if customer is None or not may_succeed:
        return NOT_AUTHENTICATED
    fits = _fits_code if command.method == ONE_TIME_CODE else _fits_document
    if not fits(customer, secret, command, uow):
        return NOT_AUTHENTICATED
    return _verified(number, command.method, command.asked_from, uow)


def judge_password(command: JudgePassword, uow: Work) -> CustomerAuthenticated:
    """What a comparison says, if it was with the password that the customer still has."""
    stored = uow.authentications.password(command.customer_number) if command.customer_number else ""
    if not command.right or not command.stored or not same(command.stored, stored):
        return NOT_AUTHENTICATED
    return _verified(command.customer_number, SERVICE_PASSWORD, command.asked_from, uow)


def set_service_password(command: SetServicePassword, uow: Work) -> ServicePasswordSet:
    """Raises PasswordReasonMissing, CustomerNotFound, CustomerErased."""
    require_reason(command.reason)
    customer = uow.customers.get(command.customer_number)
    uow.authentications.set_password(customer.customer_number, command.hashed)
    return ServicePasswordSet(customer.customer_number, uow.now_us)


def _require_interaction(asked_from: AskedFrom) -> None:
    if len(asked_from.interaction) != INTERACTION_BYTES:
        raise InteractionMissing()


def _customer(customer_number: str, service_number: str, uow: Work) -> Known | None:
    """Whom the numbers name; None: nobody, or two."""
    number = customer_number
    if service_number:
        held = uow.subscriptions.find_by_number(service_number)
        if held is None or customer_number not in ("", held.customer_number):
            return None
        number = held.customer_number
    if not 0 < len(number) <= NUMBER_CHARACTERS_MAX:
        return None
    try:
        return uow.customers.get(number)
    except Refusal:
        # Not there, or erased: nobody to be authenticated, which is answered as any other failure.
        return None


def _begin_attempt(customer_number: str, asked_from: AskedFrom, uow: Work) -> bool:
    """Counts an attempt over its channel and over all. Whether it may succeed."""
    book, kept = uow.node.parameters, uow.authentications
    most, lock_us = book.value(TRIES_MAX, uow.now_us), book.value(LOCK_MINUTES, uow.now_us) * MINUTE_US
    allowed = True
    for channel, tries in _channels(asked_from, most):
        attempts = kept.attempts(customer_number, channel)
        allowed = attempts.begin(tries, lock_us, uow.now_us) and allowed
        kept.save_attempts(customer_number, channel, attempts)
    return allowed


def _channels(asked_from: AskedFrom, most: int) -> Sequence[tuple[str, int]]:
    # No channel is named like one that is, so that it is not taken for all together.
    own = f"={asked_from.channel}"[:CHANNEL_CHARACTERS_MAX]
    return (own, most), (ALL_CHANNELS, most * ALL_CHANNELS_TIMES)


def _fits_code(customer: Known, secret: str, command: AuthenticateCustomer, uow: Work) -> bool:
    sent = uow.authentications.code(customer.customer_number)
    if sent is None or uow.now_us >= sent.valid_until_us:
        return False
    given = hash_code(secret, sent.salt)
    where = (command.asked_from.node, command.asked_from.interaction)
    if (sent.node, sent.interaction) != where or not same(given.hex(), sent.code_hash.hex()):
        return False
    uow.authentications.forget_code(customer.customer_number)
    return True


def _fits_document(customer: Known, secret: str, _command: AuthenticateCustomer, _uow: Work) -> bool:
    return bool(customer.document_number) and same(normal_document(secret), normal_document(customer.document_number))


def _verified(customer_number: str, method: str, asked_from: AskedFrom, uow: Work) -> CustomerAuthenticated:
    """It is the customer: noted with who made sure of it, and counted within this interaction for a while."""
    book, now_us = uow.node.parameters, uow.now_us
    for channel, _ in _channels(asked_from, 1):
        uow.authentications.forget_attempts(customer_number, channel)
    valid_until_us = now_us + book.value(VALID_MINUTES, now_us) * MINUTE_US
    uow.authentications.note(
        Verified(
            asked_from.node,
            asked_from.interaction,
            customer_number,
            method,
            now_us,
            valid_until_us,
            asked_from.leg_id,
            asked_from.operator[:NAME_CHARACTERS_MAX],
            asked_from.organisation[:NAME_CHARACTERS_MAX],
            asked_from.channel[:CHANNEL_CHARACTERS_MAX],
        ),
        book.value(KEPT_DAYS, now_us) * DAY_US,
    )
    return CustomerAuthenticated(True, valid_until_us)


HANDLERS: dict[type, Any] = {JudgePassword: judge_password, SetServicePassword: set_service_password}

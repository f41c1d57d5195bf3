"""What the home province knows for authenticating its customers, and what it has verified."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple
from typing import NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork
from common.ids import LEG_ID_BYTES
from province_node.authentication.model import (
    CHANNEL_CHARACTERS_MAX,
    CODE_HASH_BYTES,
    INTERACTION_BYTES,
    METHOD_CHARACTERS_MAX,
    NAME_CHARACTERS_MAX,
    NUMBER_CHARACTERS_MAX,
    SALT_BYTES,
    Attempts,
    SentCode,
    Verified,
)

HASH_CHARS_MAX = 200
FORGOTTEN_AT_ONCE = 20

service_passwords = sa.Table(
    "service_passwords",
    METADATA,
    sa.Column("customer_number", sa.String(NUMBER_CHARACTERS_MAX), primary_key=True),
    sa.Column("hashed", sa.String(HASH_CHARS_MAX), nullable=False),
    sa.Column("set_at_us", sa.BigInteger, nullable=False),
)
authentication_attempts = sa.Table(
    "authentication_attempts",
    METADATA,
    sa.Column("customer_number", sa.String(NUMBER_CHARACTERS_MAX), primary_key=True),
    sa.Column("channel", sa.String(CHANNEL_CHARACTERS_MAX), primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last_at_us", sa.BigInteger, nullable=False),
    sa.Column("locked_until_us", sa.BigInteger, nullable=False),
)
one_time_codes = sa.Table(
    "one_time_codes",
    METADATA,
    sa.Column("customer_number", sa.String(NUMBER_CHARACTERS_MAX), primary_key=True),
    sa.Column("node", sa.String(2), nullable=False),
    sa.Column("interaction", sa.LargeBinary(INTERACTION_BYTES), nullable=False),
    sa.Column("salt", sa.LargeBinary(SALT_BYTES), nullable=False),
    sa.Column("code_hash", sa.LargeBinary(CODE_HASH_BYTES), nullable=False),
    sa.Column("sent_at_us", sa.BigInteger, nullable=False),
    sa.Column("valid_until_us", sa.BigInteger, nullable=False),
)
customer_authentications = sa.Table(
    "customer_authentications",
    METADATA,
    sa.Column("node", sa.String(2), primary_key=True),
    sa.Column("interaction", sa.LargeBinary(INTERACTION_BYTES), primary_key=True),
    sa.Column("customer_number", sa.String(NUMBER_CHARACTERS_MAX), primary_key=True),
    sa.Column("method", sa.String(METHOD_CHARACTERS_MAX), primary_key=True),
    sa.Column("verified_at_us", sa.BigInteger, nullable=False, index=True),
    sa.Column("valid_until_us", sa.BigInteger, nullable=False),
    sa.Column("leg_id", sa.LargeBinary(LEG_ID_BYTES), nullable=False),
    sa.Column("operator", sa.String(NAME_CHARACTERS_MAX), nullable=False),
    sa.Column("organisation", sa.String(NAME_CHARACTERS_MAX), nullable=False),
    sa.Column("channel", sa.String(CHANNEL_CHARACTERS_MAX), nullable=False),
)
"""Evidence as well: who made sure of whom, how, when, and by which request."""


class PasswordRow(NamedTuple):
    """A row of `service_passwords`. `hashed`: by Argon2id, a PHC string."""

    customer_number: str
    hashed: str
    set_at_us: int


class AttemptRow(NamedTuple):
    """A row of `authentication_attempts`. `channel` empty: all together."""

    customer_number: str
    channel: str
    failures: int
    last_at_us: int
    locked_until_us: int


class CodeRow(NamedTuple):
    """A row of `one_time_codes`: the last code of a customer, good within one interaction."""

    customer_number: str
    node: str
    interaction: bytes
    salt: bytes
    code_hash: bytes
    sent_at_us: int
    valid_until_us: int


class AuthenticationRow(NamedTuple):
    """A row of `customer_authentications`."""

    node: str
    interaction: bytes
    customer_number: str
    method: str
    verified_at_us: int
    valid_until_us: int
    leg_id: bytes
    operator: str
    organisation: str
    channel: str


PASSWORDS = RowSpec(service_passwords, PasswordRow)
ATTEMPTS = RowSpec(authentication_attempts, AttemptRow, key_width=2)
CODES = RowSpec(one_time_codes, CodeRow)
AUTHENTICATIONS = RowSpec(customer_authentications, AuthenticationRow, key_width=4)


class AuthenticationRepository:
    """Within one group of work."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def password(self, customer_number: str) -> str:
        """The stored hash; empty: there is none."""
        row = self._uow.rows(PASSWORDS).get(customer_number)
        return "" if row is None else row.hashed

    def prefetch(self, customer_numbers: Iterable[str]) -> None:
        """Loads at once what `has_password` will be asked for."""
        self._uow.rows(PASSWORDS).prefetch(number for number in customer_numbers if number)

    def has_password(self, customer_number: str) -> bool:
        """Whether home can verify a service password of this customer."""
        return bool(self.password(customer_number))

    def set_password(self, customer_number: str, hashed: str) -> None:
        """Stages another password."""
        rows = self._uow.rows(PASSWORDS)
        rows.get(customer_number)
        rows.update(PasswordRow(customer_number, hashed, self._uow.now_us))

    def attempts(self, customer_number: str, channel: str) -> Attempts:
        """The failures so far."""
        row = self._uow.rows(ATTEMPTS).get((customer_number, channel))
        return Attempts() if row is None else Attempts(row.failures, row.last_at_us, row.locked_until_us)

    def save_attempts(self, customer_number: str, channel: str, attempts: Attempts) -> None:
        """Stages them; `attempts` was asked for before."""
        row = AttemptRow(customer_number, channel, attempts.failures, attempts.last_at_us, attempts.locked_until_us)
        self._uow.rows(ATTEMPTS).update(row)

    def forget_attempts(self, customer_number: str, channel: str) -> None:
        """The customer is who they say: what failed before counts no more."""
        self._uow.rows(ATTEMPTS).delete((customer_number, channel))

    def code(self, customer_number: str) -> SentCode | None:
        """The last code that was sent."""
        row = self._uow.rows(CODES).get(customer_number)
        return None if row is None else SentCode(*row)

    def save_code(self, sent: SentCode) -> None:
        """Stages a new code; `code` was asked for before."""
        self._uow.rows(CODES).update(CodeRow._make(astuple(sent)))

    def forget_code(self, customer_number: str) -> None:
        """A code is good once."""
        self._uow.rows(CODES).delete(customer_number)

    def is_verified(self, node: str, interaction: bytes, customer_number: str, method: str) -> bool:
        """Whether home itself has made sure of the customer, by this method, within this interaction."""
        if not interaction:
            return False
        row = self._uow.rows(AUTHENTICATIONS).get((node, interaction, customer_number, method))
        return row is not None and row.verified_at_us <= self._uow.now_us < row.valid_until_us

    def note(self, verified: Verified, kept_us: int) -> None:
        """Stages that a customer was authenticated, and takes some of what is too old away."""
        rows, c = self._uow.rows(AUTHENTICATIONS), customer_authentications.c
        row = AuthenticationRow._make(astuple(verified))
        rows.get(row[: AUTHENTICATIONS.key_width])
        rows.update(row)
        keys = sa.select(c.node, c.interaction, c.customer_number, c.method)
        old = keys.where(c.verified_at_us < self._uow.now_us - kept_us).limit(FORGOTTEN_AT_ONCE)
        for key in self._uow.query(old).all():
            rows.delete(tuple(key))

    def forget(self, customer_number: str) -> None:
        """The customer is erased. What was verified stays as evidence: it holds nothing personal."""
        self._uow.rows(PASSWORDS).delete(customer_number)
        self._uow.rows(CODES).delete(customer_number)
        statement = sa.delete(authentication_attempts)
        self._uow.query(statement.where(authentication_attempts.c.customer_number == customer_number))

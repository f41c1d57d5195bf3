"""Credentials, sessions, and failed tries in the database. Of passwords, session and recovery codes only hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork
from common.operators.model import OPERATOR_CHARACTERS_MAX
from common.organisations.model import ID_CHARACTERS_MAX

PHC_CHARACTERS_MAX = 256
ADDRESS_CHARACTERS_MAX = 64

credentials = sa.Table(
    "credentials",
    METADATA,
    sa.Column("operator", sa.String(OPERATOR_CHARACTERS_MAX), primary_key=True),
    sa.Column("password", sa.String(PHC_CHARACTERS_MAX), nullable=False),
    sa.Column("expires_at_us", sa.BigInteger, nullable=False),
    sa.Column("changed_at_us", sa.BigInteger, nullable=False),
    sa.Column("factor", sa.LargeBinary, nullable=False),
    sa.Column("factor_on_at_us", sa.BigInteger, nullable=False),
    sa.Column("factor_step", sa.BigInteger, nullable=False),
    sa.Column("recovery_hashes", sa.Text, nullable=False),
)

sessions = sa.Table(
    "sessions",
    METADATA,
    sa.Column("session_id", sa.LargeBinary(16), primary_key=True),
    sa.Column("secret_hash", sa.LargeBinary(32), nullable=False),
    sa.Column("operator", sa.String(OPERATOR_CHARACTERS_MAX), nullable=False),
    sa.Column("organisation_id", sa.String(ID_CHARACTERS_MAX), nullable=False),
    sa.Column("one_time", sa.Boolean, nullable=False),
    sa.Column("address", sa.String(ADDRESS_CHARACTERS_MAX), nullable=False),
    sa.Column("opened_at_us", sa.BigInteger, nullable=False),
    sa.Column("used_at_us", sa.BigInteger, nullable=False),
)
sa.Index("sessions_by_operator", sessions.c.operator, sessions.c.session_id)

sign_in_failures = sa.Table(
    "sign_in_failures",
    METADATA,
    sa.Column("subject", sa.String(64), primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("wait_until_us", sa.BigInteger, nullable=False),
    sa.Column("failed_at_us", sa.BigInteger, nullable=False),
)
sa.Index("sign_in_failures_by_time", sign_in_failures.c.failed_at_us)


class CredentialRow(NamedTuple):
    """A row of `credentials`. `expires_at_us`: of a one-time password; 0: it is the operator's own. `factor`: the
    sealed secret of the second factor, in use since `factor_on_at_us` (0: not yet); `factor_step`: the last step of
    time whose code was used. `recovery_hashes`: of the codes that are left, parted by spaces."""

    operator: str
    password: str
    expires_at_us: int
    changed_at_us: int
    factor: bytes = b""
    factor_on_at_us: int = 0
    factor_step: int = 0
    recovery_hashes: str = ""

    @property
    def one_time(self) -> bool:
        """Whether it must be changed before anything else."""
        return self.expires_at_us > 0


class SessionRow(NamedTuple):
    """A row of `sessions`. `one_time`: opened with a one-time password."""

    session_id: bytes
    secret_hash: bytes
    operator: str
    organisation_id: str
    one_time: bool
    address: str
    opened_at_us: int
    used_at_us: int


class FailureRow(NamedTuple):
    """A row of `sign_in_failures`: how often somebody failed in a row, and until when they wait."""

    subject: str
    failures: int
    wait_until_us: int
    failed_at_us: int


CREDENTIALS = RowSpec(credentials, CredentialRow)
SESSIONS = RowSpec(sessions, SessionRow)
FAILURES = RowSpec(sign_in_failures, FailureRow)


def account_subject(operator: str) -> str:
    """Under what an account's failures are counted, whether or not there is such an account. Hashed: people type
    passwords into the wrong field."""
    return "a:" + hashlib.sha256(operator.encode()).hexdigest()[:60]


def address_subject(address: str) -> str:
    """Under what the failures from an address are counted."""
    return f"h:{address}"[:64]


class SessionBook:
    """The sessions within one group."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._rows = uow.rows(SESSIONS)

    def find(self, session_id: bytes) -> SessionRow | None:
        """The session, if there is one."""
        return self._rows.get(session_id)

    def of(self, operator: str) -> list[SessionRow]:
        """An operator's sessions, the one used longest ago first."""
        statement = sa.select(sessions.c.session_id).where(sessions.c.operator == operator)
        found = [self._rows.get(key) for key in self._uow.query(statement).scalars().all()]
        return sorted((row for row in found if row is not None), key=lambda row: (row.used_at_us, row.session_id))

    def open(self, row: SessionRow) -> None:
        """Stages a new session."""
        self._rows.insert(row)

    def save(self, row: SessionRow) -> None:
        """Stages the new content of a session that was looked at before."""
        self._rows.update(row)

    def end(self, ended: Sequence[SessionRow]) -> None:
        """Stages the end of sessions that were looked at before."""
        for row in ended:
            self._rows.delete(row.session_id)

    def over(self, idle_since_us: int, opened_before_us: int, most: int) -> list[SessionRow]:
        """Sessions whose time is over, at most so many."""
        c = sessions.c
        is_over = (c.used_at_us <= idle_since_us) | (c.opened_at_us <= opened_before_us)
        keys = self._uow.query(sa.select(c.session_id).where(is_over).order_by(c.session_id).limit(most))
        rows = [self._rows.get(key) for key in keys.scalars().all()]
        return [
            row
            for row in rows
            if row is not None and (row.used_at_us <= idle_since_us or row.opened_at_us <= opened_before_us)
        ]


class FailureBook:
    """Failed tries within one group."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._rows = uow.rows(FAILURES)

    def find(self, subject: str) -> FailureRow | None:
        """How often the subject failed, if ever."""
        return self._rows.get(subject)

    def save(self, row: FailureRow) -> None:
        """Stages a row that was asked for before, new or known."""
        self._rows.update(row)

    def forget(self, subject: str) -> None:
        """Stages that the subject has not failed."""
        if self._rows.get(subject) is not None:
            self._rows.delete(subject)

    def forget_old(self, before_us: int, most: int) -> int:
        """Stages the end of what is old, at most so many; how many these are."""
        c = sign_in_failures.c
        statement = sa.select(c.subject).where(c.failed_at_us <= before_us).order_by(c.subject).limit(most)
        forgotten = 0
        for subject in self._uow.query(statement).scalars().all():
            # Between the search and the lock another process may have counted one more.
            row = self._rows.get(subject)
            if row is not None and row.failed_at_us <= before_us:
                self._rows.delete(subject)
                forgotten += 1
        return forgotten

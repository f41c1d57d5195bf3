"""Requests for approval, and substitutions, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from common.approvals.approval_states import PENDING
from common.approvals.model import REASON_CHARACTERS_MAX, ApprovalNotFound, SubstitutionNotFound
from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork
from common.ids import format_id
from common.operators.model import OPERATOR_CHARACTERS_MAX
from common.organisations.model import ID_CHARACTERS_MAX

RECORD_CHARACTERS_MAX = 128

approvals = sa.Table(
    "approvals",
    METADATA,
    sa.Column("approval_id", sa.LargeBinary(16), primary_key=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("action", sa.String(64), nullable=False),
    # What is to be carried out; nothing once the request has ended.
    sa.Column("command_kind", sa.String(64), nullable=False),
    sa.Column("command", sa.LargeBinary, nullable=False),
    sa.Column("encrypted", sa.Boolean, nullable=False),
    sa.Column("digest", sa.LargeBinary(32), nullable=False),
    sa.Column("record", sa.String(RECORD_CHARACTERS_MAX), nullable=False),
    # Before and after, masked, as the audit log would show it; JSON, or empty.
    sa.Column("change", sa.Text, nullable=False),
    sa.Column("reason", sa.String(REASON_CHARACTERS_MAX), nullable=False),
    sa.Column("asker_kind", sa.String(16), nullable=False),
    sa.Column("asker", sa.String(OPERATOR_CHARACTERS_MAX), nullable=False),
    sa.Column("organisation_id", sa.String(ID_CHARACTERS_MAX), nullable=False),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("address", sa.String(64), nullable=False),
    sa.Column("session", sa.String(64), nullable=False),
    sa.Column("asked_at_us", sa.BigInteger, nullable=False),
    sa.Column("expires_at_us", sa.BigInteger, nullable=False),
    # Nobody, while it waits, and when it expired.
    sa.Column("decider_kind", sa.String(16), nullable=False),
    sa.Column("decider", sa.String(OPERATOR_CHARACTERS_MAX), nullable=False),
    # Whose substitute the decider was.
    sa.Column("decided_for", sa.String(OPERATOR_CHARACTERS_MAX), nullable=False),
    sa.Column("decided_at_us", sa.BigInteger, nullable=False),
    sa.Column("decision_reason", sa.String(REASON_CHARACTERS_MAX), nullable=False),
    # The code for which it could not be carried out.
    sa.Column("failure", sa.String(64), nullable=False),
)
sa.Index("approvals_by_state", approvals.c.state, approvals.c.expires_at_us)
sa.Index("approvals_by_asker", approvals.c.asker, approvals.c.approval_id, approvals.c.organisation_id)
sa.Index("approvals_by_organisation", approvals.c.organisation_id, approvals.c.approval_id)

substitutions = sa.Table(
    "substitutions",
    METADATA,
    sa.Column("substitution_id", sa.LargeBinary(16), primary_key=True),
    sa.Column("operator", sa.String(OPERATOR_CHARACTERS_MAX), nullable=False),
    sa.Column("substitute", sa.String(OPERATOR_CHARACTERS_MAX), nullable=False),
    sa.Column("from_us", sa.BigInteger, nullable=False),
    sa.Column("until_us", sa.BigInteger, nullable=False),
    sa.Column("named_by", sa.String(OPERATOR_CHARACTERS_MAX), nullable=False),
    sa.Column("reason", sa.String(REASON_CHARACTERS_MAX), nullable=False),
    sa.Column("ended_at_us", sa.BigInteger, nullable=False),
)
sa.Index("substitutions_by_operator", substitutions.c.operator, substitutions.c.until_us)
sa.Index("substitutions_by_substitute", substitutions.c.substitute, substitutions.c.until_us)


class ApprovalRow(NamedTuple):
    """A row of `approvals`."""

    approval_id: bytes
    state: str
    action: str
    command_kind: str
    command: bytes
    encrypted: bool
    digest: bytes
    record: str
    change: str
    reason: str
    asker_kind: str
    asker: str
    organisation_id: str
    channel: str
    address: str
    session: str
    asked_at_us: int
    expires_at_us: int
    decider_kind: str = ""
    decider: str = ""
    decided_for: str = ""
    decided_at_us: int = 0
    decision_reason: str = ""
    failure: str = ""


class SubstitutionRow(NamedTuple):
    """A row of `substitutions`. `ended_at_us` 0: it ends at `until_us`."""

    substitution_id: bytes
    operator: str
    substitute: str
    from_us: int
    until_us: int
    named_by: str
    reason: str
    ended_at_us: int = 0


APPROVALS = RowSpec(approvals, ApprovalRow)
SUBSTITUTIONS = RowSpec(substitutions, SubstitutionRow)


class ApprovalBook:
    """The requests within one group."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._rows = uow.rows(APPROVALS)

    def get(self, approval_id: bytes) -> ApprovalRow:
        """The request. Raises ApprovalNotFound."""
        found = self._rows.get(approval_id)
        if found is None:
            raise ApprovalNotFound(approval=format_id(approval_id))
        return found

    def pending_of(self, kind: str, asker: str, most: int) -> Sequence[tuple[bytes, bytes]]:
        """Of what an asker waits for, at most so many: id and digest."""
        c = approvals.c
        statement = sa.select(c.approval_id, c.digest).where(c.asker == asker, c.state == PENDING)
        statement = statement.where(c.asker_kind == kind, c.expires_at_us > self._uow.now_us).limit(most)
        return [(row.approval_id, row.digest) for row in self._uow.query(statement)]

    def overdue(self, most: int) -> Sequence[bytes]:
        """Of those that wait, whose time is over, the ids of at most so many, in their order."""
        c = approvals.c
        statement = sa.select(c.approval_id).where(c.state == PENDING, c.expires_at_us <= self._uow.now_us)
        return sorted(self._uow.query(statement.order_by(c.expires_at_us).limit(most)).scalars())

    def add(self, row: ApprovalRow) -> None:
        """Stages a new request."""
        self._rows.insert(row)

    def save(self, row: ApprovalRow) -> None:
        """Stages the new content of a request that was looked at before."""
        self._rows.update(row)


class SubstitutionBook:
    """The substitutions within one group."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._rows = uow.rows(SUBSTITUTIONS)

    def get(self, substitution_id: bytes) -> SubstitutionRow:
        """One that is in force or to come. Raises SubstitutionNotFound."""
        found = self._rows.get(substitution_id)
        if found is None or found.ended_at_us or found.until_us <= self._uow.now_us:
            raise SubstitutionNotFound(substitution=format_id(substitution_id))
        return found

    def absent_of(self, substitute: str) -> Sequence[str]:
        """For whom somebody stands in now, in order."""
        c, now_us = substitutions.c, self._uow.now_us
        statement = sa.select(c.operator).where(c.substitute == substitute, c.until_us > now_us)
        statement = statement.where(c.from_us <= now_us, c.ended_at_us == 0)
        return sorted(set(self._uow.query(statement).scalars()))

    def count_open(self, operator: str) -> int:
        """How many of an operator's are in force or to come."""
        c = substitutions.c
        counted = sa.select(sa.func.count()).select_from(substitutions)
        counted = counted.where(c.operator == operator, c.until_us > self._uow.now_us, c.ended_at_us == 0)
        return int(self._uow.query(counted).scalar_one())

    def add(self, row: SubstitutionRow) -> None:
        """Stages a new one."""
        self._rows.insert(row)

    def save(self, row: SubstitutionRow) -> None:
        """Stages that it has ended."""
        self._rows.update(row)

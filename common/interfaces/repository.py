"""Calls to other systems, and how each interface is. What a call says stands there only as long as it may be needed,
and sealed: what is in the clear is masked."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.interfaces.model import ERROR_CHARS_MAX, NAME_CHARS_MAX, REFERENCE_CHARS_MAX, SHOWN_CHARS_MAX, Breaker
from common.personal_data.sealing import SUBJECT_CHARS_MAX, Place

TABLE = "interface_calls"
CONTENT = Place(TABLE, "content")
NOTHING_SEALED = 0
"""As the generation of a call: its content is not there any more."""

interface_calls = sa.Table(
    TABLE,
    METADATA,
    sa.Column("call_id", sa.LargeBinary(16), primary_key=True),
    sa.Column("port", sa.String(NAME_CHARS_MAX), nullable=False),
    sa.Column("operation", sa.String(NAME_CHARS_MAX), nullable=False),
    sa.Column("shown", sa.String(SHOWN_CHARS_MAX), nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("adapter", sa.String(NAME_CHARS_MAX), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("placed_at_us", sa.BigInteger, nullable=False),
    sa.Column("next_try_at_us", sa.BigInteger, nullable=False),
    sa.Column("not_after_us", sa.BigInteger, nullable=False),
    sa.Column("ended_at_us", sa.BigInteger, nullable=False),
    sa.Column("took_us", sa.BigInteger, nullable=False),
    sa.Column("error", sa.String(ERROR_CHARS_MAX), nullable=False),
    sa.Column("reference", sa.String(REFERENCE_CHARS_MAX), nullable=False),
    sa.Column("subject", sa.String(SUBJECT_CHARS_MAX), nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
IS_OPEN = interface_calls.c.ended_at_us == sa.literal_column("0")
IS_SEALED = interface_calls.c.generation > sa.literal_column("0")
"""Written into statements, not bound to them, so that the index is taken."""
sa.Index(
    "interface_calls_open",
    interface_calls.c.port,
    interface_calls.c.next_try_at_us,
    sqlite_where=IS_OPEN,
    postgresql_where=IS_OPEN,
)
sa.Index(
    "interface_calls_sealed",
    interface_calls.c.generation,
    interface_calls.c.call_id,
    sqlite_where=IS_SEALED,
    postgresql_where=IS_SEALED,
)
sa.Index("interface_calls_by_state", interface_calls.c.port, interface_calls.c.state, interface_calls.c.call_id)

interface_health = sa.Table(
    "interface_health",
    METADATA,
    sa.Column("port", sa.String(NAME_CHARS_MAX), primary_key=True),
    sa.Column("adapter", sa.String(NAME_CHARS_MAX), primary_key=True),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("rests", sa.Integer, nullable=False),
    sa.Column("next_at_us", sa.BigInteger, nullable=False),
    sa.Column("calls", sa.BigInteger, nullable=False),
    sa.Column("done", sa.BigInteger, nullable=False),
    sa.Column("refused", sa.BigInteger, nullable=False),
    sa.Column("took_us", sa.BigInteger, nullable=False),
    sa.Column("took_us_max", sa.BigInteger, nullable=False),
    sa.Column("worked_at_us", sa.BigInteger, nullable=False),
    sa.Column("failed_at_us", sa.BigInteger, nullable=False),
    sa.Column("error", sa.String(ERROR_CHARS_MAX), nullable=False),
)


class CallRow(NamedTuple):
    """A row of `interface_calls`. `not_after_us`: when nobody wants it any more (0: never); `took_us`: the last try;
    `subject`, `generation`: whose key of personal data seals the content."""

    call_id: bytes
    port: str
    operation: str
    shown: str
    state: str
    adapter: str
    tries: int
    placed_at_us: int
    next_try_at_us: int
    not_after_us: int
    ended_at_us: int
    took_us: int
    error: str
    reference: str
    subject: str
    generation: int
    content: bytes


class HealthRow(NamedTuple):
    """A row of `interface_health`: the breaker of one adapter, and what it has seen since the node was initialised.
    `took_us`: of all calls together; `error`: of the last that failed."""

    port: str
    adapter: str
    state: str
    failures: int
    rests: int
    next_at_us: int
    calls: int
    done: int
    refused: int
    took_us: int
    took_us_max: int
    worked_at_us: int
    failed_at_us: int
    error: str

    @property
    def breaker(self) -> Breaker:
        return Breaker(self.state, self.failures, self.rests, self.next_at_us)

    def with_breaker(self, breaker: Breaker) -> HealthRow:
        """The row with the breaker as it is now."""
        return self._replace(
            state=breaker.state, failures=breaker.failures, rests=breaker.rests, next_at_us=breaker.next_at_us
        )


CALL_ROWS = RowSpec(interface_calls, CallRow)
HEALTH_ROWS = RowSpec(interface_health, HealthRow, key_width=2)


def healthy(port: str, adapter: str) -> HealthRow:
    """An adapter that was never called."""
    breaker = Breaker()
    return HealthRow(port, adapter, breaker.state, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, "")

"""Answers that were given to callers, kept so that the same request gets the same answer again."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.rest.commands import KEY_CHARS_MAX

CALLER_CHARS_MAX = 160
HEADERS_CHARS_MAX = 4_096

rest_answers = sa.Table(
    "rest_answers",
    METADATA,
    sa.Column("caller", sa.String(CALLER_CHARS_MAX), primary_key=True),
    sa.Column("idempotency_key", sa.String(KEY_CHARS_MAX), primary_key=True),
    sa.Column("digest", sa.LargeBinary(32), nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("headers", sa.String(HEADERS_CHARS_MAX), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("expires_at_us", sa.BigInteger, nullable=False),
)
sa.Index("rest_answers_by_end", rest_answers.c.expires_at_us)


class AnswerRow(NamedTuple):
    """A row of `rest_answers`."""

    caller: str
    idempotency_key: str
    digest: bytes
    status: int
    headers: str
    body: bytes
    expires_at_us: int


ANSWERS = RowSpec(rest_answers, AnswerRow, key_width=2)

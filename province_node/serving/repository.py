"""Table of the legs that this province carries out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.leg_counts import ZERO
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork
from common.ids import LEG_ID_BYTES
from province_node.serving.model import ServingLeg

serving_legs = sa.Table(
    "serving_legs",
    METADATA,
    sa.Column("leg_id", sa.LargeBinary(LEG_ID_BYTES), primary_key=True),
    sa.Column("source", sa.String(2), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("message_id", sa.LargeBinary(16), nullable=False),
    sa.Column("request_digest", sa.LargeBinary(32), nullable=False),
    sa.Column("kind", sa.String(128), nullable=False),
    sa.Column("received_at_us", sa.BigInteger, nullable=False),
    sa.Column("committing_at_us", sa.BigInteger, nullable=False),
    sa.Column("ended_at_us", sa.BigInteger, nullable=False),
    sa.Column("reason_code", sa.String(64), nullable=False),
    sa.Column("answer", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
sa.Index(
    "serving_legs_open",
    serving_legs.c.received_at_us,
    sqlite_where=serving_legs.c.ended_at_us == ZERO,
    postgresql_where=serving_legs.c.ended_at_us == ZERO,
)


class ServingLegRow(NamedTuple):
    leg_id: bytes
    source: str
    state: str
    message_id: bytes
    request_digest: bytes
    kind: str
    received_at_us: int
    committing_at_us: int
    ended_at_us: int
    reason_code: str
    answer: bytes


SERVING_LEGS = RowSpec(serving_legs, ServingLegRow)


class ServingLegRepository:
    """The legs carried out here, within one group."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._rows = uow.rows(SERVING_LEGS)

    def prefetch(self, leg_ids: Iterable[bytes]) -> None:
        self._rows.prefetch(leg_ids)

    def get(self, leg_id: bytes) -> ServingLeg | None:
        row = self._rows.get(leg_id)
        return ServingLeg(*row) if row is not None else None

    def save(self, leg: ServingLeg) -> None:
        """Stages the leg, new or known."""
        self._rows.update(
            ServingLegRow(
                leg.leg_id,
                leg.source,
                leg.state,
                leg.message_id,
                leg.request_digest,
                leg.kind,
                leg.received_at_us,
                leg.committing_at_us,
                leg.ended_at_us,
                leg.reason_code,
                leg.answer,
            )
        )

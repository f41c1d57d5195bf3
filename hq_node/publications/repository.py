"""Which province holds which publication."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork
from hq_node.publications.model import Delivery

publication_deliveries = sa.Table(
    "publication_deliveries",
    METADATA,
    sa.Column("topic", sa.String(100), primary_key=True),
    sa.Column("node", sa.String(2), primary_key=True),
    sa.Column("held_version", sa.BigInteger, nullable=False),
    sa.Column("held_at_us", sa.BigInteger, nullable=False),
    sa.Column("sent_version", sa.BigInteger, nullable=False),
    sa.Column("sent_at_us", sa.BigInteger, nullable=False),
    # The request under way; empty: none.
    sa.Column("request_id", sa.LargeBinary(16), nullable=False),
    # Failures in a row, and the reason of the last one.
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("reason_code", sa.String(64), nullable=False),
)


class DeliveryRow(NamedTuple):
    topic: str
    node: str
    held_version: int
    held_at_us: int
    sent_version: int
    sent_at_us: int
    request_id: bytes
    tries: int
    reason_code: str


DELIVERIES = RowSpec(publication_deliveries, DeliveryRow, key_width=2)


class PublicationDeliveries:
    """The deliveries as one group of work sees them."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def of(self, topic: str, node: str) -> Delivery:
        """How far a province is."""
        row: DeliveryRow | None = self._uow.rows(DELIVERIES).get((topic, node))
        return Delivery(topic, node) if row is None else Delivery(*row)

    def put(self, delivery: Delivery) -> None:
        """Stages how far it is now."""
        rows, key = self._uow.rows(DELIVERIES), (delivery.topic, delivery.node)
        row = DeliveryRow(
            delivery.topic,
            delivery.node,
            delivery.held_version,
            delivery.held_at_us,
            delivery.sent_version,
            delivery.sent_at_us,
            delivery.request_id,
            delivery.tries,
            delivery.reason_code,
        )
        (rows.insert if rows.get(key) is None else rows.update)(row)

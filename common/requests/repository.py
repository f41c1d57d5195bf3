"""Tables of service requests at the asking node."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.leg_counts import ZERO
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork
from common.ids import LEG_ID_BYTES
from common.requests.model import AskedLeg, ServiceRequest

requests = sa.Table(
    "requests",
    METADATA,
    sa.Column("request_id", sa.LargeBinary(16), primary_key=True),
    sa.Column("kind", sa.String(128), nullable=False),
    sa.Column("created_at_us", sa.BigInteger, nullable=False),
    sa.Column("region", sa.String(64), nullable=False),
    sa.Column("legs", sa.Integer, nullable=False),
    sa.Column("time_to_live_ms", sa.BigInteger, nullable=False),
    sa.Column("operator", sa.String(64), nullable=False),
    sa.Column("organisation", sa.String(64), nullable=False),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("customer_authentication", sa.String(32), nullable=False),
    sa.Column("idempotency_key", sa.String(128), nullable=True),
    sa.Column("content_digest", sa.LargeBinary(32), nullable=False),
    sqlite_with_rowid=False,
)
sa.Index(
    "requests_by_idempotency_key",
    requests.c.idempotency_key,
    unique=True,
    sqlite_where=requests.c.idempotency_key.is_not(None),
    postgresql_where=requests.c.idempotency_key.is_not(None),
)

# By whose they are: which of them somebody sees whose rights reach less than all.
sa.Index("requests_by_organisation", requests.c.organisation, requests.c.request_id)
sa.Index("requests_by_operator", requests.c.operator, requests.c.request_id, requests.c.organisation)

asked_legs = sa.Table(
    "asked_legs",
    METADATA,
    sa.Column("leg_id", sa.LargeBinary(LEG_ID_BYTES), primary_key=True),
    sa.Column("request_id", sa.LargeBinary(16), nullable=False),
    sa.Column("destination", sa.String(2), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("message_id", sa.LargeBinary(16), nullable=False),
    sa.Column("request_digest", sa.LargeBinary(32), nullable=False),
    sa.Column("submitted_at_us", sa.BigInteger, nullable=False),
    sa.Column("stamped_at_us", sa.BigInteger, nullable=False),
    sa.Column("hub_position", sa.BigInteger, nullable=False),
    sa.Column("business_date", sa.String(10), nullable=False),
    sa.Column("hub_admitted_at_us", sa.BigInteger, nullable=False),
    sa.Column("hub_forwarded_at_us", sa.BigInteger, nullable=False),
    sa.Column("hub_answered_at_us", sa.BigInteger, nullable=False),
    sa.Column("home_received_at_us", sa.BigInteger, nullable=False),
    sa.Column("home_answered_at_us", sa.BigInteger, nullable=False),
    sa.Column("working_at_us", sa.BigInteger, nullable=False),
    sa.Column("overdue_at_us", sa.BigInteger, nullable=False),
    sa.Column("cancel_asked_at_us", sa.BigInteger, nullable=False),
    sa.Column("ended_at_us", sa.BigInteger, nullable=False),
    sa.Column("reason_code", sa.String(64), nullable=False),
    sa.Column("answer", sa.LargeBinary, nullable=False),
    sa.Column("sealed_at_us", sa.BigInteger, nullable=False, server_default="0"),
    sqlite_with_rowid=False,
)
sa.Index(
    "asked_legs_open",
    asked_legs.c.submitted_at_us,
    sqlite_where=asked_legs.c.ended_at_us == ZERO,
    postgresql_where=asked_legs.c.ended_at_us == ZERO,
)


class RequestRow(NamedTuple):
    request_id: bytes
    kind: str
    created_at_us: int
    region: str
    legs: int
    time_to_live_ms: int
    operator: str
    organisation: str
    channel: str
    customer_authentication: str
    idempotency_key: str | None
    content_digest: bytes


class AskedLegRow(NamedTuple):
    leg_id: bytes
    request_id: bytes
    destination: str
    state: str
    message_id: bytes
    request_digest: bytes
    submitted_at_us: int
    stamped_at_us: int
    hub_position: int
    business_date: str
    hub_admitted_at_us: int
    hub_forwarded_at_us: int
    hub_answered_at_us: int
    home_received_at_us: int
    home_answered_at_us: int
    working_at_us: int
    overdue_at_us: int
    cancel_asked_at_us: int
    ended_at_us: int
    reason_code: str
    answer: bytes
    sealed_at_us: int = 0
    """When the request left this node; 0: not yet, or it was not kept."""


REQUESTS = RowSpec(requests, RequestRow)
ASKED_LEGS = RowSpec(asked_legs, AskedLegRow)


class RequestRepository:
    """Service requests and their legs within one group."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._requests = uow.rows(REQUESTS)
        self._legs = uow.rows(ASKED_LEGS)

    def prefetch_legs(self, leg_ids: Iterable[bytes]) -> None:
        self._legs.prefetch(leg_ids)

    def get(self, request_id: bytes) -> ServiceRequest | None:
        row = self._requests.get(request_id)
        return ServiceRequest(*row) if row is not None else None

    def add(self, request: ServiceRequest) -> None:
        self._requests.insert(
            RequestRow(
                request.request_id,
                request.kind,
                request.created_at_us,
                request.region,
                request.legs,
                request.time_to_live_ms,
                request.operator,
                request.organisation,
                request.channel,
                request.customer_authentication,
                request.idempotency_key,
                request.content_digest,
            )
        )

    def count_leg(self, request_id: bytes) -> bool:
        """One leg more. Whether there is such a request."""
        row = self._requests.get(request_id)
        if row is not None:
            self._requests.update(row._replace(legs=row.legs + 1))
        return row is not None

    def by_idempotency_key(self, key: str) -> ServiceRequest | None:
        statement = sa.select(requests).where(requests.c.idempotency_key == key)
        row = self._uow.query(statement).one_or_none()
        return ServiceRequest(*row) if row is not None else None

    def leg(self, leg_id: bytes) -> AskedLeg | None:
        row = self._legs.get(leg_id)
        return AskedLeg(*row) if row is not None else None

    def legs_of(self, request_id: bytes) -> list[AskedLeg]:
        statement = sa.select(asked_legs.c.leg_id).where(
            asked_legs.c.leg_id >= request_id, asked_legs.c.leg_id < request_id + b"\xff"
        )
        found = [self.leg(leg_id) for (leg_id,) in self._uow.query(statement)]
        return [leg for leg in found if leg is not None]

    def add_leg(self, leg: AskedLeg) -> None:
        self._legs.insert(_leg_row(leg))

    def note_sealed(self, leg_id: bytes, at_us: int) -> None:
        """The request of a leg has left this node."""
        row = self._legs.get(leg_id)
        if row is not None and not row.sealed_at_us:
            self._legs.update(row._replace(sealed_at_us=at_us))

    def save_leg(self, leg: AskedLeg) -> None:
        self._legs.update(_leg_row(leg))


def _leg_row(leg: AskedLeg) -> AskedLegRow:
    return AskedLegRow(
        leg.leg_id,
        leg.request_id,
        leg.destination,
        leg.state,
        leg.message_id,
        leg.request_digest,
        leg.submitted_at_us,
        leg.stamped_at_us,
        leg.hub_position,
        leg.business_date,
        leg.hub_admitted_at_us,
        leg.hub_forwarded_at_us,
        leg.hub_answered_at_us,
        leg.home_received_at_us,
        leg.home_answered_at_us,
        leg.working_at_us,
        leg.overdue_at_us,
        leg.cancel_asked_at_us,
        leg.ended_at_us,
        leg.reason_code,
        leg.answer,
        leg.sealed_at_us,
    )

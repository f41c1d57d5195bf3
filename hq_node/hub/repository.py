"""Tables of the hub: its legs, and its one row of time and order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.leg_counts import ZERO
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork
from common.ids import LEG_ID_BYTES
from hq_node.hub.leg_states import FORWARDED
from hq_node.hub.model import HubLeg

LAST_WORD_US = 3_600_000_000

hub_legs = sa.Table(
    "hub_legs",
    METADATA,
    sa.Column("leg_id", sa.LargeBinary(LEG_ID_BYTES), primary_key=True),
    sa.Column("origin", sa.String(2), nullable=False),
    sa.Column("home", sa.String(2), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("withdraw", sa.String(16), nullable=False),
    sa.Column("overdue", sa.Boolean, nullable=False),
    sa.Column("message_id", sa.LargeBinary(16), nullable=False),
    sa.Column("request_digest", sa.LargeBinary(32), nullable=False),
    sa.Column("kind", sa.String(128), nullable=False),
    sa.Column("message_class", sa.SmallInteger, nullable=False),
    sa.Column("hub_position", sa.BigInteger, nullable=False),
    sa.Column("business_date", sa.String(10), nullable=False),
    sa.Column("admitted_at_us", sa.BigInteger, nullable=False),
    sa.Column("expires_at_us", sa.BigInteger, nullable=False),
    sa.Column("forwarded_at_us", sa.BigInteger, nullable=False),
    sa.Column("withdrawn_at_us", sa.BigInteger, nullable=False),
    sa.Column("answered_at_us", sa.BigInteger, nullable=False),
    sa.Column("ended_at_us", sa.BigInteger, nullable=False),
    sa.Column("due_at_us", sa.BigInteger, nullable=False),
    sa.Column("reason_code", sa.String(64), nullable=False),
    sa.Column("final_seal_number", sa.BigInteger, nullable=False),
    sa.Column("final_index", sa.Integer, nullable=False),
    sa.Column("final", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
IS_OPEN = hub_legs.c.ended_at_us == ZERO
sa.Index(
    "hub_legs_open",
    hub_legs.c.due_at_us,
    sqlite_where=IS_OPEN,
    postgresql_where=IS_OPEN,
)

hub_order = sa.Table(
    "hub_order",
    METADATA,
    sa.Column("hub_order_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("business_date", sa.String(10), nullable=False),
)


class HubLegRow(NamedTuple):
    leg_id: bytes
    origin: str
    home: str
    state: str
    withdraw: str
    overdue: bool
    message_id: bytes
    request_digest: bytes
    kind: str
    message_class: int
    hub_position: int
    business_date: str
    admitted_at_us: int
    expires_at_us: int
    forwarded_at_us: int
    withdrawn_at_us: int
    answered_at_us: int
    ended_at_us: int
    due_at_us: int
    reason_code: str
    final_seal_number: int
    final_index: int
    final: bytes


class HubOrderRow(NamedTuple):
    hub_order_id: int
    position: int
    business_date: str


HUB_LEGS = RowSpec(hub_legs, HubLegRow)
HUB_ORDER = RowSpec(hub_order, HubOrderRow)


class HubLegRepository:
    """The hub's legs within one group."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._rows = uow.rows(HUB_LEGS)
        self._seen: dict[bytes, HubLeg] = {}

    def prefetch(self, leg_ids: Iterable[bytes]) -> None:
        self._rows.prefetch(leg_ids)

    def prefetch_free(self, leg_ids: Iterable[bytes]) -> set[bytes]:
        """Loads the legs that no other process works on right now; returns the others."""
        return self._rows.prefetch_free(leg_ids)

    def look_at(self, leg_ids: Iterable[bytes]) -> None:
        """Reads legs for `seen` alone, as they were last committed, without holding them."""
        unknown = [leg_id for leg_id in dict.fromkeys(leg_ids) if not self._rows.knows(leg_id)]
        if unknown and self._uow.store.shared:
            statement = sa.select(hub_legs).where(hub_legs.c.leg_id.in_(unknown))
            self._seen.update((row.leg_id, HubLeg(*row)) for row in self._uow.connection.execute(statement))
        else:
            # Nobody else writes.
            self._rows.prefetch(unknown)

    def seen(self, leg_id: bytes) -> HubLeg | None:
        """A leg that was looked at, not to be saved."""
        return self._seen.get(leg_id) or self.get(leg_id)

    def get(self, leg_id: bytes) -> HubLeg | None:
        row = self._rows.get(leg_id)
        return HubLeg(*row) if row is not None else None

    def due(self, now_us: int, limit: int) -> list[HubLeg]:
        """Legs whose time limit has passed and which have not been told so, oldest first."""
        statement = (
            sa.select(hub_legs.c.leg_id)
            .where(IS_OPEN, hub_legs.c.due_at_us > 0, hub_legs.c.due_at_us <= now_us)
            .order_by(hub_legs.c.due_at_us)
            .limit(limit)
        )
        ids = [leg_id for (leg_id,) in self._uow.query(statement)]
        # What another replica works on right now is still there at the next look.
        held = self._rows.prefetch_free(ids)
        found = [leg for leg_id in ids if leg_id not in held and (leg := self.get(leg_id)) is not None]
        # The locked rows decide: another replica may have ended some between the search and the lock.
        return [leg for leg in found if 0 < leg.due_at_us <= now_us]

    def forwarded_to(self, home: str, limit: int) -> list[HubLeg]:
        """Legs that wait for the answer of `home`, in the hub's order."""
        return self.of_home(home, FORWARDED, limit)

    def of_home(self, home: str, state: str, limit: int) -> list[HubLeg]:
        """Legs of `home` in a state, in the hub's order."""
        statement = (
            sa.select(hub_legs.c.leg_id)
            .where(hub_legs.c.home == home, hub_legs.c.state == state)
            .order_by(hub_legs.c.hub_position)
            .limit(limit)
        )
        ids = [leg_id for (leg_id,) in self._uow.query(statement)]
        self._rows.prefetch(ids)
        found = [leg for leg_id in ids if (leg := self.get(leg_id)) is not None]
        return [leg for leg in found if leg.state == state]

    def save(self, leg: HubLeg) -> None:
        """Stages the leg, new or known."""
        self._rows.update(
            HubLegRow(
                leg.leg_id,
                leg.origin,
                leg.home,
                leg.state,
                leg.withdraw,
                leg.overdue,
                leg.message_id,
                leg.request_digest,
                leg.kind,
                leg.message_class,
                leg.hub_position,
                leg.business_date,
                leg.admitted_at_us,
                leg.expires_at_us,
                leg.forwarded_at_us,
                leg.withdrawn_at_us,
                leg.answered_at_us,
                leg.ended_at_us,
                leg.due_at_us,
                leg.reason_code,
                leg.final_seal_number,
                leg.final_index,
                leg.final,
            )
        )


class HubOrder:
    """The hub's one order of decisions, and its open business day: one row, read and written by the deciding
    transaction."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._rows = uow.rows(HUB_ORDER)

    def found(self, business_date: str) -> None:
        """Begins the order, once, when the hub is founded."""
        self._rows.insert(HubOrderRow(1, 0, business_date))

    def hold(self) -> None:
        """Comes before any leg is held: two groups that decide come one after the other, whatever legs they want."""
        self._rows.prefetch((1,))

    def next_position(self) -> int:
        """The next place in the order."""
        row = self._row()
        self._rows.update(row._replace(position=row.position + 1))
        return row.position + 1

    @property
    def business_date(self) -> str:
        """The open business day, ISO."""
        return self._row().business_date

    def witnessed(self, position: int, business_date: str) -> None:
        """A stamp shows that the order had come this far, and that this business day was open."""
        row = self._row()
        further = row._replace(
            position=max(row.position, position), business_date=max(row.business_date, business_date)
        )
        if further != row:
            self._rows.update(further)

    def roll_to(self, business_date: str) -> bool:
        """Opens a later business day. Whether it is later."""
        row = self._row()
        if business_date <= row.business_date:
            return False
        self._rows.update(row._replace(business_date=business_date))
        return True

    def _row(self) -> HubOrderRow:
        row: HubOrderRow | None = self._rows.get(1)
        assert row is not None, "the hub was not founded: its order is missing"
        return row


def last_word_us(uow: UnitOfWork, node: str, around_us: int) -> int:
    """When, by the hub's word, the last request of `node` was admitted, or its last answer taken; 0: none. That may be
    after `around_us`: clocks are set back, and those of replicas differ. Looked for among what was asked up to an hour
    before."""
    # A leg's key begins with the milliseconds at which it was asked for.
    recent = hub_legs.c.leg_id >= (max(0, around_us - LAST_WORD_US) // 1_000).to_bytes(6, "big")
    admitted = sa.select(sa.func.max(hub_legs.c.admitted_at_us)).where(recent, hub_legs.c.origin == node)
    answered = sa.select(sa.func.max(hub_legs.c.answered_at_us)).where(recent, hub_legs.c.home == node)
    return max(uow.query(admitted).scalar() or 0, uow.query(answered).scalar() or 0)

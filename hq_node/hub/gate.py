"""What the hub decides at the very moment of sealing.

A request is sealed for home only while its leg is admitted, and is forwarded by that, in the same transaction. A
stamp to the origin rides on the next seal; where the leg has ended by then it is left out, since the final's stamp
says all it would have said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from common.ids import HQ, link_name
from common.messaging.links import journal
from common.messaging.outbox import Outgoing, stamp_entry
from hq_node.hub.leg_states import ADMITTED
from hq_node.hub.repository import IS_OPEN, hub_legs
from hq_node.hub.statements import admission_stamp


class HubGate:
    """The hub's word at sealing."""

    def prefetch(self, gated: Sequence[Outgoing], uow: Any) -> set[bytes]:
        return uow.hub_legs.prefetch_free(outgoing.leg_id for outgoing in gated)

    def prefetch_riding(self, riding: Sequence[Outgoing], uow: Any) -> None:
        # A stamp changes nothing: whoever works on the leg right now is not waited for.
        uow.hub_legs.look_at(outgoing.leg_id for outgoing in riding)

    def passes(self, outgoing: Outgoing, uow: Any) -> bool:
        if outgoing.rides:
            return self._stamps(outgoing, uow)
        leg = uow.hub_legs.get(outgoing.leg_id)
        if leg is None or leg.state != ADMITTED:
            return False
        leg.seal(uow.moment_us)
        outgoing.entry.stamp = admission_stamp(leg, uow, forwarded=True)
        uow.hub_legs.save(leg)
        return True

    def _stamps(self, outgoing: Outgoing, uow: Any) -> bool:
        leg = uow.hub_legs.seen(outgoing.leg_id)
        if leg is None or leg.ended_at_us:
            return False
        outgoing.entry.stamp = admission_stamp(leg, uow)
        return True

    def owed(self, connection: sa.Connection) -> list[Outgoing]:
        """Stamps that no seal had carried when the hub stopped: of open legs admitted since the last seal for their
        origin. One that was sealed all the same comes twice, which changes nothing."""
        owed: list[Outgoing] = []
        for (origin,) in connection.execute(sa.select(hub_legs.c.origin).where(IS_OPEN).distinct()):
            if origin != HQ:
                owed.extend(self.owed_to(origin, connection))
        return owed

    def owed_to(self, origin: str, connection: sa.Connection, margin_us: int = 0) -> list[Outgoing]:
        """Those for one origin. `margin_us`: by how much the clock of whoever sealed last may have been ahead."""
        last_seal = (
            sa.select(journal.c.stored_at_us)
            .where(journal.c.link == link_name(HQ, origin))
            .order_by(journal.c.seal_number.desc())
            .limit(1)
        )
        last_sealed = (connection.execute(last_seal).scalar() or 0) - margin_us
        statement = (
            sa.select(hub_legs.c.leg_id, hub_legs.c.admitted_at_us)
            .where(IS_OPEN, hub_legs.c.origin == origin, hub_legs.c.admitted_at_us >= last_sealed)
            .order_by(hub_legs.c.hub_position)
        )
        return [stamp_entry(origin, leg_id, admitted_at) for leg_id, admitted_at in connection.execute(statement)]

"""What a province notes at the very moment of sealing: that a request of its own has left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from common.messaging.outbox import Outgoing


class AskingGate:
    """Every request passes; nothing rides on another seal."""

    def prefetch(self, gated: Sequence[Outgoing], uow: Any) -> set[bytes]:
        # A province is one process: nobody else works on its legs.
        uow.requests.prefetch_legs(outgoing.leg_id for outgoing in gated if outgoing.gated)
        return set()

    def prefetch_riding(self, riding: Sequence[Outgoing], uow: Any) -> None:
        pass

    def passes(self, outgoing: Outgoing, uow: Any) -> bool:
        uow.requests.note_sealed(outgoing.leg_id, uow.now_us)
        return True

    def owed(self, _connection: sa.Connection) -> list[Outgoing]:
        return []

    def owed_to(self, _peer: str, _connection: sa.Connection, _margin_us: int = 0) -> list[Outgoing]:
        return []

"""What the nodes of a federation hold, read from their databases."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from common.alarms.repository import alarms
from common.core import NodeCore
from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.gen.quanwang.federation.v1 import seal_pb2
from common.ids import HQ
from common.messaging.inbox import PARKED, inbox
from common.messaging.links import LinkRow, journal, links, new_link
from common.requests.repository import ASKED_LEGS, asked_legs
from hq_node.hub.repository import HUB_LEGS, hub_legs
from province_node.serving.repository import SERVING_LEGS, serving_legs
from province_node.subscriptions.repository import SUBSCRIPTIONS

GUANGDONG = "44"
SUBSCRIPTION = "44-S1"


class Holdings:
    """The nodes' cores by node, and what is in their tables."""

    cores: dict[str, NodeCore]

    def link_row(self, node: str, peer: str) -> LinkRow:
        core = self.cores[node]
        row = core.connection.execute(sa.select(links).where(links.c.peer == peer)).one_or_none()
        return LinkRow._make(row) if row is not None else new_link(peer, core.incarnation)

    def asked(self, node: str, leg: bytes) -> Any:
        return self._row(node, ASKED_LEGS, asked_legs.c.leg_id == leg)

    def at_hub(self, leg: bytes) -> Any:
        return self._row(HQ, HUB_LEGS, hub_legs.c.leg_id == leg)

    def serving(self, node: str, leg: bytes) -> Any:
        return self._row(node, SERVING_LEGS, serving_legs.c.leg_id == leg)

    def _row(self, node: str, spec: RowSpec, condition: Any) -> Any:
        row = self.cores[node].connection.execute(sa.select(spec.table).where(condition)).one_or_none()
        return spec.row_type._make(row) if row is not None else None

    def alarms(self, node: str) -> set[str]:
        """The kinds of alarm that a node has raised."""
        return set(self.cores[node].connection.execute(sa.select(alarms.c.kind)).scalars())

    def parked(self, node: str) -> list[str]:
        """Why messages are parked at a node, in the order of their keys."""
        return list(
            self.cores[node].connection.execute(sa.select(inbox.c.problem).where(inbox.c.state == PARKED)).scalars()
        )

    def batches(self, node: str, link: str) -> list[seal_pb2.SealedBatch]:
        """What a node's journal holds of a directed link."""
        statement = sa.select(journal.c.batch).where(journal.c.link == link).order_by(journal.c.seal_number)
        return [seal_pb2.SealedBatch.FromString(b) for b in self.cores[node].connection.execute(statement).scalars()]

    def subscription_status(self, subscription: str = SUBSCRIPTION) -> str:
        statement = sa.select(SUBSCRIPTIONS.c.status).where(SUBSCRIPTIONS.c.subscription_id == subscription)
        return str(self.cores[GUANGDONG].connection.execute(statement).scalar())

    def durable(self) -> dict[str, dict[str, list[Any]]]:
        """Everything that all nodes hold, but alarms and their history: to see that an attack has changed nothing."""
        left_out = {"alarms", "alarm_history"}
        return {
            node: {
                table.name: [tuple(row) for row in core.connection.execute(sa.select(table))]
                for table in METADATA.sorted_tables
                if table.name not in left_out
            }
            for node, core in self.cores.items()
        }

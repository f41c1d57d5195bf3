"""Answering how this node is."""

from __future__ import annotations

from typing import Protocol

from common.node_context import NodeContext
from province_node.node_status.commands import QueryNodeStatus
from province_node.node_status.events import NodeStatusQueried


class StatusUnitOfWork(Protocol):
    """What the status needs of the unit of work."""

    node: NodeContext
    now_us: int

    def counts(self) -> dict[str, int]: ...


def query_node_status(_command: QueryNodeStatus, uow: StatusUnitOfWork) -> NodeStatusQueried:
    """Counts what there is. Reads alone."""
    counts = uow.counts()
    return NodeStatusQueried(
        uow.node.node,
        uow.node.software_version,
        uow.node.started_at_us,
        uow.now_us,
        uow.node.directory.version,
        counts["customers"],
        counts["subscriptions"],
        counts["messages_waiting"],
        counts["messages_parked"],
    )

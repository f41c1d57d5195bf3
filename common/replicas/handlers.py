"""A process says what it is, and sees the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from common.replicas.commands import ForgetReplica, ReportReplica
from common.replicas.events import ReplicasSeen
from common.replicas.repository import GONE_US, MISSING_KEYS_MAX, REPLICAS, ReplicaRow, live_replicas, replicas


def report_replica(command: ReportReplica, uow: Any) -> ReplicasSeen:
    """All processes that have said something lately."""
    row = ReplicaRow(
        command.name,
        " ".join(command.roles),
        command.software_version[:64],
        command.started_at_us,
        uow.now_us,
        " ".join(command.open_links),
        command.leads,
        command.missing_keys[:MISSING_KEYS_MAX],
    )
    uow.rows(REPLICAS).get(command.name)
    uow.rows(REPLICAS).update(row)
    result = ReplicasSeen(tuple(live_replicas(uow.connection, uow.now_us)))
    uow.record(result)
    return result


def forget_replica(command: ForgetReplica, uow: Any) -> None:
    """Takes the row away, and those of processes that have been gone for long."""
    uow.query(
        sa.delete(replicas).where(sa.or_(replicas.c.name == command.name, replicas.c.seen_at_us < uow.now_us - GONE_US))
    )


HANDLERS: dict[type, Callable[[Any, Any], Any]] = {ReportReplica: report_replica, ForgetReplica: forget_replica}

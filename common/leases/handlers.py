"""Holding, taking over and giving back a lease; running a command under it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from common.leases.commands import BeatLease, ReleaseLease, UnderLease
from common.leases.events import LeaseSeen
from common.leases.repository import LEASES, LeaseRow, lease_of


def handlers(others: Mapping[type, Callable[[Any, Any], Any]]) -> dict[type, Callable[[Any, Any], Any]]:
    """`others`: the handlers of the commands that may run under a lease."""

    def under_lease(command: UnderLease, uow: Any) -> Any:
        lease = lease_of(uow, command.name)
        if lease is None or lease.epoch != command.epoch:
            return None
        return others[type(command.command)](command.command, uow)

    return {BeatLease: beat_lease, ReleaseLease: release_lease, UnderLease: under_lease}


def beat_lease(command: BeatLease, uow: Any) -> LeaseRow:
    """The lease as it stands from this commit on."""
    lease = lease_of(uow, command.name)
    if lease is None:
        lease = LeaseRow(command.name, command.owner, 1, 0)
        uow.rows(LEASES).insert(lease)
        held = True
    elif command.epoch and lease.epoch == command.epoch:
        lease = lease._replace(beat=lease.beat + 1)
        uow.rows(LEASES).update(lease)
        held = True
    elif not lease.owner or (lease.epoch, lease.beat) == command.silent:
        lease = LeaseRow(command.name, command.owner, lease.epoch + 1, 0)
        uow.rows(LEASES).update(lease)
        held = True
    else:
        held = False
    uow.record(LeaseSeen(lease.name, lease.owner, lease.epoch, lease.beat, held))
    return lease


def release_lease(command: ReleaseLease, uow: Any) -> bool:
    """Whether the lease was held, and is free now."""
    lease = lease_of(uow, command.name)
    if lease is None or lease.epoch != command.epoch:
        return False
    uow.rows(LEASES).update(LeaseRow(lease.name, "", lease.epoch + 1, 0))
    return True

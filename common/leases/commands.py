"""What is asked of leases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class BeatLease:
    """The holder says that it is alive; anybody else looks, and takes the lease over where its holder is not.

    `epoch`: under which the lease is held; 0: it is not. `silent`: the epoch and beat that have stood still for longer
    than the lease lasts, by the asker's own clock; None: none have.
    """

    name: str
    owner: str
    epoch: int
    silent: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class ReleaseLease:
    """The holder stops in good order: the next one need not wait."""

    name: str
    epoch: int


@dataclass(frozen=True, slots=True)
class UnderLease:
    """Runs `command` if the lease is still held under `epoch`, in the same transaction; otherwise does nothing."""

    name: str
    epoch: int
    command: Any

"""One of several processes of a node on one database: which links it owns, and what the processes tell each other.

A link has one owner at a time, and the owner a number, the link's epoch. Whoever accepts a stream claims the link: the
epoch goes up by one, in a transaction of its own, before the first word is said on the stream. From then on whatever a
former owner would still seal or receive carries an epoch that is no longer the row's, and is left undone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from common.messaging.links import LinkRow
from common.messaging.outbox import Outgoing

OUTBOX_NOTICE = "outbox"
"""Something was left in the outbox for the owner of a link; payload: the peer."""

INBOX_NOTICE = "inbox"
"""Something was received and not processed; payload: nothing."""

CLAIM_NOTICE = "claim"
"""A link was claimed; payload: `peer epoch`."""


@dataclass(frozen=True, slots=True)
class Replica:
    """A process of a node that may have others beside it.

    `name` tells it from the others to people; it decides nothing, since every claim has an epoch of its own.
    `processes`: whether it also processes what was received, or leaves that to the others.
    """

    name: str
    processes: bool = True


@dataclass(frozen=True, slots=True)
class ClaimLink:
    """A stream with `peer` was opened here: from now on this process owns the link."""

    peer: str


@dataclass(slots=True)
class Claim:
    """What a claim found; it counts once its group is committed."""

    peer: str
    epoch: int
    acked_seal_number: int
    unacked: list[tuple[int, int]] = field(default_factory=list)
    """Batches sealed and not acknowledged: number and size."""
    owed: list[Outgoing] = field(default_factory=list)
    """What was to ride on a next seal."""


def claim_payload(row: LinkRow) -> str:
    """What the former owner is told."""
    return f"{row.peer} {row.epoch}"


def read_claim_payload(payload: str) -> tuple[str, int]:
    """The peer whose link was claimed, and the epoch that the link has since. Raises ValueError."""
    peer, epoch = payload.split(" ")
    return peer, int(epoch)

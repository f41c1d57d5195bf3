"""What a node takes back of its own, seal by seal, from the peer that has it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TakeBackBatch:
    """An own batch that the journal lacks; the peer has it. What was said in it must be taken back before."""

    peer: str
    batch: bytes


@dataclass(frozen=True, slots=True)
class TakeBackRequest:
    """A request that this node had sent: its envelope, and when it was sealed."""

    header: bytes
    body: bytes
    private_body: bytes
    sealed_at_us: int


@dataclass(frozen=True, slots=True)
class TakeBackCancel:
    """This node had asked the hub to cancel a leg."""

    header: bytes


@dataclass(frozen=True, slots=True)
class EndRecovery:
    """Everything was taken back: what nobody has an outcome for is processed now, for the first time as far as anybody
    can tell."""

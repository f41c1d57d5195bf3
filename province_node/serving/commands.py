"""How work that takes long goes on, at the node that carries it out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BeginOutsideEffect:
    """The last step before something outside that cannot be undone: from here on no withdrawal is granted."""

    leg_id: bytes


@dataclass(frozen=True, slots=True)
class FinishLeg:
    """The work is done; `body` and `private` are the kind's response messages, serialised."""

    leg_id: bytes
    body: bytes
    private: bytes = b""


@dataclass(frozen=True, slots=True)
class RefuseLeg:
    """The work is certainly not done, and will not be."""

    leg_id: bytes
    reason_code: str


@dataclass(frozen=True, slots=True)
class TakeBackAnswer:
    """An answer that this province had given and has forgotten: its envelope."""

    header: bytes
    body: bytes
    private_body: bytes

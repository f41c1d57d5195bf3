"""What is asked of tokens."""

from __future__ import annotations

from dataclasses import dataclass, field

PERMISSIONS_MAX = 100


@dataclass(frozen=True, slots=True)
class IssueToken:
    """A token for the system `client`, which acts in an organisation with what a role gives; with `only`, no more of
    that than these permissions. The secret is told once; its hash is kept. `days`: so long it is good."""

    client: str
    organisation_id: str
    role: str
    days: int
    secret: bytes = field(repr=False)
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RevokeToken:
    """The token is good no longer."""

    token_id: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class NoteTokenUses:
    """When tokens were last used, by their ids."""

    used_at_us: tuple[tuple[bytes, int], ...]

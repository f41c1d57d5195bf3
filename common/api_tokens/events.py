"""What happened to tokens."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TokenIssued:
    """A token is there. `secret` is told this once."""

    token_id: bytes
    client: str
    expires_at_us: int
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokensChanged:
    """These tokens are no longer what they were."""

    token_ids: tuple[bytes, ...]

"""What happened when somebody signed in."""

from __future__ import annotations

from dataclasses import dataclass

from common.errors import QuanwangError


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """A session is open."""

    session_id: bytes
    operator: str
    organisation_id: str
    one_time: bool
    expires_at_us: int


@dataclass(frozen=True, slots=True)
class SignInFailed:
    """Nobody was let in; that they tried is durable. `error`: what they are told."""

    error: QuanwangError


@dataclass(frozen=True, slots=True)
class SessionsChanged:
    """These sessions are no longer what they were."""

    session_ids: tuple[bytes, ...]

"""What the REST kit wishes: a command run for a caller, with its answer made in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from common.access_control.needs import Wraps
from common.audit.entry import AuditEntry

KEY_CHARS_MAX = 255
"""Of an Idempotency-Key."""


@dataclass(frozen=True, slots=True)
class Once:
    """The same key of the same caller means the same request; `digest` tells whether it is."""

    caller: str
    key: str
    digest: bytes
    lifetime_us: int


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, byte for byte. `repeated`: it was given before. `kept`: the body that is kept in place of one
    that tells a secret."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    repeated: bool = False
    kept: bytes | None = None


@dataclass(frozen=True)
class AnswerCommand(Wraps):
    """Run `command`, and make its answer of what it left behind, in one transaction.

    `check(uow)` comes first and may refuse (If-Match). With `once` the answer is kept, and given again to whoever asks
    the same again.
    """

    command: Any
    answer: Callable[[Any, Any], Answer]
    """`answer(result, uow)`."""
    check: Callable[[Any], None] | None = None
    once: Once | None = None


@dataclass(frozen=True, slots=True)
class NoteLook:
    """Write into the audit log that somebody is about to be shown personal data."""

    entry: AuditEntry


@dataclass(frozen=True, slots=True)
class ForgetAnswers:
    """Delete kept answers whose time is over, at most so many."""

    most: int

"""What an operator can wish of a message that could not be processed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryParked:
    """Try the message again, now."""

    source: str
    message_id: bytes


@dataclass(frozen=True, slots=True)
class EndParked:
    """Give the message up for good. Where its sender waits for an answer, it is told that an operator ended it."""

    source: str
    message_id: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class JudgeParkedAgain:
    """Something changed by which messages with these problems may be good now (a newer directory): try them again."""

    problems: tuple[str, ...]

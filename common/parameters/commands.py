"""What is asked of parameters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SetParameter:
    """Give a parameter a value from a moment on (µs since 1970; a past one means now). `value` None: its default."""

    name: str
    value: bool | int | str | None
    reason: str
    effective_from_us: int = 0


@dataclass(frozen=True, slots=True)
class WithdrawParameter:
    """Take back a value that has not come into force yet."""

    name: str
    version: int
    reason: str

"""What reaches a province about the directory."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class KeepFirstDirectory:
    """Keep the directory of the enrolment, where there is none yet. `signed`: a serialised SignedDirectory."""

    signed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class TakeDirectory:
    """HQ sent a directory: check it, and keep it if it is newer. `signed`: a serialised SignedDirectory."""

    signed: bytes = field(repr=False)

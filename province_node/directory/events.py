"""What happened to the directory, told inside the province after the commit."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DirectoryTaken:
    """The node works by a newer version from now on. `signed`: a serialised SignedDirectory."""

    version: int
    hash: bytes
    signed: bytes = field(repr=False)

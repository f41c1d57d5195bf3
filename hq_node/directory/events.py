"""What happened to the directory, told inside HQ after the commit."""

from __future__ import annotations

from dataclasses import dataclass, field

DIRECTORY_NOTICE = "directory"
"""The channel on which HQ's other processes are told that a directory was published; payload: its version."""


@dataclass(frozen=True, slots=True)
class DirectoryPublished:
    """There is a new version; links send it on. `signed`: a serialised SignedDirectory."""

    version: int
    hash: bytes
    signed: bytes = field(repr=False)
    draft: bytes = field(default=b"", repr=False)
    """What waits for the root's signature beside it (a serialised Directory); empty: nothing."""


@dataclass(frozen=True, slots=True)
class DirectoryDrafted:
    """The next version was decided and waits for the root's signature. `directory`: serialised, not signed."""

    version: int
    directory: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class EnrolmentRequested:
    """A node waits for an operator's approval."""

    node: str
    signing_key_id: str

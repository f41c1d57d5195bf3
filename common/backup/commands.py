"""What is done with backups at a node."""

from __future__ import annotations

from dataclasses import dataclass

from common.audit.commands import Deed


@dataclass(frozen=True, slots=True)
class CreateBackup(Deed):
    """Make a backup of the node; done on its machine, by its command line."""

    record: str = ""
    """The backup's file name, without its directory."""


@dataclass(frozen=True, slots=True)
class VerifyBackup(Deed):
    """Prove that a backup could be restored; done in a scratch place of its machine."""

    record: str = ""
    """The backup's file name, without its directory."""

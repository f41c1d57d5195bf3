"""The directory that backups lie in: their names, which there are, and one writer at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from common.backup.container import SUFFIX, UNFINISHED, is_complete, read_head
from common.backup.model import BackupCutOff, Facts, NotABackup
from common.errors import Refusal, TemporaryFault
from common.security.private_files import make_private_directory

LOCK_FILE = ".lock"
BACKUPS_DIRECTORY = "backups"
SAME_SECOND_MAX = 100


class BackupUnderWay(TemporaryFault):
    """Another backup is being written into the same directory."""

    en = "Another backup is being written into {path}. Wait until it is done."
    zh = "另一个备份正在写入 {path}，请等待其完成。"


class BackupNotFound(Refusal):
    """The directory has none of this name."""

    en = "There is no backup {name} in this node's directory of backups."
    zh = "本节点的备份目录中没有备份 {name}。"


class Found(NamedTuple):
    """A backup in the directory. Without facts it could not be read."""

    path: Path
    bytes_: int
    complete: bool
    facts: Facts | None

    def to_dict(self) -> dict[str, Any]:
        facts = self.facts.to_dict() if self.facts is not None else {}
        return {"file": str(self.path), "bytes": self.bytes_, "complete": self.complete, **facts}


@contextmanager
def writing_into(directory: Path) -> Iterator[None]:
    """Holds the directory for one backup; what an earlier one that was killed left behind is removed.

    Raises BackupUnderWay, PermissionsTooWide, OSError.
    """
    make_private_directory(directory)
    descriptor = os.open(directory / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BackupUnderWay(path=directory) from error
        for left in directory.glob(f".*{SUFFIX}{UNFINISHED}"):
            left.unlink(missing_ok=True)
        yield
    finally:
        os.close(descriptor)


def free_name(directory: Path, node: str, created_at_us: int) -> Path:
    """A name for a backup that was taken at that moment."""
    moment = datetime.fromtimestamp(created_at_us / 1e6, UTC).strftime("%Y%m%dT%H%M%SZ")
    names = (f"{node}-{moment}{f'-{number}' if number else ''}{SUFFIX}" for number in range(SAME_SECOND_MAX))
    return next(path for name in names if not (path := directory / name).exists())


def found_in(directory: Path) -> list[Found]:
    """The backups in a directory, the newest first. Raises OSError."""
    found = [_look(path) for path in sorted(directory.glob(f"*{SUFFIX}"))]
    return sorted(found, key=lambda each: (each.facts.created_at_us if each.facts else 0, each.path), reverse=True)


def find_named(directory: Path, name: str) -> Path:
    """The backup of that name in the directory. Raises BackupNotFound."""
    for path in directory.glob(f"*{SUFFIX}"):
        if path.name == name:
            return path
    raise BackupNotFound(name=repr(name[:100]))


def drop_old(directory: Path, node: str, keep: int) -> list[Path]:
    """Removes the oldest backups of a node, so that so many complete ones stay. Others' are not touched."""
    whole = [each for each in found_in(directory) if each.complete and each.facts and each.facts.node == node]
    dropped = [each.path for each in whole[max(1, keep) :]]
    for path in dropped:
        path.unlink(missing_ok=True)
    return dropped


def _look(path: Path) -> Found:
    try:
        return Found(path, path.stat().st_size, is_complete(path), read_head(path).facts)
    except (NotABackup, BackupCutOff):
        return Found(path, path.stat().st_size, False, None)

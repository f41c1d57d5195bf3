"""Files that only the node may read, written so that a crash leaves the old content or the new, never a part of it."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from common.errors import Fault

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class PermissionsTooWide(Fault):
    """A file or directory with secrets can be reached by other users of the machine."""

    en = "{path} can be read by other users (mode {mode})."
    zh = "其他用户可以读取 {path}（权限 {mode}）。"
    mend_en = "Restrict it (chmod {wanted}) and consider its keys known."
    mend_zh = "请收紧权限（chmod {wanted}），并视其中密钥已泄露。"


def make_private_directory(path: Path) -> None:
    """Makes `path` (and what is above it) with mode 0700; one that is there already must not be wider.

    Raises PermissionsTooWide, OSError.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    require_private_directory(path)


def require_private_directory(path: Path) -> None:
    """Raises PermissionsTooWide unless only the owner can enter `path`; FileNotFoundError where there is none."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & _OTHERS:
        raise PermissionsTooWide(path=path, mode=f"{mode:04o}", wanted="0700")


def read_private(path: Path) -> bytes:
    """The content of a file that must be readable by its owner alone. Raises PermissionsTooWide, OSError."""
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & _OTHERS:
            raise PermissionsTooWide(path=path, mode=f"{mode:04o}", wanted="0600")
        return file.read()


def write_private(path: Path, content: bytes) -> None:
    """Writes `path` with mode 0600, durably and at once: after a crash it has its old content or all of the new.

    Raises OSError.
    """
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Files that one process at a time may change, wherever the processes run: a lock on a file beside them.

The system gives a lock back when its process ends, however it ends. Between machines it holds where the file system's
own locks do: on NFS 4 and cluster file systems, not in a folder that something synchronises.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from pathlib import Path
from typing import BinaryIO

from common.errors import TemporaryFault

WAIT_S = 60.0
"""How long is waited for another process."""
LOOK_S = 0.02

_NEVER = threading.Event()


class FileBusy(TemporaryFault):
    """Another process holds the files for longer than is waited."""

    en = "Another process has held {path} for {seconds:.0f} s; nothing was changed. Try again when it is done."
    zh = "另一进程占用 {path} 已达 {seconds:.0f} 秒，未做任何更改。请在其完成后重试。"


class FileLock:
    """The lock of one file. Whoever holds it may take it again. For one thread at a time: others have their own."""

    def __init__(self, path: Path, wait_s: float = WAIT_S) -> None:
        self._path = path
        self._wait_s = wait_s
        self._file: BinaryIO | None = None
        self._times = 0

    def __enter__(self) -> None:
        """Raises FileBusy, OSError."""
        if self._file is None:
            self._file = _locked(self._path, fcntl.LOCK_EX, self._wait_s)
        self._times += 1

    def __exit__(self, *_error: object) -> None:
        self._times -= 1
        if not self._times and self._file is not None:
            self._file.close()
            self._file = None


class SharedFileLock:
    """The same for whoever only reads: readers do not wait for each other. Where nobody has ever locked the file to
    change anything there is none, and nobody to wait for."""

    def __init__(self, path: Path, wait_s: float = WAIT_S) -> None:
        self._path = path
        self._wait_s = wait_s
        self._file: BinaryIO | None = None

    def __enter__(self) -> None:
        """Raises FileBusy, OSError."""
        if self._path.exists():
            self._file = _locked(self._path, fcntl.LOCK_SH, self._wait_s)

    def __exit__(self, *_error: object) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _locked(path: Path, how: int, wait_s: float) -> BinaryIO:
    flags = os.O_RDONLY if how == fcntl.LOCK_SH else os.O_RDWR | os.O_CREAT
    file = open(os.open(path, flags | os.O_CLOEXEC, 0o600), "rb")  # noqa: SIM115 - held until it is given back.
    try:
        until = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(file, how | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() >= until:
                    raise FileBusy(path=path, seconds=wait_s) from error
                _NEVER.wait(LOOK_S)
            else:
                return file
    except BaseException:
        file.close()
        raise

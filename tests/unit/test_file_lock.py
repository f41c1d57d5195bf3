"""One process at a time: who comes second waits, and the lock of a process that died is free."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from common.file_lock import FileBusy, FileLock, SharedFileLock

HOLDING = """
import sys
from pathlib import Path
from common.file_lock import FileLock
with FileLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.lock"


def test_another_holder_waits_and_is_told_when_it_takes_too_long(path: Path) -> None:
    with FileLock(path), pytest.raises(FileBusy) as busy:
        FileLock(path, wait_s=0.05).__enter__()
    assert str(path) in busy.value.text("zh-CN")
    with FileLock(path, wait_s=0):
        pass


def test_the_holder_may_take_it_again_and_keeps_it_to_the_end(path: Path) -> None:
    lock = FileLock(path)
    with lock:
        with lock:
            pass
        with pytest.raises(FileBusy):
            FileLock(path, wait_s=0).__enter__()


def test_readers_share_it_and_keep_a_writer_out(path: Path) -> None:
    with FileLock(path):
        pass
    with SharedFileLock(path), SharedFileLock(path, wait_s=0), pytest.raises(FileBusy):
        FileLock(path, wait_s=0).__enter__()


def test_readers_make_no_lock_where_there_is_none(path: Path) -> None:
    with SharedFileLock(path):
        assert not path.exists()


def test_what_a_killed_process_held_is_free(path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(FileBusy):
            FileLock(path, wait_s=0).__enter__()
    finally:
        holder.kill()
        holder.communicate()
    with FileLock(path, wait_s=5):
        pass

"""An SQLite database at one moment: copied by SQLite's own online backup, while a node writes to it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from common.db.faults import NoRoomForSnapshot
from common.db.snapshot import PIECE_BYTES, Copied, Pieces

FILE = "database.sqlite"
PAGES_A_STEP = 2_048
BUSY_TIMEOUT_S = 5.0
ROOM_OVER = 1.1


class SqliteSnapshot:
    """A copy of the file, in `scratch`, which is gone when this is closed.

    The source is read in one transaction, so that the copying need not begin anew whenever the node commits.
    """

    def __init__(self, path: Path, scratch: Path, copied: Copied) -> None:
        size = path.stat().st_size + _size_of(path.with_name(path.name + "-wal"))
        free = shutil.disk_usage(scratch).free
        if free < size * ROOM_OVER:
            raise NoRoomForSnapshot(path=scratch, needed=int(size * ROOM_OVER), free=free)
        self._room = tempfile.TemporaryDirectory(prefix=".snapshot-", dir=scratch)
        self._copy = Path(self._room.name) / FILE
        try:
            _copy(path, self._copy, copied)
            self._engine = sa.create_engine(f"sqlite+pysqlite:///{self._copy}", poolclass=NullPool)
            self.connection = self._engine.connect()
        except BaseException:
            self._room.cleanup()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()
        self._engine.dispose()
        self._room.cleanup()

    @property
    def bytes_about(self) -> int:
        return self._copy.stat().st_size

    def files(self) -> Iterator[tuple[str, Pieces]]:
        yield FILE, _pieces(self._copy)

    def rows(self) -> dict[str, int]:
        tables = sorted(sa.inspect(self.connection).get_table_names())
        return {
            table: self.connection.execute(sa.select(sa.func.count()).select_from(sa.table(table))).scalar_one()
            for table in tables
        }


def _copy(source: Path, target: Path, copied: Copied) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.close(descriptor)
    read = sqlite3.connect(f"file:{_quoted(source)}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    written = sqlite3.connect(target, isolation_level=None)
    try:
        page = read.execute("PRAGMA page_size").fetchone()[0]
        read.execute("BEGIN")
        read.execute("SELECT count(*) FROM sqlite_master").fetchone()

        def told(_status: int, left: int, total: int) -> None:
            copied((total - left) * page, total * page)

        read.backup(written, pages=PAGES_A_STEP, progress=told)
        read.execute("ROLLBACK")
        # One file, without a write-ahead log beside it.
        written.execute("PRAGMA journal_mode=DELETE")
    finally:
        written.close()
        read.close()


class SqliteRefill:
    """Writes the file that a snapshot gave; it has its name only at the end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(f".{path.name}.part")
        self._taken = False

    def take(self, name: str, pieces: Pieces) -> None:
        if name != FILE or self._taken:
            raise ValueError(name)
        self._part.unlink(missing_ok=True)
        with open(os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        self._taken = True

    def finish(self) -> None:
        if not self._taken:
            raise ValueError(FILE)
        os.replace(self._part, self._path)

    def abandon(self) -> None:
        self._part.unlink(missing_ok=True)


def _pieces(path: Path) -> Pieces:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _quoted(path: Path) -> str:
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")

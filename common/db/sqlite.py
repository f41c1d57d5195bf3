"""SQLite: one file, one writer. The default of a node; nothing has to be installed or set up for it.

Write-ahead log, full sync: a commit that was reported is on the disk, and readers never wait for the writer.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool, QueuePool

from common.db.faults import DatabaseDamaged
from common.db.rows import RowSpec
from common.db.snapshot import Copied, Refill, Snapshot
from common.db.store import Notice, RowStatements, Store
from common.errors import Fault

BUSY_TIMEOUT_MS = 5_000


class SqliteStore(Store):
    """The store of `sqlite+pysqlite:` URLs."""

    name = "sqlite"
    shared = False
    savepoints = True
    merges_ranges = False

    def __init__(self) -> None:
        self._statements: dict[str, SqliteStatements] = {}

    def open_writer(self, url: str) -> sa.Engine:
        engine = sa.create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT", hide_parameters=True)
        event.listen(engine, "connect", _configure)
        event.listen(engine, "connect", _overwrite_what_is_deleted)
        return engine

    def open_reader(self, url: str, connections_max: int) -> sa.Engine:
        engine = sa.create_engine(
            url, poolclass=QueuePool, pool_size=connections_max, max_overflow=0, hide_parameters=True
        )
        event.listen(engine, "connect", _configure)
        event.listen(engine, "connect", _forbid_writes)
        return engine

    def display(self, url: str) -> str:
        return str(sa.make_url(url).database)

    def is_there(self, url: str) -> bool:
        return self._path(url).exists()

    def protect(self, url: str) -> None:
        self._path(url).chmod(0o600)

    def why_unreachable(self, url: str, error: Exception) -> Fault:
        return DatabaseDamaged(database=self.display(url), detail=type(getattr(error, "orig", error)).__name__)

    def require_usable(self, connection: sa.Connection) -> None:
        """The library comes with Python, and the file is the node's own."""

    def _path(self, url: str) -> Path:
        return Path(self.display(url))

    def begin(self, connection: sa.Connection) -> None:
        _driver(connection).execute("BEGIN IMMEDIATE")

    def commit(self, connection: sa.Connection) -> None:
        _driver(connection).execute("COMMIT")

    def roll_back(self, connection: sa.Connection) -> bool:
        if not self.transaction_lost(connection):
            connection.exec_driver_sql("ROLLBACK")
        return False

    def transaction_lost(self, connection: sa.Connection) -> bool:
        """A full disk makes SQLite undo the whole transaction by itself, savepoints and all."""
        return not _driver(connection).in_transaction

    def cursor(self, connection: sa.Connection) -> Any:
        return connection.connection.cursor()

    def statements(self, spec: RowSpec) -> RowStatements:
        known = self._statements.get(spec.name)
        if known is None:
            known = self._statements[spec.name] = SqliteStatements(spec)
        return known

    def order_numbers(self, cursor: Any, count: int, after: int) -> Sequence[int]:
        """There is one writer, so what waits says how far the order has come."""
        highest = max(after, cursor.execute("SELECT max(outbox_id) FROM outbox").fetchone()[0] or 0)
        return range(highest + 1, highest + 1 + count)

    def take_turn(self, connection: sa.Connection, table: str, alone: bool) -> None:
        """There is one writer: all transactions take turns."""

    def notify(self, cursor: Any, notices: Iterable[Notice]) -> None:
        """One process writes to the file, and knows what it did."""

    def open_listener(self, url: str, channels: Sequence[str]) -> SilentListener:
        return SilentListener()

    def begin_read(self, connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    def is_storage_fault(self, error: BaseException) -> bool:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            return True
        # Rows go through the driver's own cursor, so its exceptions come unwrapped as well.
        said = error.orig if isinstance(error, OperationalError) else error
        return isinstance(said, sqlite3.OperationalError) and any(sign in str(said).lower() for sign in _STORAGE_SIGNS)

    def is_race(self, error: BaseException) -> bool:
        """The file's lock is held from the transaction's first statement on: there is nobody to race."""
        return False

    def begin_migration(self, connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def check_integrity(self, connection: sa.Connection) -> str:
        verdict = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
        return "" if verdict == "ok" else verdict

    def snapshot(self, url: str, scratch: Path, copied: Copied) -> Snapshot:
        from common.db.sqlite_snapshot import SqliteSnapshot

        return SqliteSnapshot(self._path(url), scratch, copied)

    def refill(self, url: str, make_tables: Callable[[], None]) -> Refill:
        """The file holds its tables."""
        from common.db.sqlite_snapshot import SqliteRefill

        return SqliteRefill(self._path(url))


def _driver(connection: sa.Connection) -> sqlite3.Connection:
    """What every group does goes to the driver, as its rows do."""
    driver: Any = connection.connection.dbapi_connection
    return cast("sqlite3.Connection", driver)


_STORAGE_SIGNS = ("is locked", "disk", "full", "i/o error", "unable to open", "readonly", "busy")


class SilentListener:
    """There is no other process that could tell something."""

    def __init__(self) -> None:
        self._closed = threading.Event()

    def wait(self, timeout_s: float) -> list[Notice]:
        self._closed.wait(timeout_s)
        return []

    def close(self) -> None:
        self._closed.set()


class _Sql(NamedTuple):
    insert: str
    update: str
    delete: str
    select: str


class SqliteStatements:
    """The statements of a table, written once: one `executemany` for each kind of change.

    Table and column names alone are put together here, from the schema; values are always parameters.
    """

    def __init__(self, spec: RowSpec) -> None:
        name, columns = spec.name, spec.columns
        keys, others = columns[: spec.key_width], columns[spec.key_width :]
        where = " AND ".join(f"{key}=?" for key in keys)
        self._width = spec.key_width
        self._sql = _Sql(
            insert=f"INSERT INTO {name} ({','.join(columns)}) VALUES ({','.join('?' * len(columns))})",  # noqa: S608
            update=f"UPDATE {name} SET {','.join(f'{other}=?' for other in others)} WHERE {where}",  # noqa: S608
            delete=f"DELETE FROM {name} WHERE {where}",  # noqa: S608
            select=_select_of(name, columns, keys),
        )

    def select(self, cursor: Any, keys: Sequence[Any], free: bool = False) -> Sequence[Sequence[Any]]:
        if self._width == 1:
            places, parameters = ",".join("?" * len(keys)), tuple(keys)
        else:
            places = ",".join([f"({','.join('?' * self._width)})"] * len(keys))
            parameters = tuple(part for key in keys for part in key)
        rows: Sequence[Sequence[Any]] = cursor.execute(self._sql.select % places, parameters).fetchall()
        return rows

    def insert(self, cursor: Any, rows: Sequence[Sequence[Any]]) -> int:
        return int(cursor.executemany(self._sql.insert, rows).rowcount)

    def update(self, cursor: Any, rows: Sequence[Sequence[Any]]) -> int:
        width = self._width
        return int(cursor.executemany(self._sql.update, [(*row[width:], *row[:width]) for row in rows]).rowcount)

    def delete(self, cursor: Any, keys: Sequence[Any]) -> int:
        rows = [(key,) for key in keys] if self._width == 1 else keys
        return int(cursor.executemany(self._sql.delete, rows).rowcount)


def _select_of(table: str, columns: Sequence[str], keys: Sequence[str]) -> str:
    """The statement that reads by key, with a place for the list of keys.

    Several key columns are joined from a list of values, which stands first: SQLite searches the primary key for each,
    where it would scan the whole table for `(a, b) IN (VALUES ...)`.
    """
    if len(keys) == 1:
        return f"SELECT {','.join(columns)} FROM {table} WHERE {keys[0]} IN (%s)"  # noqa: S608
    names = ",".join(f"k{place}" for place in range(len(keys)))
    on = " AND ".join(f"{table}.{key} = wanted.k{place}" for place, key in enumerate(keys))
    selected = ",".join(f"{table}.{column}" for column in columns)
    return f"WITH wanted({names}) AS (VALUES %s) SELECT {selected} FROM wanted CROSS JOIN {table} WHERE {on}"  # noqa: S608


def _configure(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA cache_size=-16384")
    cursor.execute("PRAGMA wal_autocheckpoint=4000")
    cursor.close()


def _overwrite_what_is_deleted(connection: Any, _record: Any) -> None:
    """What was deleted or replaced stays in no free part of the file: keys and personal data are meant to be gone."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


def _forbid_writes(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()

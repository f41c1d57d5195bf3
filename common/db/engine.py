"""Opening a node's database.

The writer has one connection, owned by the dispatcher's thread; readers have their own, with their own snapshots, and
never queue behind it. On SQLite: write-ahead log, full sync (a commit that was reported is on the disk).
"""

from __future__ import annotations

import sqlite3
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool, QueuePool

METADATA = sa.MetaData()
"""All tables of all features, each defined in its feature's repository.py."""

BUSY_TIMEOUT_MS = 5_000


def open_writer(url: str) -> sa.Engine:
    """The engine for the one writer. Transactions are begun by the unit of work, explicitly and at once."""
    engine = sa.create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT", hide_parameters=True)
    event.listen(engine, "connect", _configure_sqlite)
    return engine


def open_reader(url: str, connections_max: int = 4) -> sa.Engine:
    """The engine for queries: several connections that cannot write."""
    engine = sa.create_engine(url, poolclass=QueuePool, pool_size=connections_max, max_overflow=0, hide_parameters=True)
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "connect", _forbid_writes)
    return engine


def sqlite_url(path: str) -> str:
    """The URL of an SQLite file."""
    return f"sqlite+pysqlite:///{path}"


def is_storage_fault(error: BaseException) -> bool:
    """Whether the database could not take the work (disk full, locked, away), as opposed to the work being wrong."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    # Rows go through the driver's own cursor (common.db.rows), so its exceptions come unwrapped as well.
    said = error.orig if isinstance(error, OperationalError) else error
    return isinstance(said, sqlite3.OperationalError) and any(sign in str(said).lower() for sign in _STORAGE_SIGNS)


_STORAGE_SIGNS = ("is locked", "disk", "full", "i/o error", "unable to open", "readonly", "busy")


def _configure_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA cache_size=-16384")
    cursor.execute("PRAGMA wal_autocheckpoint=4000")
    cursor.close()


def _forbid_writes(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()

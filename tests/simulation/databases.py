"""Databases of simulated nodes: files in memory where the machine has such, copied from one that was made once.

A crash is a connection dropped without a commit; what survives is what SQLite itself wrote to the file.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from common.db.engine import METADATA, open_writer, sqlite_url
from hq_node import core as _hq_core  # noqa: F401 - defines HQ's tables
from province_node import core as _province_core  # noqa: F401 - defines the provinces' tables
from tests.simulation.kinds import SIMULATED

MEMORY = Path("/dev/shm")  # noqa: S108 - Linux keeps this in memory; files get names of their own below.


def make_room() -> tempfile.TemporaryDirectory[str]:
    """A directory for the files of runs, gone when it is closed."""
    directory = MEMORY if os.access(MEMORY, os.W_OK) else None
    return tempfile.TemporaryDirectory(prefix="quanwang-simulation-", dir=directory)


@cache
def _template() -> bytes:
    """An empty database with all tables, as bytes: making tables costs more than a whole run may."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "template.db"
        engine = open_writer(sqlite_url(str(path)))
        with engine.connect() as connection:
            METADATA.create_all(connection)
            SIMULATED.create_all(connection)
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        engine.dispose()
        return path.read_bytes()


def make_database(path: Path) -> sqlite3.Connection:
    """A new database of a node; the caller fills it, commits, and closes."""
    path.write_bytes(_template())
    return sqlite3.connect(path)


def stored_bytes(path: Path) -> bytes:
    """All that is stored: the file, and its log beside it."""
    log = path.with_name(path.name + "-wal")
    return path.read_bytes() + (log.read_bytes() if log.exists() else b"")


def remove(directory: Path) -> None:
    """Removes what a run left."""
    shutil.rmtree(directory, ignore_errors=True)


def limit_pages(connection: sa.Connection) -> None:
    """From now on the file cannot grow: SQLite itself says that the disk is full, wherever it needs a page."""
    connection.exec_driver_sql("PRAGMA max_page_count=1")


def free_pages(connection: sa.Connection) -> None:
    """There is room again."""
    connection.exec_driver_sql("PRAGMA max_page_count=1073741823")

"""Databases of simulated nodes: files in memory where the machine has such, copied from one that was made once.

A crash is a connection dropped without a commit; what survives is what SQLite itself wrote to the file.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

import common.core
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


@cache
def _writer(slot: str) -> tuple[sa.Engine, list[Path]]:
    """The product's own engine, with the file to open as a thing apart: an engine compiles each statement once, and a
    process that starts thousands of nodes would do little else."""
    place: list[Path] = []
    engine = open_writer(sqlite_url(slot))

    def connect(_dialect: Any, _record: Any, arguments: list[Any], _named: Any) -> None:
        arguments[0] = str(place[-1])

    sa.event.listen(engine, "do_connect", connect)
    return engine, place


@contextmanager
def shared_engines() -> Iterator[None]:
    """While it lasts, cores opened in this process share one engine for each node."""

    def open_shared(url: str) -> sa.Engine:
        path = Path(str(sa.make_url(url).database))
        engine, place = _writer(path.name)
        place[:] = [path]
        return engine

    before = common.core.open_writer
    common.core.open_writer = open_shared
    try:
        yield
    finally:
        common.core.open_writer = before


def driver_connection(connection: sa.Connection) -> sqlite3.Connection:
    """The driver's connection below SQLAlchemy's: for looking, without the cost."""
    below: Any = connection.connection.dbapi_connection
    assert isinstance(below, sqlite3.Connection)
    return below


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

"""A node's database, wherever its URL says that it is.

A writer has one connection, owned by the dispatcher's thread; readers have their own, with their own snapshots, and
never queue behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from common.db.sqlite import SqliteStore
from common.db.store import Store

METADATA = sa.MetaData()
"""All tables of all features, each defined in its feature's repository.py."""

_stores: dict[str, Store] = {"sqlite": SqliteStore()}
"""By the name of the dialect; the others are imported when they are first used, with their drivers."""


def store_of(connection: sa.Connection) -> Store:
    """The store that a connection leads to."""
    return _stores[connection.dialect.name]


def store_at(url: str) -> Store:
    """The store that a URL names."""
    name = sa.make_url(url).get_backend_name()
    if name == "postgresql" and name not in _stores:
        from common.db.postgres import PostgresStore

        _stores[name] = PostgresStore()
    return _stores[name]


def open_writer(url: str) -> sa.Engine:
    """The engine for a writer. Transactions are begun by the unit of work's owner, explicitly and at once."""
    return store_at(url).open_writer(url)


def open_reader(url: str, connections_max: int = 4) -> sa.Engine:
    """The engine for queries: several connections that cannot write."""
    return store_at(url).open_reader(url, connections_max)


@contextmanager
def reading(url: str) -> Iterator[sa.Connection]:
    """One connection that cannot write, for a command. Raises a fault of `common.db.faults` where a node could not work
    on this database."""
    with _connected(url, open_reader(url, connections_max=1)) as connection:
        yield connection


@contextmanager
def writing(url: str) -> Iterator[sa.Connection]:
    """One writing connection, for a command; it begins and commits itself. Raises as `reading`."""
    with _connected(url, open_writer(url)) as connection:
        yield connection


@contextmanager
def _connected(url: str, engine: sa.Engine) -> Iterator[sa.Connection]:
    store = store_at(url)
    try:
        try:
            connection = engine.connect()
        except DBAPIError as error:
            raise store.why_unreachable(url, error) from error
        with connection:
            store.require_usable(connection)
            yield connection
    finally:
        engine.dispose()


def sqlite_url(path: str) -> str:
    """The URL of an SQLite file."""
    return f"sqlite+pysqlite:///{path}"


def is_storage_fault(error: BaseException) -> bool:
    """Whether the database could not take the work (disk full, locked, away), as opposed to the work being wrong."""
    return any(store.is_storage_fault(error) for store in _stores.values())

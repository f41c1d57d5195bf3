"""Databases for tests, on every store that a node can work on.

A test that touches a database asks for the fixture `databases` (tests/conftest.py), and so runs once on each store.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from common.db.engine import METADATA, open_writer, sqlite_url

SQLITE, POSTGRES = "sqlite", "postgres"
STORES = (SQLITE, POSTGRES)


class Databases:
    """Makes databases on one kind of store; they are gone when it is closed."""

    def __init__(self, store: str, room: Path) -> None:
        self.store = store
        self._room = room
        self._made: list[str] = []

    def empty(self, name: str = "node") -> str:
        """The URL of a new database without tables."""
        if self.store == SQLITE:
            return self._add(sqlite_url(str(self._file(name))))
        from tests.support.postgres import cluster

        return self._add(cluster().create())

    def copy(self, url: str, name: str = "node") -> str:
        """The URL of a new database like the one at `url`, which nobody is connected to."""
        if self.store == SQLITE:
            path = self._file(name)
            shutil.copyfile(str(sa.make_url(url).database), path)
            return self._add(sqlite_url(str(path)))
        from tests.support.postgres import cluster

        return self._add(cluster().create(url))

    def with_tables(self, name: str = "node", metadata: sa.MetaData = METADATA) -> str:
        """The URL of a new database with all tables that are known by now."""
        template = _template(self.store, metadata)
        if self.store == SQLITE:
            path = self._file(name)
            shutil.copyfile(template, path)
            return self._add(sqlite_url(str(path)))
        from tests.support.postgres import cluster

        return self._add(cluster().pool.lend(template))

    def close(self) -> None:
        """Removes what was made."""
        if self.store == POSTGRES:
            from tests.support.postgres import cluster

            made, pool = cluster(), cluster().pool
            for url in self._made:
                pool.give_back(url) if pool.lent(url) else made.drop(url)

    def _file(self, name: str) -> Path:
        path = self._room / f"{name}.db"
        assert not path.exists(), f"there is a database {name} already"
        return path

    def _add(self, url: str) -> str:
        self._made.append(url)
        return url


_templates: dict[tuple[str, int, frozenset[str]], str] = {}


def _template(store: str, metadata: sa.MetaData) -> str:
    """A database with all tables, to be copied: making them anew for each test costs more than the test."""
    key = store, id(metadata), frozenset(metadata.tables)
    made = _templates.get(key)
    if made is None:
        made = _templates[key] = _make_template(store, metadata)
    return made


def _make_template(store: str, metadata: sa.MetaData) -> str:
    if store == POSTGRES:
        from tests.support.postgres import cluster

        url = cluster().create()
        _make_tables(url, metadata)
        return url
    with tempfile.NamedTemporaryFile(prefix="quanwang-template-", suffix=".db", delete=False) as file:
        path = Path(file.name)
    _make_tables(sqlite_url(str(path)), metadata)
    return str(path)


def _make_tables(url: str, metadata: sa.MetaData) -> None:
    engine = open_writer(url)
    with engine.connect() as connection:
        metadata.create_all(connection)
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()


@contextmanager
def databases_of(store: str, room: Path) -> Iterator[Databases]:
    """Databases on one kind of store, for as long as this lasts."""
    made = Databases(store, room)
    try:
        yield made
    finally:
        made.close()

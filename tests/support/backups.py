"""Nodes of the federation in one thread, as backups see them: a data directory, and a database that migrations made."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import sqlalchemy as sa

import hq_node.bootstrap
import province_node.bootstrap
from common.backup.creating import Made, Progress, create_backup, silent
from common.backup.restoring import Kind
from common.backup.secrets import PASSPHRASE, Secret
from common.backup.settings import BackupSettings
from common.db.engine import sqlite_url
from common.db.migrate import migrate
from common.ids import HQ
from common.program.data_directory import DataDirectory
from tests.support.federation import Federation
from tests.support.stores import SQLITE, Databases

SECRET = Secret(PASSPHRASE, b"correct horse battery staple")


def kind_of(node: str) -> Kind:
    """Which program's backups are those of `node`."""
    return hq_node.bootstrap.KIND if node == HQ else province_node.bootstrap.KIND


class MigratedDatabases(Databases):
    """Databases for a federation, each as the migrations of its node make it."""

    def with_tables(self, name: str = "node", metadata: object = None) -> str:
        template = _migrated(self.store, name.endswith(f"-{HQ}"))
        if self.store == SQLITE:
            url = self.empty(name)
            shutil.copyfile(template, str(sa.make_url(url).database))
            return url
        from tests.support.postgres import cluster

        return self._add(cluster().create(template))


@cache
def _migrated(store: str, hq: bool) -> str:
    """A database to be copied: migrating one for each node of each test would take longer than the tests."""
    schema = (hq_node.bootstrap.KIND if hq else province_node.bootstrap.KIND).schema
    if store == SQLITE:
        path = Path(tempfile.mkdtemp(prefix="quanwang-template-")) / "node.db"
        migrate(sqlite_url(str(path)), schema)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return str(path)
    from tests.support.postgres import cluster

    url = cluster().create()
    migrate(url, schema)
    return url


class NodeFiles(DataDirectory):
    """A data directory whose database is elsewhere."""

    def __init__(self, path: Path, url: str) -> None:
        super().__init__(path)
        self._url = url


@dataclass(frozen=True, slots=True)
class Backups:
    """Makes backups of one node of a federation."""

    federation: Federation
    node: str
    data: NodeFiles
    room: Path

    def make(self, settings: BackupSettings | None = None, progress: Progress = silent) -> Made:
        """A backup as it is now."""
        chosen = settings or BackupSettings(directory=str(self.room))
        return create_backup(
            self.data,
            kind_of(self.node).schema,
            self.node,
            chosen,
            SECRET,
            self.federation.clock,
            progress=progress,
        )


def backups_of(federation: Federation, node: str, directory: Path) -> Backups:
    """Of one node, whose data directory is made in `directory` with what a node has in it."""
    data = NodeFiles(directory / "data", federation.urls[node])
    data.create()
    (data.path / "keys").mkdir(mode=0o700)
    for name, content in (("node.toml", f'node = "{node}"\n'), ("keys/signing.pem", "a private key\n")):
        path = data.path / name
        path.write_text(content, encoding="utf-8")
        path.chmod(0o600)
    (data.path / "node.lock").touch()
    return Backups(federation, node, data, directory / "backups")


def empty_url(databases: Databases, name: str) -> str:
    """The database to restore into: none is named for SQLite."""
    return "" if databases.store == SQLITE else databases.empty(name)

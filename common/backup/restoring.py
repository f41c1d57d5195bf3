"""Brings a backup back: into an empty place, or into a scratch one to see whether it could be.

    head -> schema known? -> place empty? -> database -> files -> archives -> whole? -> migrate -> its name

Until the whole backup was read and found good nothing stands under the names that a node looks for.
"""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import sqlalchemy as sa

from common.backup.container import BackupReader, Entry
from common.backup.creating import ARCHIVES, DATABASE, FILES, Progress, silent
from common.backup.model import (
    POSTGRES,
    BackupDamaged,
    BackupOfAnotherKind,
    BackupTooNew,
    DatabaseUrlNeeded,
    DatabaseUrlUnfit,
    Facts,
    Manifest,
    RestoreWouldOverwrite,
)
from common.backup.secrets import Secret
from common.db.engine import reading, sqlite_url, store_at
from common.db.schema import Schema
from common.db.snapshot import Refill
from common.db.store import Store
from common.ids import HQ
from common.messaging.links import node_identity
from common.program.data_directory import ARCHIVE_DIRECTORY, DATABASE_FILE, RESTORED_FILE, SETTINGS_FILE
from common.security.private_files import make_private_directory, write_private
from common.settings import DatabaseSettings, NodeSettings

RESTORING = ".restoring"
SHARED_PLACES = (("keys", "directory"), ("retention", "archive_directory"))
"""Settings that name what is outside of the data directory."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Which nodes a program's backups are of."""

    program: str
    schema: Schema
    settings: type[NodeSettings]
    hq: bool

    def require_own(self, facts: Facts) -> None:
        """Raises BackupOfAnotherKind, BackupTooNew."""
        if (facts.node == HQ) is not self.hq:
            raise BackupOfAnotherKind(node=facts.node, program="province-node" if self.hq else "hq-node")
        heads = {branch.name: branch.head for branch in self.schema.branches}
        if any(revision > heads.get(revision.rpartition("_")[0], "") for revision in facts.revisions):
            raise BackupTooNew(revisions=", ".join(facts.revisions))


@dataclass(slots=True)
class Restored:
    """What was brought back."""

    facts: Facts
    manifest: Manifest
    data_dir: Path
    url: str
    migrated: list[str] = field(default_factory=list)


def restore_backup(
    path: Path, secret: Secret, kind: Kind, data_dir: Path, database_url: str = "", progress: Progress = silent
) -> Restored:
    """Restores into `data_dir`, which must be absent or empty; a PostgreSQL backup into the database that its settings
    name, or `database_url`, which must hold no node.

    Raises what the reader raises; BackupOfAnotherKind, BackupTooNew, RestoreWouldOverwrite, DatabaseUrlUnfit; a fault
    of `common.db.faults`; OSError. Nothing that was there is touched, and what was begun does not pass for a node.
    """
    data_dir = data_dir.absolute()
    if data_dir.exists() and (not data_dir.is_dir() or any(data_dir.iterdir())):
        raise RestoreWouldOverwrite(place=data_dir)
    room = data_dir.with_name(f".{data_dir.name}{RESTORING}")
    # Left by a restore that was interrupted; the name is nobody else's.
    shutil.rmtree(room, ignore_errors=True)
    make_private_directory(room)
    try:
        restored = unpack(path, secret, kind, room, database_url, progress)
        (room / RESTORED_FILE).touch(mode=0o600)
        _sync(room)
        os.replace(room, data_dir)
    except BaseException:
        shutil.rmtree(room, ignore_errors=True)
        raise
    if restored.facts.database != POSTGRES:
        restored.url = sqlite_url(str(data_dir / DATABASE_FILE))
    restored.data_dir = data_dir
    return restored


def unpack(
    path: Path, secret: Secret, kind: Kind, room: Path, database_url: str = "", progress: Progress = silent
) -> Restored:
    """Unpacks a backup into an empty private directory, and its database beside or where its settings say."""
    # Imported here: a node that serves has no use for it.
    from common.db.migrate import migrate

    reader = BackupReader(path, secret)
    facts = reader.facts
    kind.require_own(facts)
    unpacking = _Unpacking(reader, kind, room, database_url, progress)
    try:
        for entry in reader.entries():
            unpacking.take(entry)
        unpacking.finish()
    except BaseException:
        unpacking.abandon()
        raise
    assert reader.manifest is not None, "the reader came to its end"
    url = unpacking.url
    after = migrate(url, kind.schema)
    store_at(url).protect(url)
    return Restored(facts, reader.manifest, room, url, sorted(after - set(facts.revisions)))


class _Unpacking:
    """Puts each entry where it belongs. The files come after the database, but say where that is: on PostgreSQL they
    are looked for first."""

    def __init__(self, reader: BackupReader, kind: Kind, room: Path, database_url: str, progress: Progress) -> None:
        self._reader, self._kind, self._room, self._progress = reader, kind, room, progress
        self._given = database_url
        self.url = self._place_of_database()
        self._refill: Refill | None = self._store.refill(self.url, self._make_tables)

    @property
    def _store(self) -> Store:
        return store_at(self.url)

    def take(self, entry: Entry) -> None:
        top, _, name = entry.name.partition("/")
        if top == DATABASE and self._refill is not None:
            try:
                self._refill.take(name, self._told(entry.pieces))
            except ValueError as error:
                raise BackupDamaged(path=self._reader.path, detail=entry.name) from error
        elif top == FILES:
            self._write(self._room / self._safe(name), entry)
        elif top == ARCHIVES:
            self._write(self._room / ARCHIVE_DIRECTORY / self._safe(name), entry)
        else:
            raise BackupDamaged(path=self._reader.path, detail=entry.name)

    def finish(self) -> None:
        """Everything was read, and its end was there: the database counts from now on."""
        if self._refill is not None:
            try:
                self._refill.finish()
            except ValueError as error:
                raise BackupDamaged(path=self._reader.path, detail=DATABASE) from error
            self._refill = None
        if self._reader.facts.database == POSTGRES and self._given:
            _change_setting(self._room / SETTINGS_FILE, "database", "url", self.url)
        # What replicas shared elsewhere was brought back into this one directory.
        for table, key in SHARED_PLACES:
            _change_setting(self._room / SETTINGS_FILE, table, key, "", only_if_there=True)

    def abandon(self) -> None:
        if self._refill is not None:
            self._refill.abandon()

    def _place_of_database(self) -> str:
        if self._reader.facts.database != POSTGRES:
            if self._given:
                raise DatabaseUrlUnfit
            return sqlite_url(str(self._room / DATABASE_FILE))
        if not self._given:
            raise DatabaseUrlNeeded
        url = DatabaseSettings.model_validate({"url": self._given}).url.get_secret_value()
        with reading(url) as connection:
            there = sa.inspect(connection).has_table(node_identity.name)
            if there and connection.execute(sa.select(node_identity.c.node)).first() is not None:
                raise RestoreWouldOverwrite(place=store_at(url).display(url))
        return url

    def _make_tables(self) -> None:
        from common.db.migrate import migrate

        migrate(self.url, self._kind.schema, to=self._reader.facts.revisions)

    def _write(self, path: Path, entry: Entry) -> None:
        make_private_directory(path.parent)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            for piece in self._told(entry.pieces):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())

    def _told(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            yield piece
            self._progress("backup", self._reader.bytes_read, self._reader.size)

    def _safe(self, name: str) -> PurePosixPath:
        """A path below its directory. Whoever knows the secret can write any name."""
        path = PurePosixPath(name)
        if not name or path.is_absolute() or ".." in path.parts or "\x00" in name:
            raise BackupDamaged(path=self._reader.path, detail="a name that leads elsewhere")
        return path


def _change_setting(settings: Path, table: str, key: str, value: str, *, only_if_there: bool = False) -> None:
    """The settings fit where the backup was restored."""
    if not settings.exists():
        return
    text = settings.read_text(encoding="utf-8")
    former = tomllib.loads(text).get(table, {}).get(key)
    if former == value or (former is None and only_if_there):
        return
    import json

    written = f"{key} = {json.dumps(value, ensure_ascii=False)}"
    lines, there = [], ""
    for line in text.splitlines():
        stripped = line.strip()
        there = stripped if stripped.startswith("[") else there
        if there == f"[{table}]" and stripped.partition("=")[0].strip() == key:
            line = written
        lines.append(line)
    if f"[{table}]" not in (line.strip() for line in lines):
        lines += ["", f"[{table}]", written]
    write_private(settings, ("\n".join(lines) + "\n").encode("utf-8"))


def _sync(directory: Path) -> None:
    for place, _, _ in os.walk(directory):
        descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

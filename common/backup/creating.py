"""Makes a backup, beside the node that serves or without it.

    snapshot of the database -> its files -> the data directory's files -> archives -> manifest

The database comes first: what leaves it for the archives meanwhile is then in both, never in neither.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from common.backup.container import BackupWriter
from common.backup.model import Facts, LinkCover
from common.backup.naming import BACKUPS_DIRECTORY, free_name, writing_into
from common.backup.secrets import Secret
from common.backup.settings import BackupSettings
from common.clock import Clock
from common.core import NodeNotInitialised
from common.db.engine import reading, store_at
from common.db.schema import Schema, current_revisions, require_schema
from common.db.snapshot import PIECE_BYTES, Pieces, Snapshot
from common.messaging.links import links, node_identity
from common.program.data_directory import (
    ADMIN_SOCKET,
    ARCHIVE_DIRECTORY,
    DATABASE_FILE,
    LOCK_FILE,
    SHARED_KEYS,
    DataDirectory,
)
from common.version import SOFTWARE_VERSION

DATABASE, FILES, ARCHIVES = "database", "files", "archive"

ARCHIVE_SUFFIXES = (".journal", ".index", ".lock")
"""Of what is in the archive, wherever that is."""

_NOT_KEPT = frozenset({LOCK_FILE, ADMIN_SOCKET, "admin.address", "http.address"})
"""What says something about a running program alone."""

Progress = Callable[[str, int, int], None]
"""Is told how many of how many bytes are done of what. What it raises ends the work."""


def silent(_what: str, _done: int, _total: int) -> None:
    """Nobody looks."""


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made."""

    path: Path
    bytes_: int
    facts: Facts
    rows: int
    left_out: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "file": str(self.path),
            "bytes": self.bytes_,
            "rows": self.rows,
            "archives_left_out": self.left_out,
            **self.facts.to_dict(),
        }


def directory_of(data: DataDirectory, settings: BackupSettings, given: Path | None = None) -> Path:
    """Where a node's backups lie."""
    return given or (Path(settings.directory) if settings.directory else data.path / BACKUPS_DIRECTORY)


def create_backup(
    data: DataDirectory,
    schema: Schema,
    node: str,
    settings: BackupSettings,
    secret: Secret,
    clock: Clock,
    directory: Path | None = None,
    progress: Progress = silent,
) -> Made:
    """Makes a backup of a node whose settings were loaded. What ends it before its end leaves nothing behind.

    Raises BackupUnderWay, NoRoomForSnapshot, SchemaOutOfDate, SchemaTooNew, NodeNotInitialised; a fault of
    `common.db.faults`; OSError.
    """
    target = directory_of(data, settings, directory).absolute()
    with reading(data.url) as connection:
        require_schema(connection, schema)
    with writing_into(target), store_at(data.url).snapshot(data.url, data.path, _copied(progress)) as snapshot:
        facts = _facts(snapshot.connection, node, settings.archives, clock.now_us())
        writer = BackupWriter(free_name(target, node, facts.created_at_us), facts, secret)
        try:
            _add_database(writer, snapshot, progress)
            _add_files(writer, data, target)
            _add_archives(writer, data, settings.archives, progress)
            path = writer.finish()
        except BaseException:
            writer.abandon()
            raise
    manifest = writer.manifest
    rows = sum(manifest.tables.values())
    return Made(path, path.stat().st_size, facts, rows, len(manifest.left_out))


def _copied(progress: Progress) -> Callable[[int, int], None]:
    return lambda done, total: progress("snapshot", done, total)


def _facts(connection: sa.Connection, node: str, archives: bool, now_us: int) -> Facts:
    known = connection.execute(sa.select(node_identity.c.incarnation).where(node_identity.c.node == node)).scalar()
    if known is None:
        raise NodeNotInitialised(node=node)
    cover = tuple(
        LinkCover(
            row.peer,
            row.sealed_seal_number,
            row.sealed_hash.hex(),
            row.received_seal_number,
            row.received_hash.hex(),
        )
        for row in connection.execute(sa.select(links).order_by(links.c.peer))
    )
    revisions = tuple(sorted(current_revisions(connection)))
    database = connection.dialect.name
    return Facts(node, known.hex(), now_us, SOFTWARE_VERSION, database, revisions, cover, archives)


def _add_database(writer: BackupWriter, snapshot: Snapshot, progress: Progress) -> None:
    total, before = snapshot.bytes_about, 0
    for name, pieces in snapshot.files():
        before += writer.add(f"{DATABASE}/{name}", _told(pieces, "database", before, total, progress))
    writer.manifest.tables = snapshot.rows()


def _add_files(writer: BackupWriter, data: DataDirectory, target: Path) -> None:
    """Settings, keys, certificates, membership: whatever stands in the data directory and is no part of the above; and
    the keys that replicas share, as if they stood there."""
    for path in _files_below(data.path):
        name = path.relative_to(data.path)
        top = name.parts[0]
        if top == ARCHIVE_DIRECTORY or top.startswith((DATABASE_FILE, ".")) or top in _NOT_KEPT:
            continue
        if path.is_relative_to(target) or top == BACKUPS_DIRECTORY:
            continue
        if path.is_relative_to(data.archive) and path.suffix in ARCHIVE_SUFFIXES:
            continue
        writer.add(f"{FILES}/{name.as_posix()}", _pieces(path))
    if data.keys_place != data.path:
        for path in _files_below(data.keys_place):
            name = path.relative_to(data.keys_place)
            if name.parts[0] in SHARED_KEYS:
                writer.add(f"{FILES}/{name.as_posix()}", _pieces(path))


def _add_archives(writer: BackupWriter, data: DataDirectory, included: bool, progress: Progress) -> None:
    """The journals' archives; of those that are left out, what must be brought back."""
    paths = [path for path in _files_below(data.archive) if path.suffix == ".journal"]
    total, before = sum(path.stat().st_size for path in paths), 0
    for path in paths:
        name = path.relative_to(data.archive).as_posix()
        pieces = _told(_pieces(path), "archives", before, total, progress)
        if included:
            before += writer.add(f"{ARCHIVES}/{name}", pieces)
            continue
        hashed, size = hashlib.sha256(), 0
        for piece in pieces:
            hashed.update(piece)
            size += len(piece)
        before += size
        writer.manifest.left_out.append({"name": name, "bytes": size, "sha256": hashed.hexdigest()})


def _told(pieces: Pieces, what: str, before: int, total: int, progress: Progress) -> Pieces:
    for piece in pieces:
        yield piece
        before += len(piece)
        progress(what, before, max(before, total))


def _files_below(directory: Path) -> Iterator[Path]:
    for place, directories, names in os.walk(directory):
        directories.sort()
        for name in sorted(names):
            path = Path(place, name)
            if stat.S_ISREG(path.lstat().st_mode):
                yield path


def _pieces(path: Path) -> Pieces:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece

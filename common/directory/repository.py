"""Every version of the directory that this node published or took, byte for byte: seals and stamps name versions."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork
from common.directory.head import directory_hash
from common.directory.wire import decode_signed
from common.gen.quanwang.federation.v1 import directory_pb2 as pb

directories = sa.Table(
    "directories",
    METADATA,
    sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
    # A serialised SignedDirectory.
    sa.Column("directory_bytes", sa.LargeBinary, nullable=False),
    sa.Column("hash", sa.LargeBinary(32), nullable=False),
    sa.Column("stored_at_us", sa.BigInteger, nullable=False),
)


class DirectoryRow(NamedTuple):
    version: int
    directory_bytes: bytes
    hash: bytes
    stored_at_us: int


DIRECTORIES = RowSpec(directories, DirectoryRow)

_LATEST = sa.select(directories.c.directory_bytes).order_by(directories.c.version.desc()).limit(1)


def latest(connection: sa.Connection) -> pb.SignedDirectory | None:
    """The highest version stored, or None."""
    stored: bytes | None = connection.execute(_LATEST).scalar()
    return None if stored is None else decode_signed(stored)


def newest_version(connection: sa.Connection) -> int:
    """The highest version stored; 0 where there is none."""
    return connection.execute(sa.select(sa.func.max(directories.c.version))).scalar() or 0


def of_version(connection: sa.Connection, version: int) -> pb.SignedDirectory | None:
    """One version, as it was signed, or None."""
    statement = sa.select(directories.c.directory_bytes).where(directories.c.version == version)
    stored: bytes | None = connection.execute(statement).scalar()
    return None if stored is None else decode_signed(stored)


def store(uow: UnitOfWork, version: int, signed: pb.SignedDirectory) -> None:
    """Stores a version that was checked and is not stored yet."""
    row = DirectoryRow(version, signed.SerializeToString(), directory_hash(signed.directory), uow.now_us)
    uow.rows(DIRECTORIES).insert(row)


class DirectoryRepository:
    """The directories as one group of work sees them."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def latest(self) -> pb.SignedDirectory | None:
        """The highest version, what this group stored included."""
        stored: bytes | None = self._uow.query(_LATEST).scalar()
        return None if stored is None else decode_signed(stored)

    def beside(self, version: int) -> list[pb.SignedDirectory]:
        """What is stored of a version and of those just before and after it."""
        near = directories.c.version.between(version - 1, version + 1)
        stored = self._uow.query(sa.select(directories.c.directory_bytes).where(near).order_by(directories.c.version))
        return [decode_signed(signed) for signed in stored.scalars()]

    def store(self, version: int, signed: pb.SignedDirectory) -> None:
        """Stores a version that was checked and is not stored yet."""
        store(self._uow, version, signed)

"""The next directory while it waits for the root's signature, and the forms of it that were given out to be signed.

There is at most one draft. It is a whole directory, amended by every further change; so nothing that was decided is
lost or done twice, whatever stops HQ meanwhile. What was exported is remembered until a version takes its place: a
signature may come back for a form that was amended since.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import sqlalchemy as sa

from common.alarms.commands import Reading
from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork
from common.directory.head import directory_hash
from common.directory.repository import directories, latest
from common.directory.wire import decode_directory
from common.gen.quanwang.federation.v1 import directory_pb2

HOUR_US = 3_600_000_000
EXPORTS_KEPT_MAX = 64
"""So many forms of one draft may be out to be signed."""

directory_drafts = sa.Table(
    "directory_drafts",
    METADATA,
    sa.Column("draft", sa.Integer, primary_key=True, autoincrement=False),
    # A serialised Directory, not signed.
    sa.Column("directory_bytes", sa.LargeBinary, nullable=False),
    sa.Column("hash", sa.LargeBinary(32), nullable=False),
    sa.Column("began_at_us", sa.BigInteger, nullable=False),
    sa.Column("changed_at_us", sa.BigInteger, nullable=False),
)

directory_exports = sa.Table(
    "directory_exports",
    METADATA,
    sa.Column("hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("directory_bytes", sa.LargeBinary, nullable=False),
    sa.Column("exported_at_us", sa.BigInteger, nullable=False),
)

server_certificates = sa.Table(
    "server_certificates",
    METADATA,
    # SHA-256 of HQ's request (PKCS#10, DER).
    sa.Column("request_digest", sa.LargeBinary(32), primary_key=True),
    # PEM.
    sa.Column("certificate", sa.LargeBinary, nullable=False),
    sa.Column("issued_at_us", sa.BigInteger, nullable=False),
)


class DraftRow(NamedTuple):
    draft: int
    directory_bytes: bytes
    hash: bytes
    began_at_us: int
    changed_at_us: int


class ExportRow(NamedTuple):
    hash: bytes
    directory_bytes: bytes
    exported_at_us: int


class CertificateRow(NamedTuple):
    request_digest: bytes
    certificate: bytes
    issued_at_us: int


DRAFTS = RowSpec(directory_drafts, DraftRow)
EXPORTS = RowSpec(directory_exports, ExportRow)
CERTIFICATES = RowSpec(server_certificates, CertificateRow)

_ONE = 1

_NEWEST = sa.select(sa.func.max(directories.c.version), sa.select(directory_drafts.c.hash).scalar_subquery())
"""Made once: every group of a replica asks it."""


def draft_of(connection: sa.Connection) -> DraftRow | None:
    """The draft, for whoever only reads."""
    row = connection.execute(sa.select(directory_drafts)).first()
    return None if row is None else DraftRow(*row)


def newest(connection: sa.Connection) -> tuple[int, bytes]:
    """The version that was published last, and which form the draft has (empty: none): cheap enough to look often."""
    version, found = connection.execute(_NEWEST).one()
    return version or 0, found or b""


def latest_and_draft(connection: sa.Connection) -> tuple[directory_pb2.SignedDirectory | None, bytes]:
    """The directory that was published last, and the draft of the next one (serialised; empty: none)."""
    draft = draft_of(connection)
    return latest(connection), b"" if draft is None else draft.directory_bytes


def draft_readings(connection: sa.Connection, now_us: int) -> list[Reading]:
    """For how many hours something has waited for the root's signature, where anything does."""
    draft = draft_of(connection)
    if draft is None:
        return []
    version = decode_directory(draft.directory_bytes).version
    return [Reading("DRAFT_WAITING", f"version {version}", (now_us - draft.began_at_us) / HOUR_US)]


def exports_of(connection: sa.Connection) -> list[ExportRow]:
    """The forms of the draft that were given out to be signed, the latest first."""
    order = directory_exports.c.exported_at_us.desc()
    return [ExportRow(*row) for row in connection.execute(sa.select(directory_exports).order_by(order))]


class DraftRepository:
    """The draft and its exports as one group of work sees them."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def get(self) -> DraftRow | None:
        row: DraftRow | None = self._uow.rows(DRAFTS).get(_ONE)
        return row

    def put(self, directory: bytes, anew: bool = False) -> None:
        """Stores the draft, in the place of the one before. `anew`: that one was published; this waits from now on."""
        rows, before = self._uow.rows(DRAFTS), self.get()
        now_us = self._uow.now_us
        began_at_us = now_us if before is None or anew else before.began_at_us
        row = DraftRow(_ONE, directory, directory_hash(directory), began_at_us, now_us)
        (rows.insert if before is None else rows.update)(row)

    def drop(self) -> None:
        """The draft has become a version, or has nothing to say any more."""
        if self.get() is not None:
            self._uow.rows(DRAFTS).delete(_ONE)

    def exports(self) -> list[ExportRow]:
        """The forms that were given out, the latest first."""
        order = directory_exports.c.exported_at_us.desc()
        return [ExportRow(*row) for row in self._uow.query(sa.select(directory_exports).order_by(order))]

    def export(self, directory: bytes) -> None:
        """Remembers a form that is given out; the oldest is forgotten where there are too many."""
        rows, key = self._uow.rows(EXPORTS), directory_hash(directory)
        row = ExportRow(key, directory, self._uow.now_us)
        known = self.exports()
        (rows.update if rows.get(key) is not None else rows.insert)(row)
        for former in known[EXPORTS_KEPT_MAX - 1 :]:
            if former.hash != key:
                rows.delete(former.hash)

    def forget_exports(self) -> None:
        """A version was published: what was given out for its place is not taken any more."""
        for export in self.exports():
            self._uow.rows(EXPORTS).delete(export.hash)


class ServerCertificates:
    """HQ's own certificates by their requests: the same wish gets the same answer, however often it is made."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def get(self, request: bytes) -> bytes | None:
        row: CertificateRow | None = self._uow.rows(CERTIFICATES).get(hashlib.sha256(request).digest())
        return None if row is None else row.certificate

    def put(self, request: bytes, certificate: bytes) -> None:
        row = CertificateRow(hashlib.sha256(request).digest(), certificate, self._uow.now_us)
        self._uow.rows(CERTIFICATES).insert(row)

"""Archives: what the journal's table no longer holds, in one file for each month and directed link.

    archive/2026-11/31-00.journal    8 bytes that say what it is, then records
    archive/2026-11/31-00.index      where each record begins; made anew from the file where it is missing

A record is its length (4 bytes, big endian), a serialised ArchivedBatch, and a check over all that came before. Records
are only ever appended, and are on the disk before anything is deleted from the table. One that a crash cut short is
taken away by whoever appends next; one that was appended and not deleted yet is known by its number.

Several processes of a node may share the directory: who appends or rewrites holds its lock (`archive.lock`).
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from google.protobuf.message import DecodeError

from common.errors import Fault
from common.file_lock import FileLock
from common.gen.quanwang.federation.v1 import seal_pb2
from common.gen.quanwang.journal.v1 import archive_pb2 as pb
from common.security.private_files import make_private_directory

MAGIC = b"QWJRNL1\n"
CHECK_DOMAIN = b"quanwang/archive/v1"
RECORD_BYTES_MAX = 16_777_216
LOCK_FILE = "archive.lock"

_LENGTH = struct.Struct(">I")
_PLACE = struct.Struct(">QqQ")
_CHECK_BYTES = 32


class ArchiveDamaged(Fault):
    """An archive's checks do not hold: bytes were changed, or lost."""

    en = "The archive {path} is damaged at byte {offset}. Restore it from a backup; nothing was deleted because of it."
    zh = "归档文件 {path} 在第 {offset} 字节处损坏。请从备份恢复；未因此删除任何数据。"


class ArchiveDisagrees(Fault):
    """The archive holds another batch under the number of one in the table: they are of two pasts."""

    en = "The archive of link {link} does not have the batch {seal_number} that the database has. Nothing was deleted."
    zh = "链路 {link} 的归档中第 {seal_number} 号批次与数据库中的不一致，未删除任何数据。"


class ArchiveElsewhere(Fault):
    """The archive ends before the database begins: what lies between was archived into another directory."""

    en = (
        "The archive of link {link} in {path} ends with batch {last}, and the database begins with {seal_number}: what "
        "lies between is in another archive. Nothing was archived or deleted."
    )
    zh = (
        "{path} 中链路 {link} 的归档止于第 {last} 号批次，而数据库从第 {seal_number} 号开始，"
        "其间的批次在另一归档目录中。未归档或删除任何数据。"
    )
    mend_en = (
        "Let retention.archive_directory name the one directory that all replicas share, or bring the missing archives "
        "there."
    )
    mend_zh = "请将 retention.archive_directory 设为所有副本共用的同一目录，或将缺少的归档文件放入该目录。"


class Row(NamedTuple):
    """A row of the journal on its way into an archive, or out of one."""

    seal_number: int
    stored_at_us: int
    batch: bytes


class Place(NamedTuple):
    """Where a record begins."""

    seal_number: int
    stored_at_us: int
    offset: int


def first_check(link: str) -> bytes:
    """What the first record of a file is checked against."""
    return hashlib.sha256(CHECK_DOMAIN + MAGIC + link.encode("ascii")).digest()


def next_check(previous: bytes, payload: bytes) -> bytes:
    """The check behind a record."""
    return hashlib.sha256(CHECK_DOMAIN + previous + payload).digest()


class MonthFile:
    """The archive of one link and month."""

    def __init__(self, path: Path, link: str, alone: FileLock) -> None:
        """`alone`: held while anything is changed."""
        self.path = path
        self._link = link
        self._alone = alone
        self._index_path = path.with_suffix(".index")

    def places(self) -> list[Place]:
        """Where the records are, in their order. Raises ArchiveDamaged."""
        if not self.path.exists():
            return []
        indexed = self._read_index()
        size = self.path.stat().st_size
        end = self._end_of(indexed[-1], size) if indexed else len(MAGIC)
        if end == size:
            return indexed
        return self._scanned(indexed if end is not None else [])

    def last_seal(self) -> int:
        """The number of the last record, without reading on where the index is whole; 0: none."""
        try:
            size = self._index_path.stat().st_size
            with self._index_path.open("rb") as file:
                file.seek(max(0, size - size % _PLACE.size - _PLACE.size))
                last = Place._make(_PLACE.unpack(file.read(_PLACE.size)))
            if self._end_of(last, self.path.stat().st_size) == self.path.stat().st_size:
                return last.seal_number
        except (FileNotFoundError, struct.error):
            pass  # The file itself says it.
        places = self.places()
        return places[-1].seal_number if places else 0

    def read(self, place: Place) -> Row:
        """One record, with its check. Raises ArchiveDamaged."""
        with self.path.open("rb") as file:
            return self._read_at(file, place.offset)[0]

    def rows(self) -> Iterator[Row]:
        """All records in order, each checked. Raises ArchiveDamaged."""
        places = self.places()
        if not places:
            return
        with self.path.open("rb") as file:
            for place in places:
                yield self._read_at(file, place.offset)[0]

    def append(self, rows: Iterable[Row]) -> None:
        """Appends rows with rising numbers; when this returns they are on the disk. Raises ArchiveDamaged, FileBusy,
        OSError."""
        with self._alone:
            self._append(rows)

    def _append(self, rows: Iterable[Row]) -> None:
        new = not self.path.exists()
        if new:
            make_private_directory(self.path.parent.parent)
            make_private_directory(self.path.parent)
        places = self.places()
        with self._open(os.O_RDWR | os.O_CREAT) as file:
            if new:
                file.write(MAGIC)
            end = self._end_of(places[-1], self.path.stat().st_size) if places else len(MAGIC)
            assert end is not None, "its places were just read"
            file.seek(end)
            file.truncate()
            check = self._check_before(file, end)
            file.seek(end)
            for row in rows:
                payload = pb.ArchivedBatch(
                    seal_number=row.seal_number, stored_at_us=row.stored_at_us, batch=row.batch
                ).SerializeToString()
                check = next_check(check, payload)
                places.append(Place(row.seal_number, row.stored_at_us, file.tell()))
                file.write(_LENGTH.pack(len(payload)) + payload + check)
            file.flush()
            os.fsync(file.fileno())
        if new:
            _sync_directory(self.path.parent)
        self._write_index(places)

    def rewrite(self, change: Callable[[Row], bytes]) -> int:
        """Writes the file anew with changed batches, in one step. How many changed. Raises ArchiveDamaged, FileBusy,
        OSError."""
        with self._alone:
            return self._rewrite(change)

    def _rewrite(self, change: Callable[[Row], bytes]) -> int:
        changed = sum(row.batch != change(row) for row in self.rows())
        if not changed:
            return 0
        beside = MonthFile(self.path.with_name(f"{self.path.stem}-new.part"), self._link, self._alone)
        beside.path.unlink(missing_ok=True)
        beside.append(row._replace(batch=change(row)) for row in self.rows())
        self._index_path.unlink(missing_ok=True)
        os.replace(beside.path, self.path)
        os.replace(beside._index_path, self._index_path)
        _sync_directory(self.path.parent)
        return changed

    # Records

    def _read_at(self, file: BinaryIO, offset: int) -> tuple[Row, int]:
        """The record that begins there, and where the next one does."""
        check = self._check_before(file, offset)
        file.seek(offset)
        payload, found = self._next(file)
        if payload is None or next_check(check, payload) != found:
            raise ArchiveDamaged(path=self.path, offset=offset)
        return self._row(payload, offset), offset + _LENGTH.size + len(payload) + _CHECK_BYTES

    def _next(self, file: BinaryIO) -> tuple[bytes | None, bytes]:
        """Payload and check of the record at the file's place; None where it is cut short."""
        head = file.read(_LENGTH.size)
        length = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else RECORD_BYTES_MAX + 1
        if length > RECORD_BYTES_MAX:
            return None, b""
        payload: bytes = file.read(length)
        check: bytes = file.read(_CHECK_BYTES)
        return (payload, check) if len(check) == _CHECK_BYTES else (None, b"")

    def _check_before(self, file: BinaryIO, offset: int) -> bytes:
        if offset <= len(MAGIC):
            return first_check(self._link)
        file.seek(offset - _CHECK_BYTES)
        return bytes(file.read(_CHECK_BYTES))

    def _row(self, payload: bytes, offset: int) -> Row:
        try:
            record = pb.ArchivedBatch.FromString(payload)
        except DecodeError as error:
            raise ArchiveDamaged(path=self.path, offset=offset) from error
        return Row(record.seal_number, record.stored_at_us, record.batch)

    def _end_of(self, place: Place, size: int) -> int | None:
        """Where a record ends; None where it does not lie in the file."""
        if place.offset + _LENGTH.size > size:
            return None
        with self.path.open("rb") as file:
            file.seek(place.offset)
            end = place.offset + _LENGTH.size + _LENGTH.unpack(file.read(_LENGTH.size))[0] + _CHECK_BYTES
        return end if end <= size else None

    def _scanned(self, known: list[Place]) -> list[Place]:
        """The places found by reading on from what the index knows, up to a record that a crash cut short."""
        size = self.path.stat().st_size
        with self.path.open("rb") as file:
            if size >= len(MAGIC) and file.read(len(MAGIC)) != MAGIC:
                raise ArchiveDamaged(path=self.path, offset=0)
            places = list(known)
            offset = self._end_of(places[-1], size) if places else len(MAGIC)
            assert offset is not None, "what the index knows lies in the file"
            while offset < size:
                file.seek(offset)
                if self._next(file)[0] is None:
                    break  # Cut short by a crash: it was never relied upon.
                row, end = self._read_at(file, offset)
                places.append(Place(row.seal_number, row.stored_at_us, offset))
                offset = end
        return places

    # The index

    def _read_index(self) -> list[Place]:
        try:
            content = self._index_path.read_bytes()
        except FileNotFoundError:
            return []
        whole = len(content) - len(content) % _PLACE.size
        return [Place._make(values) for values in _PLACE.iter_unpack(content[:whole])]

    def _write_index(self, places: list[Place]) -> None:
        beside = self._index_path.with_suffix(".index-new")
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(b"".join(_PLACE.pack(*place) for place in places))
        os.replace(beside, self._index_path)

    def _open(self, flags: int) -> BinaryIO:
        return open(os.open(self.path, flags, 0o600), "r+b")


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class JournalArchive:
    """All archives of a node, below one directory. `alone`: held by whoever changes any; it may be held for longer by
    whoever reads first what is to be changed."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.alone = FileLock(directory / LOCK_FILE)

    def make(self) -> None:
        """Makes the directory where there is none, so that its lock can be held. Raises PermissionsTooWide, OSError."""
        make_private_directory(self.directory)

    def links(self) -> list[str]:
        """The links that have archives."""
        return sorted({path.stem.replace("-", ">") for path in self.directory.glob("*/*.journal")})

    def files(self, link: str) -> list[MonthFile]:
        """The archives of a link, oldest first."""
        return [MonthFile(path, link, self.alone) for path in sorted(self.directory.glob(f"*/{_stem(link)}.journal"))]

    def last_seal(self, link: str) -> int:
        """The number of the last batch archived; 0: none."""
        for file in reversed(self.files(link)):
            if last := file.last_seal():
                return last
        return 0

    def append(self, link: str, rows: list[Row], whole: bool = False) -> int:
        """Archives what is not archived yet, each in its month, but never in an earlier one than what came before.

        `whole`: nothing may be missing between what is archived and these. Returns the number of the last batch that is
        safe. Raises ArchiveDamaged, ArchiveDisagrees, ArchiveElsewhere, FileBusy, OSError.
        """
        self.make()
        with self.alone:
            return self._append(link, rows, whole)

    def _append(self, link: str, rows: list[Row], whole: bool) -> int:
        files = self.files(link)
        month = files[-1].path.parent.name if files else ""
        last = self.last_seal(link)
        if whole and rows and rows[0].seal_number > last + 1:
            raise ArchiveElsewhere(path=self.directory, link=link, last=last, seal_number=rows[0].seal_number)
        by_month: dict[str, list[Row]] = {}
        for row in rows:
            if row.seal_number <= last:
                self._require_same(link, row)
            else:
                month = max(month, month_of(row.stored_at_us))
                by_month.setdefault(month, []).append(row)
        for name, of_month in by_month.items():
            MonthFile(self.directory / name / f"{_stem(link)}.journal", link, self.alone).append(of_month)
        return max(last, rows[-1].seal_number if rows else 0)

    def _require_same(self, link: str, row: Row) -> None:
        """What was appended before a crash is there under its number; anything else must not be taken for it."""
        archived = self.batch(link, row.seal_number)
        if archived is None or _seal_of(archived) != _seal_of(row.batch):
            raise ArchiveDisagrees(link=link, seal_number=row.seal_number)

    def batch(self, link: str, seal_number: int) -> bytes | None:
        """One archived batch. Raises ArchiveDamaged."""
        for file in self.files(link):
            if file.last_seal() < seal_number:
                continue
            for place in file.places():
                if place.seal_number == seal_number:
                    return file.read(place).batch
        return None

    def between(self, link: str, from_us: int, to_us: int) -> Iterator[Row]:
        """The archived batches of a link that were stored in that time. Raises ArchiveDamaged."""
        for file in self.files(link):
            for place in file.places():
                if from_us <= place.stored_at_us <= to_us:
                    yield file.read(place)

    def following(self, link: str, after_seal: int) -> Iterator[Row]:
        """The archived batches of a link behind a seal, each checked. Raises ArchiveDamaged."""
        for file in self.files(link):
            if file.last_seal() <= after_seal:
                continue
            for place in file.places():
                if place.seal_number > after_seal:
                    yield file.read(place)

    def rows(self, link: str) -> Iterator[Row]:
        """All archived batches of a link in order, each checked. Raises ArchiveDamaged."""
        for file in self.files(link):
            yield from file.rows()


def month_of(at_us: int) -> str:
    """The month of a moment, in UTC, as "2026-11"."""
    return datetime.fromtimestamp(at_us / 1e6, UTC).strftime("%Y-%m")


def _seal_of(batch: bytes) -> bytes:
    """The seal's bytes: private bodies may have been erased from one of two copies."""
    return bytes(seal_pb2.SealedBatch.FromString(batch).seal.seal)


def _stem(link: str) -> str:
    return link.replace(">", "-")

"""The file that a backup is: written in one stream and read in one stream, in constant memory.

    8 bytes that say what it is | length of the head | head: JSON, clear | chunks

The head says whose backup it is and how its key is derived. A chunk is its length (4 bytes, big endian; the highest bit
marks the last one) and AES-256-GCM over up to a MiB, with the chunk's number and whether it is the last one in the
nonce, and the head's digest as associated data. So nothing in the middle can be left out, repeated or put elsewhere,
and a file that was cut off has no last chunk. Inside stand, deflated, records: files in pieces, then the manifest.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from common.backup.model import FORMAT, BackupCutOff, BackupDamaged, Facts, Manifest, NotABackup
from common.backup.secrets import Secret, known_key, new_key

MAGIC = b"QWBACK1\n"
CHUNK_BYTES = 1_048_576
HEAD_BYTES_MAX = 262_144
RECORD_BYTES_MAX = 1_048_576
MANIFEST_BYTES_MAX = 64 * 1_048_576
SUFFIX, UNFINISHED = ".qwbackup", ".part"

_LENGTH = struct.Struct(">I")
_LAST = 1 << 31
_TAG_BYTES = 16
_NONCE = struct.Struct(">QI")
_RECORD = struct.Struct(">cI")
_BEGIN, _PIECE, _END, _MANIFEST = b"F", b"D", b"E", b"M"


class BackupWriter:
    """Writes one backup. Until `finish` the file has another name, and nobody takes it for one."""

    def __init__(self, path: Path, facts: Facts, secret: Secret) -> None:
        key, derivation = new_key(secret)
        head = json.dumps({"format": FORMAT, "facts": facts.to_dict(), "key": derivation}).encode("utf-8")
        self.path = path
        self.manifest = Manifest()
        self._unfinished = path.with_name(f".{path.name}{UNFINISHED}")
        self._unfinished.unlink(missing_ok=True)
        descriptor = os.open(self._unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._file: BinaryIO = os.fdopen(descriptor, "wb")
        self._file.write(MAGIC + _LENGTH.pack(len(head)) + head)
        self._cipher, self._bound = AESGCM(key), hashlib.sha256(head).digest()
        self._deflate = zlib.compressobj(1)
        self._waiting = bytearray()
        self._number = 0

    def add(self, name: str, pieces: Iterator[bytes]) -> int:
        """Adds a file of this name. Its size."""
        self._record(_BEGIN, name.encode("utf-8"))
        size, hashed = 0, hashlib.sha256()
        for piece in pieces:
            for start in range(0, len(piece), RECORD_BYTES_MAX):
                part = piece[start : start + RECORD_BYTES_MAX]
                self._record(_PIECE, part)
                hashed.update(part)
                size += len(part)
        self.manifest.files[name] = {"bytes": size, "sha256": hashed.hexdigest()}
        self._record(_END, b"")
        return size

    def finish(self) -> Path:
        """The manifest, the last chunk, the file's own name; durable when this returns. Raises OSError."""
        self._record(_MANIFEST, json.dumps(self.manifest.to_dict()).encode("utf-8"))
        self._put(self._deflate.flush())
        self._chunk(bytes(self._waiting), last=True)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._unfinished, self.path)
        _sync_directory(self.path.parent)
        return self.path

    def abandon(self) -> None:
        """Leaves nothing behind."""
        self._file.close()
        self._unfinished.unlink(missing_ok=True)

    def _record(self, kind: bytes, payload: bytes) -> None:
        self._put(self._deflate.compress(_RECORD.pack(kind, len(payload)) + payload))

    def _put(self, deflated: bytes) -> None:
        self._waiting += deflated
        while len(self._waiting) > CHUNK_BYTES:
            chunk = bytes(self._waiting[:CHUNK_BYTES])
            del self._waiting[:CHUNK_BYTES]
            self._chunk(chunk, last=False)

    def _chunk(self, plain: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_NONCE.pack(self._number, int(last)), plain, self._bound)
        self._file.write(_LENGTH.pack(len(sealed) | (_LAST if last else 0)) + sealed)
        self._number += 1


class Head(NamedTuple):
    """What stands at the beginning of a backup."""

    facts: Facts
    derivation: dict[str, Any]
    bytes_: bytes
    body_at: int


class Entry(NamedTuple):
    """A file in a backup; its pieces must be read before the next one is asked for."""

    name: str
    pieces: Iterator[bytes]


def read_head(path: Path) -> Head:
    """Whose backup a file is. Raises NotABackup, BackupCutOff, OSError."""
    with path.open("rb") as file:
        start = file.read(len(MAGIC) + _LENGTH.size)
        if start[: len(MAGIC)] != MAGIC or len(start) < len(MAGIC) + _LENGTH.size:
            raise NotABackup(path=path)
        length = _LENGTH.unpack(start[len(MAGIC) :])[0]
        head = file.read(length) if length <= HEAD_BYTES_MAX else b""
        if len(head) != length or not length:
            raise BackupCutOff(path=path)
    try:
        content = json.loads(head)
        if content["format"] != FORMAT:
            raise NotABackup(path=path)
        return Head(Facts.from_dict(content["facts"]), dict(content["key"]), head, len(start) + length)
    except (ValueError, KeyError, TypeError) as error:
        raise NotABackup(path=path) from error


def is_complete(path: Path) -> bool:
    """Whether a backup has its end, as far as its outside tells; its chunks are hopped over, not read. Raises as
    `read_head`."""
    place, size = read_head(path).body_at, path.stat().st_size
    with path.open("rb") as file:
        while True:
            file.seek(place)
            length = file.read(_LENGTH.size)
            if len(length) < _LENGTH.size:
                return False
            number = _LENGTH.unpack(length)[0]
            place += _LENGTH.size + (number & ~_LAST)
            if number & _LAST or place >= size:
                return bool(number & _LAST) and place == size


class BackupReader:
    """Reads one backup from its beginning to its end. What it gives is authentic, and in the order written; that it is
    whole is known only when `entries` has ended: then `manifest` is there."""

    def __init__(self, path: Path, secret: Secret) -> None:
        self.path = path
        self.head = read_head(path)
        try:
            key = known_key(secret, self.head.derivation, path)
        except (KeyError, TypeError, ValueError) as error:
            raise NotABackup(path=path) from error
        self._cipher, self._bound = AESGCM(key), hashlib.sha256(self.head.bytes_).digest()
        self.size = path.stat().st_size
        self.bytes_read = 0
        self.manifest: Manifest | None = None
        self._inflated = bytearray()
        self._plain = self._inflate()

    @property
    def facts(self) -> Facts:
        """What the backup says of itself."""
        return self.head.facts

    def entries(self) -> Iterator[Entry]:
        """The files. Raises BackupDamaged, BackupCutOff, OSError."""
        found: dict[str, dict[str, Any]] = {}
        while True:
            kind, payload = self._next(MANIFEST_BYTES_MAX)
            if kind == _MANIFEST:
                self.manifest = self._checked(payload, found)
                return
            if kind != _BEGIN:
                raise BackupDamaged(path=self.path, detail="records")
            name = payload.decode("utf-8", "replace")
            pieces = self._pieces(name, found)
            yield Entry(name, pieces)
            for _ in pieces:
                pass  # Whoever asked did not want the rest; its digest is checked all the same.

    def _pieces(self, name: str, found: dict[str, dict[str, Any]]) -> Iterator[bytes]:
        size, hashed = 0, hashlib.sha256()
        while True:
            kind, payload = self._next(RECORD_BYTES_MAX)
            if kind == _END:
                break
            if kind != _PIECE:
                raise BackupDamaged(path=self.path, detail=name)
            size += len(payload)
            hashed.update(payload)
            yield payload
        found[name] = {"bytes": size, "sha256": hashed.hexdigest()}

    def _checked(self, payload: bytes, found: dict[str, dict[str, Any]]) -> Manifest:
        try:
            manifest = Manifest(**json.loads(payload))
        except (ValueError, TypeError) as error:
            raise BackupDamaged(path=self.path, detail="manifest") from error
        if manifest.files != found or self._inflated or next(self._plain, None) is not None:
            raise BackupDamaged(path=self.path, detail="manifest")
        return manifest

    def _next(self, bytes_max: int) -> tuple[bytes, bytes]:
        kind, length = _RECORD.unpack(self._take(_RECORD.size))
        if length > bytes_max:
            raise BackupDamaged(path=self.path, detail="records")
        return kind, self._take(length)

    def _take(self, count: int) -> bytes:
        while len(self._inflated) < count:
            piece = next(self._plain, None)
            if piece is None:
                raise BackupDamaged(path=self.path, detail="records")
            self._inflated += piece
        taken = bytes(self._inflated[:count])
        del self._inflated[:count]
        return taken

    def _inflate(self) -> Iterator[bytes]:
        inflate = zlib.decompressobj()
        try:
            for chunk in self._chunks():
                # A little deflated may be much: never more of it in memory than a chunk has.
                piece = inflate.decompress(chunk, CHUNK_BYTES)
                while piece:
                    yield piece
                    piece = inflate.decompress(inflate.unconsumed_tail, CHUNK_BYTES)
        except zlib.error as error:
            raise BackupDamaged(path=self.path, detail="zlib") from error

    def _chunks(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            file.seek(self.head.body_at)
            number, last = 0, False
            while not last:
                length = file.read(_LENGTH.size)
                if len(length) < _LENGTH.size:
                    raise BackupCutOff(path=self.path)
                size = _LENGTH.unpack(length)[0]
                last, size = bool(size & _LAST), size & ~_LAST
                if size > CHUNK_BYTES + _TAG_BYTES:
                    raise BackupDamaged(path=self.path, detail=f"chunk {number}")
                sealed = file.read(size)
                if len(sealed) < size:
                    raise BackupCutOff(path=self.path)
                try:
                    plain = self._cipher.decrypt(_NONCE.pack(number, int(last)), sealed, self._bound)
                except (InvalidTag, ValueError) as error:
                    raise BackupDamaged(path=self.path, detail=f"chunk {number}") from error
                number, self.bytes_read = number + 1, file.tell()
                yield plain
            if file.read(1):
                raise BackupDamaged(path=self.path, detail="after its end")


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""The file that a backup is: what it gives back, and that nothing else passes for one."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.backup.container import BackupReader, BackupWriter, is_complete, read_head
from common.backup.model import (
    BackupCutOff,
    BackupDamaged,
    BackupSecretMissing,
    BackupSecretUnfit,
    BackupSecretWrong,
    Facts,
    LinkCover,
    NotABackup,
)
from common.backup.secrets import KEY_FILE, PASSPHRASE, Secret, secret_from

# A key file costs no derivation, so that many backups can be made.
SECRET = Secret(KEY_FILE, bytes(range(32)))
FACTS = Facts(
    "31", "00" * 16, 1_700_000_000_000_000, "0.1.0", "sqlite", ("common_0001",), (LinkCover("00", 7, "aa", 9, "bb"),)
)
FILES = {"database/database.sqlite": random.Random(1).randbytes(3_500_000), "files/node.toml": b"", "files/x": b"x" * 9}


def pieces(content: bytes, size: int = 700_000) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    writer = BackupWriter(tmp_path_factory.mktemp("made") / "one.qwbackup", FACTS, SECRET)
    for name, content in FILES.items():
        writer.add(name, pieces(content))
    writer.manifest.tables = {"links": 3}
    return writer.finish()


def read(path: Path, secret: Secret = SECRET) -> dict[str, bytes]:
    reader = BackupReader(path, secret)
    found = {entry.name: b"".join(entry.pieces) for entry in reader.entries()}
    assert reader.manifest is not None
    assert reader.manifest.tables == {"links": 3}
    return found


def test_what_was_written_is_read(backup: Path) -> None:
    assert read(backup) == FILES
    assert read_head(backup).facts == FACTS
    assert is_complete(backup)
    assert backup.stat().st_mode & 0o777 == 0o600


def test_its_content_is_not_readable_in_the_file(tmp_path: Path) -> None:
    writer = BackupWriter(tmp_path / "secret.qwbackup", FACTS, SECRET)
    writer.add("files/keys/signing.pem", iter([b"a private key that nobody may see"]))
    written = writer.finish().read_bytes()
    assert b"private key" not in written
    assert b"signing.pem" not in written


@pytest.mark.parametrize("kept", [0, 4, 30, 200, 400_000, 1_048_600, -1, -20])
def test_a_backup_that_was_cut_off_is_never_taken_for_one(backup: Path, tmp_path: Path, kept: int) -> None:
    part = tmp_path / "part.qwbackup"
    part.write_bytes(backup.read_bytes()[:kept])
    with pytest.raises((BackupCutOff, NotABackup)):
        read(part)
    try:
        assert not is_complete(part)
    except (BackupCutOff, NotABackup):
        assert kept < 300


def test_every_changed_bit_is_noticed(backup: Path, tmp_path: Path) -> None:
    whole = backup.read_bytes()
    chance = random.Random(2)
    for place in [len(whole) - 1, 9, 40, *(chance.randrange(len(whole)) for _ in range(40))]:
        changed = bytearray(whole)
        changed[place] ^= 1 << chance.randrange(8)
        path = tmp_path / "changed.qwbackup"
        path.write_bytes(changed)
        with pytest.raises((BackupDamaged, BackupCutOff, NotABackup, BackupSecretWrong)):
            read(path)


def test_chunks_cannot_be_left_out_exchanged_or_appended(backup: Path, tmp_path: Path) -> None:
    whole, start = backup.read_bytes(), read_head(backup).body_at
    chunks = []
    while start < len(whole):
        size = int.from_bytes(whole[start : start + 4], "big") & 0x7FFFFFFF
        chunks.append(whole[start : start + 4 + size])
        start += 4 + size
    head = whole[: read_head(backup).body_at]
    first, second, *rest = chunks
    path = tmp_path / "other.qwbackup"
    for others in ([second, *rest], [second, first, *rest], [first, first, second, *rest], [first, *rest[-1:]]):
        path.write_bytes(head + b"".join(others))
        with pytest.raises(BackupDamaged):
            read(path)
    path.write_bytes(whole + b"more")
    with pytest.raises(BackupDamaged):
        read(path)
    assert not is_complete(path)


def test_the_wrong_secret_is_told_from_damage(backup: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupSecretWrong):
        read(backup, Secret(KEY_FILE, bytes(32)))
    with pytest.raises(BackupSecretWrong):
        read(backup, Secret(PASSPHRASE, bytes(range(32))))


def test_a_passphrase_opens_what_it_closed(tmp_path: Path) -> None:
    secret = Secret(PASSPHRASE, "口令 with eight bytes".encode())
    path = BackupWriter(tmp_path / "one.qwbackup", FACTS, secret).finish()
    assert list(BackupReader(path, secret).entries()) == []
    with pytest.raises(BackupSecretWrong):
        BackupReader(path, Secret(PASSPHRASE, b"another one"))
    assert "eight" not in repr(secret)


def test_what_is_abandoned_leaves_nothing(tmp_path: Path) -> None:
    writer = BackupWriter(tmp_path / "one.qwbackup", FACTS, SECRET)
    writer.add("files/x", iter([b"x" * 5_000_000]))
    assert not (tmp_path / "one.qwbackup").exists()
    writer.abandon()
    assert list(tmp_path.iterdir()) == []


def test_the_secret_comes_from_files_that_only_their_owner_reads_or_from_the_environment(tmp_path: Path) -> None:
    phrase, key = tmp_path / "phrase", tmp_path / "key"
    phrase.write_bytes(b"long enough\n")
    key.write_bytes(bytes(range(40)))
    os.chmod(phrase, 0o600)
    os.chmod(key, 0o600)
    assert secret_from(str(phrase), "", {}) == Secret(PASSPHRASE, b"long enough")
    assert secret_from(str(phrase), str(key), {}) == Secret(KEY_FILE, bytes(range(40)))
    assert secret_from("", "", {"QUANWANG_BACKUP_PASSPHRASE": "from there"}) == Secret(PASSPHRASE, b"from there")
    with pytest.raises(BackupSecretMissing):
        secret_from("", "", {})
    with pytest.raises(BackupSecretUnfit):
        secret_from("", "", {"QUANWANG_BACKUP_PASSPHRASE": "short"})
    with pytest.raises(BackupSecretUnfit):
        secret_from("", str(phrase), {})
    with pytest.raises(BackupSecretUnfit):
        secret_from(str(tmp_path / "none"), "", {})

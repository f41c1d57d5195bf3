"""Backups of a node on both stores: what comes back is what was there at one moment, whatever is written meanwhile."""

from __future__ import annotations

import hashlib
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from common.backup.container import BackupReader, BackupWriter
from common.backup.model import (
    BackupDamaged,
    BackupOfAnotherKind,
    BackupTooNew,
    DatabaseUrlNeeded,
    DatabaseUrlUnfit,
    RestoreWouldOverwrite,
)
from common.backup.naming import BackupUnderWay, drop_old, found_in, writing_into
from common.backup.restoring import restore_backup
from common.backup.settings import BackupSettings
from common.backup.verifying import verify_backup
from common.db.engine import METADATA, reading, writing
from common.db.schema import current_revisions
from common.ids import HQ
from common.journal.archive import JournalArchive
from common.messaging.links import journal
from tests.support.backups import SECRET, Backups, MigratedDatabases, backups_of, empty_url, kind_of
from tests.support.federation import GUANGDONG, SHANGHAI, Federation
from tests.support.pruning import let_days_pass, pruning_node
from tests.support.stores import POSTGRES, SQLITE, Databases


@pytest.fixture
def federation(databases: Databases, tmp_path: Path) -> Iterator[Federation]:
    made = MigratedDatabases(databases.store, tmp_path)
    federation = Federation(made)
    federation.connect()
    yield federation
    federation.close()
    made.close()


@pytest.fixture
def backups(federation: Federation, tmp_path: Path) -> Backups:
    ask(federation, 5)
    return backups_of(federation, SHANGHAI, tmp_path)


def ask(federation: Federation, times: int) -> None:
    for _ in range(times):
        federation.suspend()
    federation.run()


def contents(url: str) -> dict[str, str]:
    """A digest of every table's rows."""
    found = {}
    with reading(url) as connection:
        for table in METADATA.sorted_tables:
            if sa.inspect(connection).has_table(table.name):
                rows = sorted(repr(tuple(row)) for row in connection.execute(sa.select(table)))
                found[table.name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found


def test_what_is_restored_is_what_was_there(backups: Backups, databases: Databases, tmp_path: Path) -> None:
    before = contents(backups.data.url)
    made = backups.make()
    ask(backups.federation, 3)
    assert contents(backups.data.url) != before
    restored = restore_backup(
        made.path, SECRET, kind_of(SHANGHAI), tmp_path / "new" / "31", empty_url(databases, "restored")
    )
    assert contents(restored.url) == before
    with reading(restored.url) as connection:
        assert current_revisions(connection) == set(made.facts.revisions)
    assert restored.facts.node == SHANGHAI
    assert (restored.data_dir / "keys" / "signing.pem").read_text() == "a private key\n"
    assert not (restored.data_dir / "node.lock").exists()
    assert {path.stat().st_mode & 0o077 for path in restored.data_dir.rglob("*")} == {0}
    if databases.store == POSTGRES:
        assert restored.url in (restored.data_dir / "node.toml").read_text()


def test_it_shows_one_moment_while_the_node_writes(backups: Backups, databases: Databases, tmp_path: Path) -> None:
    """Work is done between any two pieces of the copying, as a node does it that serves."""
    federation, told = backups.federation, []
    ask(federation, 60)

    def work_meanwhile(what: str, _done: int, _total: int) -> None:
        told.append(what)
        if len(told) <= 8:
            ask(federation, 2)

    made = backups.make(progress=work_meanwhile)
    assert len(told) > 1
    cover = made.facts.links[0]
    verified = verify_backup(made.path, SECRET, kind_of(SHANGHAI), tmp_path, empty_url(databases, "scratch"))
    assert verified.findings == ()
    assert verified.batches == cover.sealed_seal_number + cover.received_seal_number
    assert cover.sealed_seal_number < federation.link_row(SHANGHAI, HQ).sealed_seal_number


def test_verifying_finds_what_is_wrong_with_the_journals(
    backups: Backups, databases: Databases, tmp_path: Path
) -> None:
    with writing(backups.data.url) as connection:
        first = sa.and_(journal.c.link == "31>00", journal.c.seal_number == 1)
        batch = connection.execute(sa.select(journal.c.batch).where(first)).scalar_one()
        connection.execute(sa.update(journal).where(first).values(batch=batch[:-1] + bytes([batch[-1] ^ 1])))
        connection.execute(sa.delete(journal).where(journal.c.link == "00>31", journal.c.seal_number == 2))
        connection.commit()
    made = backups.make()
    verified = verify_backup(made.path, SECRET, kind_of(SHANGHAI), tmp_path, empty_url(databases, "scratch"))
    codes = {finding.code for finding in verified.findings}
    assert "JOURNAL_GAP" in codes
    assert codes & {"ROOT_MISMATCH", "BODY_ALTERED", "BATCH_MALFORMED", "BAD_SIGNATURE"}
    assert all(finding.to_dict("zh")["text"] for finding in verified.findings)
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".verify")] == []


@pytest.mark.parametrize("included", [True, False])
async def test_archives_are_in_it_or_named(
    backups: Backups, databases: Databases, tmp_path: Path, included: bool
) -> None:
    federation = backups.federation
    let_days_pass(federation, 200)
    ask(federation, 1)
    with pruning_node(federation, SHANGHAI, tmp_path / "pruned") as node:
        assert (await node.prune()).batches
        shutil.copytree(node.archive.directory, backups.data.path / "archive")
    made = backups.make(BackupSettings(directory=str(backups.room), archives=included))
    assert bool(made.left_out) is not included
    verified = verify_backup(made.path, SECRET, kind_of(SHANGHAI), tmp_path, empty_url(databases, "scratch"))
    assert verified.findings == ()
    restored = restore_backup(made.path, SECRET, kind_of(SHANGHAI), tmp_path / "31", empty_url(databases, "restored"))
    links = JournalArchive(restored.data_dir / "archive").links()
    assert links == (["00>31", "31>00"] if included else [])
    assert len(restored.manifest.left_out) == made.left_out


def test_nothing_is_overwritten(backups: Backups, databases: Databases, tmp_path: Path) -> None:
    made, kind = backups.make(), kind_of(SHANGHAI)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "something").touch()
    url = empty_url(databases, "restored")
    with pytest.raises(RestoreWouldOverwrite):
        restore_backup(made.path, SECRET, kind, tmp_path / "taken", url)
    if databases.store == SQLITE:
        with pytest.raises(DatabaseUrlUnfit):
            restore_backup(made.path, SECRET, kind, tmp_path / "free", "postgresql://nobody@/crm")
    else:
        with pytest.raises(DatabaseUrlNeeded):
            restore_backup(made.path, SECRET, kind, tmp_path / "free")
        with pytest.raises(RestoreWouldOverwrite):
            restore_backup(made.path, SECRET, kind, tmp_path / "free", backups.data.url)
    assert sorted(path.name for path in (tmp_path / "taken").iterdir()) == ["something"]
    assert not (tmp_path / "free").exists()


def test_a_restore_that_was_interrupted_passes_for_no_node_and_is_repeated(
    backups: Backups, databases: Databases, tmp_path: Path
) -> None:
    made, kind, url = backups.make(), kind_of(SHANGHAI), empty_url(databases, "restored")

    class Interrupted(BaseException):
        pass

    def interrupt(what: str, done: int, total: int) -> None:
        if done == total:
            raise Interrupted

    with pytest.raises(Interrupted):
        restore_backup(made.path, SECRET, kind, tmp_path / "31", url, interrupt)
    assert not (tmp_path / "31").exists()
    before = contents(backups.data.url)
    assert contents(restore_backup(made.path, SECRET, kind, tmp_path / "31", url).url) == before


def test_a_backup_of_the_other_program_or_of_a_later_release_is_refused(
    backups: Backups, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = backups.make()
    with pytest.raises(BackupOfAnotherKind):
        restore_backup(made.path, SECRET, kind_of(HQ), tmp_path / "31")
    monkeypatch.setattr("common.backup.creating.current_revisions", lambda _: {"common_9999", "province_0001"})
    with pytest.raises(BackupTooNew):
        restore_backup(backups.make().path, SECRET, kind_of(SHANGHAI), tmp_path / "31")


@pytest.mark.one_store
@pytest.mark.parametrize("name", ["files/../../escaped", "files//etc/passwd", "elsewhere/x", "database/other"])
def test_a_name_that_leads_elsewhere_is_refused(backups: Backups, tmp_path: Path, name: str) -> None:
    """Whoever knows the secret can write any backup."""
    made = backups.make()
    writer = BackupWriter(tmp_path / "planted.qwbackup", made.facts, SECRET)
    writer.add(name, iter([b"x"]))
    planted = writer.finish()
    with pytest.raises(BackupDamaged):
        restore_backup(planted, SECRET, kind_of(SHANGHAI), tmp_path / "new" / "31")
    assert not (tmp_path / "escaped").exists()
    assert not (tmp_path / "new" / "31").exists()


@pytest.mark.one_store
def test_one_backup_is_written_at_a_time_and_so_many_are_kept(backups: Backups) -> None:
    with writing_into(backups.room), pytest.raises(BackupUnderWay):
        backups.make()
    left = backups.room / ".31-x.qwbackup.part"
    left.touch()
    made = []
    for _ in range(4):
        made.append(backups.make().path)
        backups.federation.clock.at_us += 1_000_000
    assert not left.exists()
    (backups.room / "31-19700101T000000Z.qwbackup").write_bytes(made[0].read_bytes()[:-9])
    assert [each.complete for each in found_in(backups.room)] == [True, True, True, True, False]
    assert set(drop_old(backups.room, SHANGHAI, 2)) == set(made[:2])
    assert drop_old(backups.room, GUANGDONG, 1) == []
    assert [each.path for each in found_in(backups.room) if each.complete] == [made[3], made[2]]


@pytest.mark.one_store
def test_keys_and_settings_are_encrypted_and_backups_are_not_in_backups(backups: Backups) -> None:
    inside = BackupSettings(directory=str(backups.data.path / "backups"))
    first = backups.make(inside)
    reader = BackupReader(backups.make(inside).path, SECRET)
    names = [entry.name for entry in reader.entries()]
    assert sorted(names) == ["database/database.sqlite", "files/keys/signing.pem", "files/node.toml"]
    assert b"a private key" not in first.path.read_bytes()


def test_keys_and_archive_that_lie_elsewhere_are_in_it_and_are_restored_into_the_data_directory(
    backups: Backups, databases: Databases, tmp_path: Path
) -> None:
    """As replicas share them."""
    data, elsewhere = backups.data, tmp_path / "shared"
    for name, content in (("keys/shared.pem", "a shared key"), ("tls/server.pem", "a certificate"), ("other", "no")):
        (elsewhere / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        (elsewhere / name).write_text(content, encoding="utf-8")
    settings = data.settings_file.read_text(encoding="utf-8")
    places = f'[keys]\ndirectory = "{elsewhere}"\n[retention]\narchive_directory = "{elsewhere / "archive"}"\n'
    data.settings_file.write_text(f"{settings}{places}", encoding="utf-8")
    data._keys, data._archive = str(elsewhere), str(elsewhere / "archive")
    month = elsewhere / "archive" / "2026-11"
    month.mkdir(mode=0o700, parents=True)
    for name in ("31-00.journal", "31-00.index"):
        (month / name).write_bytes(b"archived")
    (elsewhere / "archive" / "archive.lock").touch()
    made = backups.make()
    room = tmp_path / "restored"
    restore_backup(made.path, SECRET, kind_of(backups.node), room, empty_url(databases, "restored"))
    assert (room / "keys" / "shared.pem").read_text(encoding="utf-8") == "a shared key"
    assert (room / "tls" / "server.pem").exists()
    assert not (room / "other").exists()
    assert (room / "archive" / "2026-11" / "31-00.journal").read_bytes() == b"archived"
    restored = tomllib.loads((room / "node.toml").read_text(encoding="utf-8"))
    assert restored["keys"]["directory"] == restored["retention"]["archive_directory"] == ""

"""A further replica of HQ is made of a sound HQ on PostgreSQL alone; otherwise nothing is made."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import hq_node.bootstrap as hq
import province_node.bootstrap as province
from common.cli.offline import InProcess
from common.db.engine import open_writer
from common.errors import QuanwangError
from common.program.data_directory import DataDirectory
from common.settings_file import SettingsInvalid
from hq_node.replica_setup import HqUnsound, ReplicaDirectoryExists, ReplicaNeedsPostgres
from hq_node.settings import HqSettings
from tests.support.stores import POSTGRES, Databases, databases_of


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Databases]:
    with databases_of(POSTGRES, tmp_path) as made:
        yield made


@pytest.fixture
def first(tmp_path: Path, postgres: Databases) -> Path:
    """HQ's data directory."""
    return init_hq(tmp_path / "hq", postgres.empty())


def init_hq(directory: Path, url: str = "") -> Path:
    hq.init(directory, link_port=0, enrolment_port=0, http_port=0, database_url=url)
    return directory


def refused(source: Path, target: Path, by: type[QuanwangError], match: str) -> None:
    """Nothing is made, and the reason is given in both languages."""
    with pytest.raises(by, match=match) as raised:
        hq.add_replica(source, target, "b", link_port=0, enrolment_port=0, http_port=0)
    assert not target.exists() or by is ReplicaDirectoryExists
    assert raised.value.en
    assert raised.value.zh


def execute(directory: Path, statement: str) -> None:
    """On the database of a node that does not run."""
    url = next(
        line.split('"')[1] for line in (directory / "node.toml").read_text().splitlines() if line.startswith("url = ")
    )
    engine = open_writer(url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql(statement).rowcount
    engine.dispose()


def test_a_sound_hq_gets_a_replica_that_is_sound_and_has_no_archive(first: Path, tmp_path: Path) -> None:
    archived = first / "archive" / "2026-11" / "31-00.journal"
    archived.parent.mkdir(parents=True)
    archived.write_bytes(b"evidence")
    hq.add_replica(first, tmp_path / "b", "b", link_port=0, enrolment_port=0, http_port=0)
    assert {finding.severity for finding in hq.check(tmp_path / "b")} == {"ok"}
    # It shares both with the first.
    assert not [name for name in ("archive", "keys", "tls", "root.pub") if (tmp_path / "b" / name).exists()]
    data = DataDirectory(tmp_path / "b")
    data.load_settings(HqSettings)
    assert (data.archive, data.keys_place) == (first / "archive", first)


def test_a_replica_of_a_replica_shares_with_the_first(first: Path, tmp_path: Path) -> None:
    hq.add_replica(first, tmp_path / "b", "b", link_port=0, enrolment_port=0, http_port=0)
    hq.add_replica(tmp_path / "b", tmp_path / "c", "c", link_port=0, enrolment_port=0, http_port=0)
    data = DataDirectory(tmp_path / "c")
    data.load_settings(HqSettings)
    assert (data.archive, data.keys_place) == (first / "archive", first)


def test_a_replica_with_copied_keys_is_told_by_check_when_they_were_replaced_elsewhere(
    first: Path, tmp_path: Path
) -> None:
    hq.add_replica(first, tmp_path / "b", "b", link_port=0, enrolment_port=0, http_port=0, copy_keys=True)
    assert {finding.severity for finding in hq.check(tmp_path / "b")} == {"ok"}
    with hq.build_offline_app(first) as app, InProcess(app) as transport:
        headers = {"Content-Type": "application/json"}
        status, content = transport.send("POST", "/keys/rotate", headers, b'{"uses": ["signing"]}', 60.0)
    assert status == 200, content
    assert {finding.severity for finding in hq.check(first)} == {"ok"}
    (finding,) = [each for each in hq.check(tmp_path / "b") if each.severity == "error"]
    assert finding.subject == "keys"
    assert "keys.directory" in finding.mend_en
    assert "keys.directory" in finding.mend_zh


def test_hq_on_sqlite_is_refused(tmp_path: Path) -> None:
    refused(init_hq(tmp_path / "hq"), tmp_path / "b", ReplicaNeedsPostgres, "PostgreSQL")


def test_a_place_that_is_taken_is_refused(first: Path, tmp_path: Path) -> None:
    taken = tmp_path / "b"
    taken.mkdir()
    refused(first, taken, ReplicaDirectoryExists, "already")


def test_a_provinces_directory_is_refused(tmp_path: Path, postgres: Databases) -> None:
    province.init(tmp_path / "31", node="31", database_url=postgres.empty())
    refused(tmp_path / "31", tmp_path / "b", SettingsInvalid, "node")


def provinces_database(first: Path, tmp_path: Path, postgres: Databases) -> None:
    theirs = postgres.empty()
    province.init(tmp_path / "31", node="31", database_url=theirs)
    work_on(first, theirs)


def other_hqs_database(first: Path, tmp_path: Path, postgres: Databases) -> None:
    theirs = postgres.empty()
    init_hq(tmp_path / "other", theirs)
    work_on(first, theirs)


def work_on(first: Path, url: str) -> None:
    file = first / "node.toml"
    text = file.read_text()
    own = next(line for line in text.splitlines() if line.startswith("url = "))
    file.write_text(text.replace(own, f'url = "{url}"'))


def no_keys(first: Path, _tmp_path: Path, _postgres: Databases) -> None:
    shutil.rmtree(first / "keys")


def other_keys(first: Path, tmp_path: Path, _postgres: Databases) -> None:
    stranger = init_hq(tmp_path / "stranger")
    no_keys(first, tmp_path, _postgres)
    shutil.copytree(stranger / "keys", first / "keys")


NEWEST = "WHERE version_num = (SELECT max(version_num) FROM alembic_version)"


def older_schema(first: Path, _tmp_path: Path, _postgres: Databases) -> None:
    execute(first, f"DELETE FROM alembic_version {NEWEST}")  # noqa: S608 - its own words.


def newer_schema(first: Path, _tmp_path: Path, _postgres: Databases) -> None:
    execute(first, f"UPDATE alembic_version SET version_num = 'kit_9999' {NEWEST}")  # noqa: S608


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (provinces_database, "schema"),
        (other_hqs_database, "directory"),
        (no_keys, "keys"),
        (other_keys, "keys"),
        (older_schema, "schema"),
        (newer_schema, "schema"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_an_hq_that_is_not_in_order_is_refused(
    first: Path, tmp_path: Path, postgres: Databases, spoil: Callable[[Path, Path, Databases], None], problem: str
) -> None:
    spoil(first, tmp_path, postgres)
    refused(first, tmp_path / "b", HqUnsound, problem)

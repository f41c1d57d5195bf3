"""The first steps of a node, repeated and refused."""

from pathlib import Path

import pytest

from common.db.faults import DatabaseOfAnotherNode
from common.program.data_directory import DataDirectory, DataDirectoryInUse
from hq_node import bootstrap as hq
from province_node import bootstrap as province
from province_node.directory.membership import NotEnrolled


def snapshot(directory: Path) -> dict[str, bytes]:
    """Settings and keys, which nothing may change."""
    kept = [directory / "node.toml", *sorted((directory / "keys").iterdir())]
    return {path.name: path.read_bytes() for path in kept}


def test_hq_is_initialised_once_however_often_it_is_asked_for(tmp_path: Path) -> None:
    hq.init(tmp_path / "hq", link_port=0, enrolment_port=0, http_port=0)
    before = snapshot(tmp_path / "hq")
    hq.init(tmp_path / "hq")
    assert snapshot(tmp_path / "hq") == before
    assert hq.migrate(tmp_path / "hq") == []
    assert {finding.severity for finding in hq.check(tmp_path / "hq")} == {"ok"}


def test_a_province_is_initialised_once_and_stays_that_province(tmp_path: Path) -> None:
    province.init(tmp_path / "31", node="31")
    before = snapshot(tmp_path / "31")
    province.init(tmp_path / "31", node="31")
    assert snapshot(tmp_path / "31") == before
    (tmp_path / "31" / "node.toml").write_text('node = "44"\n')
    with pytest.raises(DatabaseOfAnotherNode):
        province.init(tmp_path / "31", node="44")


def test_only_provinces_are_provinces(tmp_path: Path) -> None:
    with pytest.raises(province.NotAProvince):
        province.init(tmp_path / "99", node="99")
    assert not (tmp_path / "99").exists()


def test_a_province_that_has_not_joined_does_not_serve_and_says_so(tmp_path: Path) -> None:
    province.init(tmp_path / "31", node="31")
    with pytest.raises(NotEnrolled):
        province.serve(tmp_path / "31")
    found = {finding.subject: finding.severity for finding in province.check(tmp_path / "31")}
    assert found["enrolment"] == "error"
    assert found["database"] == "ok"


def test_nothing_is_done_in_a_directory_in_use(tmp_path: Path) -> None:
    hq.init(tmp_path / "hq", link_port=0, enrolment_port=0, http_port=0)
    with DataDirectory(tmp_path / "hq").locked():
        for act in (hq.init, hq.migrate, hq.serve):
            with pytest.raises(DataDirectoryInUse):
                act(tmp_path / "hq")


def test_everything_that_is_wrong_is_found(tmp_path: Path) -> None:
    assert [finding.subject for finding in hq.check(tmp_path / "none")] == ["data directory"]
    hq.init(tmp_path / "hq", link_port=0, enrolment_port=0, http_port=0)
    (tmp_path / "hq" / "node.toml").write_text("bogus = 1\n")
    database = tmp_path / "hq" / "node.db"
    database.write_bytes(b"not a database" * 100)
    found = {finding.subject: finding for finding in hq.check(tmp_path / "hq")}
    assert found["settings"].severity == "error"
    assert "bogus" in found["settings"].text("en")
    assert found["database"].severity == "error"
    assert "备份" in found["database"].text("zh")

"""The first steps of a node, repeated and refused."""

from pathlib import Path

import pytest

from common.db.faults import DatabaseOfAnotherNode
from common.program.data_directory import DataDirectory, DataDirectoryInUse
from common.program.http_servers import listen_tcp
from hq_node import bootstrap as hq
from province_node import bootstrap as province
from province_node.directory.membership import NotEnrolled
from tests.support.routes import asked_for


def snapshot(directory: Path) -> dict[str, bytes]:
    """Settings and keys, which nothing may change."""
    kept = [directory / "node.toml", *sorted((directory / "keys").iterdir())]
    if (directory / "tls").exists():
        kept += sorted((directory / "tls").iterdir())
    return {path.name: path.read_bytes() for path in kept}


def test_hq_is_initialised_once_however_often_it_is_asked_for(tmp_path: Path) -> None:
    assert hq.init(tmp_path / "hq", link_port=0, enrolment_port=0, http_port=0)
    before = snapshot(tmp_path / "hq")
    assert hq.init(tmp_path / "hq") == "", "there is an administrator already"
    assert snapshot(tmp_path / "hq") == before
    assert hq.migrate(tmp_path / "hq") == []
    assert {finding.severity for finding in hq.check(tmp_path / "hq")} == {"ok"}


def test_a_certificate_that_the_directory_does_not_name_is_found(tmp_path: Path) -> None:
    for name in ("hq", "other"):
        hq.init(tmp_path / name, link_port=0, enrolment_port=0, http_port=0)
    (tmp_path / "hq" / "tls" / "server.pem").write_bytes((tmp_path / "other" / "tls" / "server.pem").read_bytes())
    found = {finding.subject: finding for finding in hq.check(tmp_path / "hq") if finding.severity == "error"}
    assert "directory does not name" in found["certificate"].text("en")


def test_a_province_is_initialised_once_and_stays_that_province(tmp_path: Path) -> None:
    assert province.init(tmp_path / "31", node="31")
    before = snapshot(tmp_path / "31")
    province.init(tmp_path / "31", node="31")
    assert snapshot(tmp_path / "31") == before
    with pytest.raises(province.DirectoryOfAnotherNode):
        province.init(tmp_path / "31", node="44")
    assert snapshot(tmp_path / "31") == before
    (tmp_path / "31" / "node.toml").write_text('node = "44"\n')
    with pytest.raises(DatabaseOfAnotherNode):
        province.init(tmp_path / "31", node="44")


def test_every_route_of_the_admin_api_asks_for_what_can_be_read(tmp_path: Path) -> None:
    """What a route asks for is worked out when it is first called; a mistake there is to be found before."""
    hq.init(tmp_path / "hq", link_port=0, enrolment_port=0, http_port=0)
    with hq.build_offline_app(tmp_path / "hq") as app:
        known = asked_for(app)
    assert len(known) > 40
    assert {"/legs", "/requests", "/status", "/parameters"} <= set(known)


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
    assert "Correct the name" in found["settings"].mend("en")
    assert "Do not put an old copy" in found["database"].mend("en")
    assert "数据库损坏" in found["database"].mend("zh")


def test_what_is_wrong_stands_apart_from_what_to_do(tmp_path: Path) -> None:
    province.init(tmp_path / "31", node="31")
    (finding,) = [finding for finding in province.check(tmp_path / "31") if finding.severity == "error"]
    assert finding.subject == "enrolment"
    for language in ("en", "zh"):
        assert finding.mend(language)
        assert finding.mend(language) not in finding.text(language)
    (tmp_path / "31").chmod(0o755)
    (finding,) = province.check(tmp_path / "31")
    assert "chmod 700" in finding.mend("en").replace("0700", "700")


def test_ports_are_free_or_named_with_their_setting(tmp_path: Path) -> None:
    with listen_tcp("127.0.0.1", 0, "") as taken:
        port = taken.getsockname()[1]
        hq.init(tmp_path / "hq", listen_host="127.0.0.1", link_port=port, enrolment_port=0, http_port=0)
        found = [finding for finding in hq.check(tmp_path / "hq") if finding.subject == "ports"]
        (wrong,) = [finding for finding in found if finding.severity == "error"]
        assert str(port) in wrong.text("en")
        assert "federation.link_port in node.toml" in wrong.mend("en")
        assert len(found) == 3
    assert {finding.severity for finding in hq.check(tmp_path / "hq")} == {"ok"}


def test_a_node_that_works_but_does_not_answer_is_named(tmp_path: Path) -> None:
    hq.init(tmp_path / "hq", link_port=0, enrolment_port=0, http_port=0)
    with listen_tcp("127.0.0.1", 0, "") as closed:
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    data = DataDirectory(tmp_path / "hq")
    for name in ("http", "federation", "enrolment"):
        data.write_address(name, address)
    with data.locked():
        found = [finding for finding in hq.check(tmp_path / "hq") if finding.subject == "ports"]
    assert [finding.severity for finding in found] == ["error"] * 3
    assert all("nothing answers" in finding.text("en") for finding in found)

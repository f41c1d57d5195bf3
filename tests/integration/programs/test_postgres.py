"""The programs' own steps on PostgreSQL: initialise, check, migrate, act for a node that does not run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

import hq_node.bootstrap as hq
import province_node.bootstrap as province
from common.db.faults import DatabaseOfAnotherNode
from common.settings_file import SettingsInvalid
from tests.support.stores import POSTGRES, Databases, databases_of


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Databases]:
    with databases_of(POSTGRES, tmp_path) as made:
        yield made


def init_hq(directory: Path, url: str) -> None:
    hq.init(directory, link_port=0, enrolment_port=0, http_port=0, database_url=url)


def test_hq_is_initialised_once_on_its_database_and_found_sound(tmp_path: Path, postgres: Databases) -> None:
    url = postgres.empty()
    init_hq(tmp_path / "hq", url)
    init_hq(tmp_path / "hq", url)
    assert not (tmp_path / "hq" / "node.db").exists()
    assert hq.migrate(tmp_path / "hq") == []
    assert {finding.severity for finding in hq.check(tmp_path / "hq")} == {"ok"}
    with hq.build_offline_app(tmp_path / "hq") as app:
        assert app.routes


def test_a_database_of_another_node_is_refused_and_left_as_it_is(tmp_path: Path, postgres: Databases) -> None:
    theirs = postgres.empty()
    init_hq(tmp_path / "hq", theirs)
    with pytest.raises(DatabaseOfAnotherNode, match="another kind"):
        province.init(tmp_path / "31", node="31", database_url=theirs)
    own = postgres.empty()
    province.init(tmp_path / "44", node="44", database_url=own)
    with pytest.raises(DatabaseOfAnotherNode, match="node 44"):
        province.init(tmp_path / "33", node="33", database_url=own)
    found = {finding.subject: finding.severity for finding in province.check(tmp_path / "44")}
    assert (found["database"], found["enrolment"]) == ("ok", "error")


def test_the_password_is_shown_nowhere(tmp_path: Path, postgres: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    init_hq(tmp_path / "hq", postgres.empty())
    wrong = sa.make_url(postgres.empty()).set(username="nobody", password="secret-word")
    monkeypatch.setenv("QUANWANG_DATABASE__URL", wrong.render_as_string(hide_password=False))
    said = repr(hq.check(tmp_path / "hq"))
    assert "refuses the login" in said
    assert "secret-word" not in said
    monkeypatch.setenv("QUANWANG_DATABASE__URL", "postgresql://nobody:secret-word@/")
    said = repr(hq.check(tmp_path / "hq"))
    assert "names no database" in said
    assert "secret-word" not in said
    with pytest.raises(SettingsInvalid) as refused:
        hq.init(tmp_path / "other", database_url="mysql://nobody:secret-word@host/crm")
    assert "secret-word" not in str(refused.value)
    assert not (tmp_path / "other" / "node.toml").exists()

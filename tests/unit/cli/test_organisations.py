"""The organisation tree from the command line, on a real core."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from common.access_control.actor import local_actor
from common.access_control.desk import Desk
from common.db.engine import open_reader
from common.organisations.commands import FoundOrganisations
from common.organisations.routes import organisation_routes
from common.program.inline_writer import InlineWriter
from common.program.reads import Reads
from common.web import build_app
from tests.support.fake_admin import CommandLine
from tests.support.federation import Federation
from tests.support.stores import SQLITE, Databases

FILE = """organisation_id,kind,name,parent_id
hall-1,branch,Hall,310106
310106,county,County,310100
310100,city,City,31
bad,shop,Shop,31
"""


@pytest.fixture
def line(tmp_path: Path, province: CommandLine) -> Iterator[CommandLine]:
    databases = Databases(SQLITE, tmp_path)
    federation = Federation(databases)
    writer = InlineWriter(federation.cores["31"].dispatcher)
    writer.run(FoundOrganisations())
    reads = Reads(open_reader(federation.urls["31"], 1), 1)
    node: Any = SimpleNamespace(reads=reads, local_desk=Desk(writer, local_actor("root")))
    province.node.app = build_app([organisation_routes(node)], 1 << 20)
    yield province
    reads.close()
    federation.close()
    databases.close()


def test_a_file_is_taken_in_and_its_bad_row_named_in_both_languages(line: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "organisations.csv"
    file.write_text(FILE)
    assert json.loads(line("organisations", "import", str(file), "--dry-run", "--json").out)["rows"]["good"] == 4
    done = line("organisations", "import", str(file))
    assert done.code == 1
    assert "Created" in done.out
    assert "no kind of organisation" in done.out
    again = line("organisations", "import", str(file), "--lang", "zh")
    assert "不是组织类型" in again.out
    document = json.loads(line("organisations", "import", str(file), "--json").out)
    assert document["rows"] == {"created": 0, "updated": 0, "unchanged": 3, "rejected": 1}
    assert [(problem["line"], problem["column"]) for problem in document["problems"]] == [(5, "kind")]


def test_an_organisation_is_created_renamed_moved_and_ended(line: CommandLine) -> None:
    assert line("organisations", "create", "310100", "--kind", "city", "--name", "City", "--under", "31").code == 0
    created = line("organisations", "create", "h1", "--kind", "branch", "--name", "Hall", "--under", "31")
    assert "h1 Hall now hangs under 31" in created.out
    assert "Great hall" in line("organisations", "rename", "h1", "--name", "Great hall").out
    assert line("organisations", "move", "h1", "--under", "310100").code == 0
    shown = line("organisations", "show", "h1")
    assert "31 上海 > 310100 City" in shown.out
    assert "Great hall" in line("organisations", "list", "--below", "310100").out
    assert line("organisations", "deactivate", "h1", "--reason", "closed").code == 0
    assert "h1" not in line("organisations", "list").out
    assert "inactive" in line("organisations", "list", "--all").out


def test_a_longer_list_says_how_to_go_on(line: CommandLine) -> None:
    line("organisations", "create", "h1", "--kind", "branch", "--name", "Hall", "--under", "31")
    assert "--after 31" in line("organisations", "list", "--limit", "1").err


def test_what_the_tree_refuses_is_said_with_its_reason(line: CommandLine) -> None:
    refused = line("organisations", "deactivate", "31")
    assert refused.code == 1
    assert "the node's own organisation" in refused.err
    assert line("organisations", "show", "nowhere").code == 1


def test_a_file_that_cannot_be_used_is_refused(line: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "organisations.csv"
    assert line("organisations", "import", str(file)).code == 2
    file.write_text("a,b\n")
    refused = line("organisations", "import", str(file))
    assert refused.code == 1
    assert "organisation_id" in refused.err

"""Dictionaries from the command line, on real cores; and their files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from common.access_control.actor import local_actor
from common.access_control.desk import Desk
from common.cli.dictionary_csv import DictionaryFileUnfit, read_values, write_values
from common.db.engine import open_reader
from common.dictionaries.routes import dictionary_routes
from common.ids import HQ
from common.program.inline_writer import InlineWriter
from common.program.reads import Reads
from common.web import build_app
from hq_node.publications.commands import DeliverPublications
from hq_node.publications.dictionary_routes import published_dictionary_routes
from tests.support.fake_admin import CommandLine
from tests.support.federation import Federation
from tests.support.stores import SQLITE, Databases

KIOSK = ("kiosk", "--zh", "社区服务点", "--en", "community kiosk", "--place", "25")
WHY = ("--reason", "ticket 7")


@pytest.fixture
def federation(tmp_path: Path) -> Iterator[Federation]:
    databases = Databases(SQLITE, tmp_path)
    federation = Federation(databases)
    federation.connect()
    yield federation
    federation.close()
    databases.close()


def serve(line: CommandLine, federation: Federation, name: str) -> Reads:
    core = federation.cores[name]
    reads = Reads(open_reader(federation.urls[name], 1), 1)
    desk = Desk(InlineWriter(core.dispatcher), local_actor("root"))
    node: Any = SimpleNamespace(reads=reads, local_desk=desk, context=core.context, clock=federation.clock)
    routers = [dictionary_routes(node), *([published_dictionary_routes(node)] if name == HQ else [])]
    line.node.app = build_app(routers, 1 << 20)
    return reads


@pytest.fixture
def line(province: CommandLine, federation: Federation) -> Iterator[CommandLine]:
    reads = serve(province, federation, "31")
    yield province
    reads.close()


def test_a_value_is_set_listed_and_shown_in_both_languages(line: CommandLine) -> None:
    assert "kiosk" in line("dictionaries", "set", "channel", *KIOSK, "--until", "2099-01-01", *WHY).out
    assert "so already" in line("dictionaries", "set", "channel", *KIOSK, "--until", "2099-01-01", *WHY).out
    assert "9/9" in line("dictionaries", "list").out
    shown = line("dictionaries", "show", "channel").out
    assert "community kiosk" in shown
    assert "ticket 7" in shown
    chinese = line("dictionaries", "show", "channel", "--lang", "zh").out
    assert "受理渠道" in chinese
    assert "本节点" in chinese
    assert "启用数" in line("dictionaries", "list", "--lang", "zh").out
    line("dictionaries", "set", "channel", *KIOSK, "--inactive", *WHY)
    document = json.loads(line("dictionaries", "show", "channel", "--json").out)
    (kiosk,) = [value for value in document["values"] if value["code"] == "kiosk"]
    assert (kiosk["active"], kiosk["usable"], kiosk["until_us"]) == (False, False, 0)


def test_a_file_is_written_changed_and_read_back(line: CommandLine, tmp_path: Path) -> None:
    line("dictionaries", "set", "channel", *KIOSK, "--from", "2020-01-01", *WHY)
    file = tmp_path / "channels.csv"
    assert "1 values" in line("dictionaries", "export", "channel", "--local", "--out", str(file)).out
    assert "so already" in line("dictionaries", "import", "channel", str(file), *WHY).out
    text = file.read_text("utf-8-sig")
    assert text.splitlines()[0] == "code,zh,en,place,active,from,until,parent"
    file.write_text(text.replace("community kiosk", "kiosk") + "bus,流动车,bus,,,,,kiosk\n", "utf-8")
    assert "kiosk, bus" in line("dictionaries", "import", "channel", str(file), *WHY).out
    assert "bus" in line("dictionaries", "export", "channel").out
    refused = line("dictionaries", "import", "channel", str(tmp_path / "none.csv"), *WHY)
    assert (refused.code, "cannot be read" in refused.err) == (2, True)
    file.write_text("code,zh,en\ncounter,柜台,desk\n", "utf-8")
    refused = line("dictionaries", "import", "channel", str(file), "--lang", "zh", *WHY)
    assert (refused.code, "全网统一" in refused.err) == (1, True)


def test_headquarters_publishes_from_the_command_line_and_from_a_file(
    hq: CommandLine, federation: Federation, tmp_path: Path
) -> None:
    reads = serve(hq, federation, HQ)
    assert "kiosk" in hq("dictionaries", "publish", "channel", *KIOSK, *WHY).out
    file = tmp_path / "channels.csv"
    file.write_text("代码,中文名称,英文名称,启用\nweb,网厅,web hall,否\n", "utf-8-sig")
    assert "web" in hq("dictionaries", "publish-file", "channel", str(file), *WHY).out
    federation.execute(HQ, DeliverPublications())
    federation.run()
    federation.execute(HQ, DeliverPublications())
    assert "holds what is published" in hq("dictionaries", "deliveries", "channel").out
    usable = federation.cores["31"].context.dictionaries.usable("channel", federation.clock.now_us())
    assert ("kiosk" in usable, "web" in usable) == (True, False)
    reads.close()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "columns are"),
        (b"code,zh\na,b\n", "columns are"),
        (b"code,zh,en,colour\na,b,c,d\n", "columns are"),
        (b"code,zh,en,code\na,b,c,d\n", "columns are"),
        (b"code,zh,en\n", "no value"),
        (b"code,zh,en\na,b\n", "line 2: it has more or fewer"),
        (b"code,zh,en,place\na,b,c,first\n", "line 2: place"),
        (b"code,zh,en,active\n\na,b,c,perhaps\n", "line 3: active"),
        (b"code,zh,en,from\na,b,c,soon\n", "line 2: 'soon' is no moment"),
        (b"\xff\xfe", "no CSV in UTF-8"),
        (b'code,zh,en\n"a,b,c\n', "no CSV in UTF-8"),
        (b"x" * ((1 << 20) + 1), "bytes"),
    ],
)
def test_a_file_that_is_none_is_refused_with_its_line(content: bytes, said: str) -> None:
    with pytest.raises(DictionaryFileUnfit, match=said):
        read_values(content)


def test_what_is_written_is_read_back_as_it_was() -> None:
    value = {"code": "a", "zh": "甲, 乙", "en": 'a "b"', "parent": "", "place": 3, "active": False}
    moments = {"from_us": 1_800_000_000_000_000, "until_us": 0}
    assert read_values(write_values([value | moments]).encode()) == [value | moments]

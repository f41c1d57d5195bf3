"""Parameters from the command line, on a real core."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from common.access_control.actor import local_actor
from common.access_control.desk import Desk
from common.cli.moments import parse_moment_us
from common.db.engine import open_reader
from common.ids import HQ
from common.parameters.routes import parameter_routes
from common.program.inline_writer import InlineWriter
from common.program.reads import Reads
from common.web import build_app
from hq_node.publications.commands import DeliverPublications
from hq_node.publications.routes import publication_routes
from tests.support.fake_admin import CommandLine
from tests.support.federation import Federation
from tests.support.stores import SQLITE, Databases

DAYS = "events.dead_letter_days"


@pytest.fixture
def line(tmp_path: Path, province: CommandLine) -> Iterator[CommandLine]:
    databases = Databases(SQLITE, tmp_path)
    federation = Federation(databases)
    core = federation.cores["31"]
    reads = Reads(open_reader(federation.urls["31"], 1), 1)
    desk = Desk(InlineWriter(core.dispatcher), local_actor("root"))
    node: Any = SimpleNamespace(reads=reads, local_desk=desk, context=core.context, clock=federation.clock)
    province.node.app = build_app([parameter_routes(node)], 1 << 20)
    yield province
    reads.close()
    federation.close()
    databases.close()


def test_a_parameter_is_set_shown_and_reset(line: CommandLine) -> None:
    assert "30 d" in line("parameters", "list").out
    assert "60 now" in line("parameters", "set", DAYS, "60", "--reason", "ticket 4711").out
    shown = line("parameters", "show", DAYS)
    assert "ticket 4711" in shown.out
    assert "1 to 365 d" in shown.out
    assert "30 天" in line("parameters", "list", "--lang", "zh").out
    chinese = line("parameters", "show", DAYS, "--lang", "zh").out
    assert "无法投递" in chinese
    assert "1 至 365 天" in chinese
    line("parameters", "reset", DAYS, "--reason", "as before")
    document = json.loads(line("parameters", "show", DAYS, "--json").out)
    assert (document["value"], [one["value"] for one in document["versions"]]) == (30, [None, 60])


def test_a_parameter_is_set_for_later_and_withdrawn(line: CommandLine) -> None:
    said = line("parameters", "set", "events.private_callbacks", "true", "--from", "2099-12-01", "--reason", "later")
    assert "will be true from" in said.out
    assert "waits" in line("parameters", "show", "events.private_callbacks").out
    done = line("parameters", "withdraw", "events.private_callbacks", "1", "--reason", "not needed")
    assert "will not come into force" in done.out
    assert "withdrawn" in line("parameters", "show", "events.private_callbacks").out


@pytest.mark.parametrize(
    ("arguments", "code", "said", "said_zh"),
    [
        (("set", DAYS, "many", "--reason", "why not"), 1, "whole number", "应为整数"),
        (("set", DAYS, "999", "--reason", "why not"), 1, "between 1 and 365", "应在 1 至 365 之间"),
        (("set", "no.such", "1", "--reason", "why not"), 1, "`parameters list`", "没有参数"),
        (("set", DAYS, "60", "--from", "soon", "--reason", "why not"), 2, "is no moment", "不是有效的时间"),
    ],
)
def test_what_cannot_be_is_said_in_both_languages(
    line: CommandLine, arguments: tuple[str, ...], code: int, said: str, said_zh: str
) -> None:
    for language, words in (("en", said), ("zh", said_zh)):
        done = line("parameters", *arguments, "--lang", language)
        assert done.code == code
        assert words in done.out + done.err


def test_a_moment_is_read_with_and_without_a_zone() -> None:
    assert parse_moment_us("1970-01-02T00:00:00+00:00") == 86_400_000_000
    assert parse_moment_us("1970-01-01T00:00:00.25Z") == 250_000
    assert parse_moment_us("2026-12-01") is not None
    assert parse_moment_us("soon") is None


def test_headquarters_publishes_and_sees_who_has_taken_it(
    tmp_path: Path, hq: CommandLine, province: CommandLine
) -> None:
    databases = Databases(SQLITE, tmp_path)
    federation = Federation(databases)
    federation.connect()
    reads = {node: Reads(open_reader(federation.urls[node], 1), 1) for node in (HQ, "31")}
    nodes: dict[str, Any] = {
        code: SimpleNamespace(
            reads=reads[code],
            local_desk=Desk(InlineWriter(federation.cores[code].dispatcher), local_actor("root")),
            context=federation.cores[code].context,
            clock=federation.clock,
        )
        for code in (HQ, "31")
    }
    hq.node.app = build_app([parameter_routes(nodes[HQ]), publication_routes(nodes[HQ])], 1 << 20)
    province.node.app = build_app([parameter_routes(nodes["31"])], 1 << 20)

    assert "Nothing has been published" in hq("parameters", "deliveries").out
    bounds = ("--min", "30", "--max", "90", "--reason", "directive 9")
    said = hq("parameters", "publish", DAYS, "60", *bounds)
    assert "published as 60, provinces from 30 to 90 from" in " ".join(said.out.split()), said.err
    later = ("--fixed", "--from", "2099-12-01", "--reason", "later")
    assert "false, for all" in hq("parameters", "publish", "events.plain_http_callbacks", "false", *later).out
    assert hq("parameters", "publish", DAYS, "60", "--from", "someday", "--reason", "x").code == 2
    assert "is to be sent" in hq("parameters", "deliveries").out
    federation.execute(HQ, DeliverPublications())
    assert "传送中" in hq("parameters", "deliveries", "--lang", "zh").out
    federation.run()
    federation.execute(HQ, DeliverPublications())
    assert "holds what is published" in hq("parameters", "deliveries").out

    listed = {one["name"]: one for one in json.loads(province("parameters", "list", "--json").out)["items"]}
    assert (listed[DAYS]["value"], listed[DAYS]["layer"]) == (60, "network")
    assert "headquarters" in province("parameters", "list").out
    shown = " ".join(province("parameters", "show", DAYS).out.split())
    assert "60, provinces from 30 to 90" in shown
    assert "directive 9" in shown
    refused = province("parameters", "set", DAYS, "91", "--reason", "ours")
    assert (refused.code, "from 30 to 90" in refused.err) == (1, True)
    gone = hq("parameters", "withdraw-published", "events.plain_http_callbacks", "1", "--reason", "not needed")
    assert "will not come into force" in gone.out
    assert "says nothing of events.dead_letter_days" in hq("parameters", "unpublish", DAYS, "--reason", "over").out
    for each in reads.values():
        each.close()
    federation.close()
    databases.close()

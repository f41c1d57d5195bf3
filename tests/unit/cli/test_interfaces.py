"""Interfaces from the command line, on a real core."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.interfaces.model import failed, refused
from common.interfaces.routes import interface_routes
from common.web import build_app
from tests.support.fake_admin import CommandLine
from tests.support.interfaces import NUMBER, TEXT, CallingNode
from tests.support.stores import SQLITE, Databases

WHY = ("--reason", "ticket 4711")


@pytest.fixture
def node(tmp_path: Path) -> Iterator[CallingNode]:
    databases = Databases(SQLITE, tmp_path)
    made = CallingNode(databases, tmp_path)
    yield made
    made.close()
    databases.close()


@pytest.fixture
def line(node: CallingNode, province: CommandLine) -> CommandLine:
    province.node.app = build_app([interface_routes(node.node)], 1 << 20)
    return province


def settle(node: CallingNode) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await node.caller.settle()

    asyncio.run(bounded())


def test_an_interface_is_listed_and_shown_with_its_adapters(line: CommandLine, node: CallingNode) -> None:
    node.adapters["rest"].lacking = ("set its address first", "请先设置地址")
    listed = line("interfaces", "list")
    assert (listed.code, "communication" in listed.out, "simulator" in listed.out) == (0, True, True)
    shown = line("interfaces", "show", "communication")
    assert "Messages to people" in shown.out
    assert "set its address first" in shown.out
    chinese = line("interfaces", "show", "communication", "--lang", "zh").out
    assert "短信" in chinese
    assert "请先设置地址" in chinese
    assert json.loads(line("interfaces", "list", "--json").out)["items"][0]["state"] == "ok"
    unknown = line("interfaces", "show", "bank")
    assert (unknown.code, "There is no interface bank" in unknown.err) == (1, True)


def test_calls_are_listed_masked_by_state_and_page(line: CommandLine, node: CallingNode) -> None:
    node.simulator.answers = [refused("HTTP 422"), failed("HTTP 503")]
    for _ in range(3):
        node.send()
    settle(node)
    everything = line("interfaces", "calls", "communication")
    assert "138****8000" in everything.out
    assert NUMBER not in everything.out
    assert TEXT not in everything.out
    found = json.loads(line("interfaces", "calls", "communication", "--state", "refused", "--json").out)
    assert [item["error"] for item in found["items"]] == ["HTTP 422"]
    first = json.loads(line("interfaces", "calls", "communication", "--limit", "2", "--json").out)
    assert len(first["items"]) == 2
    rest = json.loads(line("interfaces", "calls", "communication", "--before", first["next"], "--json").out)
    assert (len(rest["items"]), rest["next"]) == (1, "")
    assert first["next"] in line("interfaces", "calls", "communication", "--limit", "2").err
    assert line("interfaces", "calls", "communication", "--state", "lost").code != 0
    assert line("interfaces", "calls", "communication", "--before", "x").code == 1


def test_a_test_call_says_whether_it_works(line: CommandLine, node: CallingNode) -> None:
    good = line("interfaces", "test", "communication")
    assert (good.code, "It answers, through simulator" in good.out) == (0, True)
    node.adapters["rest"].answers = [failed("HTTP 401")]
    bad = line("interfaces", "test", "communication", "--adapter", "rest")
    assert (bad.code, "HTTP 401" in bad.out) == (1, True)
    assert json.loads(line("interfaces", "test", "communication", "--json").out)["outcome"] == "done"
    assert line("interfaces", "test", "communication", "--adapter", "fax").code == 1


def test_adapters_are_switched_and_calls_replayed(line: CommandLine, node: CallingNode) -> None:
    node.tries(1)
    node.simulator.answers = [failed("HTTP 503")]
    call_id = node.send()
    settle(node)
    switched = line("interfaces", "switch", "communication", "file", *WHY)
    assert (switched.code, "file from now on" in switched.out) == (0, True)
    found = json.loads(line("interfaces", "calls", "communication", "--json").out)["items"]
    assert [item["state"] for item in found] == ["given-up"]
    replayed = line("interfaces", "replay", "communication", "--call", found[0]["call"], *WHY)
    assert (replayed.code, "1 calls" in replayed.out) == (0, True)
    settle(node)
    assert node.adapters["file"].calls[0].call_id == call_id
    assert "0 calls" in line("interfaces", "replay", "communication", *WHY).out
    assert line("interfaces", "replay", "communication", "--call", found[0]["call"], *WHY).code == 1

"""Lists give way column by column where there is little room; ids, keys and times are never broken."""

from __future__ import annotations

import re
from typing import Any

import pytest
from rich.console import Console

from common.cli import session as sessions
from tests.support.fake_admin import KEY, PARKED, REQUEST, CommandLine, node_row

NARROW, WIDE = 80, 120


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes the streams terminals of a width."""

    def of_width(columns: int) -> None:
        def console(*, error: bool) -> Console:
            shown = sessions.sys.stderr if error else sessions.sys.stdout
            return Console(file=shown, force_terminal=True, width=columns, no_color=True, emoji=False)

        monkeypatch.setattr(sessions, "make_console", console)

    return of_width


def lines(shown: str) -> list[str]:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown).splitlines()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("arguments", "whole"), [("requests list", REQUEST), ("nodes list", KEY), ("parked list", PARKED)]
)
def test_what_people_read_out_or_copy_stands_in_one_piece_when_the_terminal_is_narrow(
    hq: CommandLine, terminal: Any, arguments: str, whole: str, language: str
) -> None:
    terminal(NARROW)
    shown = lines(hq(*arguments.split(), "--lang", language).out)
    assert any(whole in line for line in shown)
    assert all(Console(width=999).measure(line).maximum <= NARROW for line in shown)


def test_a_row_of_requests_takes_two_lines_when_the_terminal_is_narrow_and_one_when_it_is_wide(
    hq: CommandLine, terminal: Any
) -> None:
    terminal(NARROW)
    assert len(lines(hq("requests", "list").out)) == 4
    terminal(WIDE)
    heading, _, row = lines(hq("requests", "list").out)
    assert heading.startswith("Request")
    assert row.startswith(REQUEST)


@pytest.mark.parametrize("columns", [NARROW, WIDE])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_bars_of_a_trace_stand_in_one_line_each(
    hq: CommandLine, terminal: Any, columns: int, language: str
) -> None:
    terminal(columns)
    shown = lines(hq("requests", "trace", REQUEST, "--lang", language).out)
    drawn = [line for line in shown if "█" in line or "▏" in line]
    assert drawn
    assert all(re.search(r"\d\d:\d\d:\d\d\.\d{3}", line) for line in drawn)


def test_a_finding_and_its_remedy_stand_below_it_when_the_terminal_is_narrow(hq: CommandLine, terminal: Any) -> None:
    terminal(40)
    shown = lines(hq("check").out)
    assert "  the certificate expires soon" in shown
    assert "  What to do: enrol again" in shown


def test_in_a_pipe_every_row_is_one_line_with_the_whole_time(hq: CommandLine) -> None:
    hq.node.nodes = [node_row("44", "waiting"), node_row("31", "active")]
    shown = hq("nodes", "list").out.splitlines()
    assert len(shown) == 3
    assert all(re.search(r"2026-\d\d-\d\d \d\d:\d\d:\d\d", row) for row in shown[1:])

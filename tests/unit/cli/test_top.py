"""`top`: what it shows at each width, in both languages; its keys; and how it ends."""

from __future__ import annotations

import io
import json
import os
import pty
import sys
import termios
from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console

from common.cli.keyboard import Keyboard, keyboard
from common.cli.session import Session
from common.cli.sparkline import sparkline
from common.cli.top import _watch, after_key
from common.cli.top_page import CLASSES, SORTS, View, page
from common.errors import TemporaryFault
from hq_node.__main__ import PROGRAM
from tests.support.fake_admin import LIVE, CommandLine

HEIGHT = 30


def session(width: int, language: str = "en", *, terminal: bool = True) -> Session:
    made = Session(PROGRAM, None, language, as_json=False)
    made.out = Console(
        file=io.StringIO(), width=width, height=HEIGHT, force_terminal=terminal, emoji=False, highlight=False
    )
    return made


def shown(width: int, language: str = "en", view: View | None = None, found: Any = LIVE) -> list[str]:
    on = session(width, language, terminal=False)
    on.out.print(page(on, found, view or View(rows_max=HEIGHT)))
    file: Any = on.out.file
    return [line.rstrip() for line in file.getvalue().splitlines()]


def row_of(lines: list[str], name: str) -> str:
    return next(line for line in lines if line.lstrip().startswith(name))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [80, 110, 120, 170, 200])
def test_nothing_is_cut_that_people_look_for(width: int, language: str) -> None:
    lines = shown(width, language)
    assert not [line for line in lines if "…" in line and "LINK_AWAY" not in line]
    row = row_of(lines, "44")
    assert ("closed" if language == "en" else "断开") in row
    assert "6 m 40 s" in row
    assert "1,200" in row
    assert "█" in row


def test_a_wide_terminal_shows_where_the_time_goes() -> None:
    narrow, wide = "\n".join(shown(80)), "\n".join(shown(200))
    assert "Answer p95" not in narrow
    assert "Queue p95" in wide
    assert "Answer p95" in wide
    assert "120 ms" in row_of(shown(200), "31")


def test_states_are_words_and_not_colour_alone() -> None:
    text = "\n".join(shown(120))
    assert "critical LINK_AWAY:44 raised" in text
    assert "links 1/2 open" in text


def test_it_fits_the_window_however_many_nodes_there_are() -> None:
    links = [LIVE["links"][0] | {"peer": f"{number}"} for number in range(10, 70)]
    lines = shown(80, found=LIVE | {"links": links})
    assert len(lines) <= HEIGHT
    assert any("more; make the window higher" in line for line in lines)


def test_a_terminal_without_blocks_gets_plain_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Console, "encoding", property(lambda _: "ascii"))
    row = row_of(shown(120), "31")
    assert "#" in row
    assert row.replace("–", "-").isascii()


def test_the_most_of_something_comes_first() -> None:
    def order(sort: str) -> list[str]:
        lines = shown(200, view=View(sort=sort))
        return sorted(("31", "44"), key=lambda peer: lines.index(row_of(lines, peer)))

    assert {sort: order(sort)[0] for sort in SORTS} == {
        "node": "31",
        "queue": "44",
        "oldest": "44",
        "rate": "31",
        "delay": "31",
        "rejected": "31",
        "expired": "44",
    }


def test_only_what_is_not_well_is_shown_where_that_is_wished() -> None:
    lines = shown(120, view=View(problems_only=True))
    assert [line for line in lines if line.lstrip().startswith("44")]
    assert not [line for line in lines if line.lstrip().startswith("31")]


def test_one_class_alone() -> None:
    row = row_of(shown(120, view=View(message_class="management")), "31")
    assert "7.0" in row


def test_keys_go_round() -> None:
    view = View()
    for _ in SORTS:
        view = after_key(view, "s")
    for _ in CLASSES:
        view = after_key(view, "c")
    assert after_key(after_key(view, "p"), "p") == after_key(view, "x") == View()
    assert after_key(view, "s").sort == "queue"


class Client:
    """A node that answers, then does not, then does."""

    online = True

    def __init__(self) -> None:
        self.asked = 0

    def get(self, _path: str, **_: Any) -> Any:
        self.asked += 1
        if self.asked == 2:
            raise TemporaryFault
        return LIVE


class Keys(Keyboard):
    def __init__(self, *pressed: str | type[BaseException]) -> None:
        super().__init__(None)
        self._pressed: Iterator[Any] = iter(pressed)

    def wait(self, seconds: float) -> str:
        key = next(self._pressed)
        if isinstance(key, type):
            raise key
        return str(key)


@pytest.mark.parametrize("end", ["q", KeyboardInterrupt], ids=["q", "Ctrl-C"])
def test_it_goes_on_while_the_node_does_not_answer_and_leaves_the_terminal_as_it_was(end: Any) -> None:
    on, client = session(100), Client()
    _watch(on, client, Keys("", "s", "", end), LIVE, View(), 1.0)  # type: ignore[arg-type]
    file: Any = on.out.file
    text = file.getvalue()
    assert client.asked == 3
    assert "Something went wrong." in text
    assert "sort: queue" in text
    # The alternate screen is entered and left; the cursor is shown again.
    assert text.index("\x1b[?1049h") < text.index("\x1b[?1049l")
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")


def test_keys_come_one_at_a_time_and_the_terminal_is_as_it_was_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    master, slave = pty.openpty()
    with os.fdopen(slave, "r") as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        before = termios.tcgetattr(terminal)
        with keyboard() as keys:
            assert termios.tcgetattr(terminal) != before
            for pressed, key in ((b"S", "s"), (b"\x1b[A", ""), (b"q", "q")):
                os.write(master, pressed)
                assert keys.wait(60) == key
            assert keys.wait(0) == ""
        assert termios.tcgetattr(terminal) == before
        with pytest.raises(KeyboardInterrupt), keyboard():
            raise KeyboardInterrupt
        assert termios.tcgetattr(terminal) == before
    os.close(master)


def test_without_a_terminal_one_page_is_printed(hq: CommandLine) -> None:
    for arguments in (("top",), ("top", "--once", "--sort", "queue")):
        result = hq(*arguments)
        assert result.code == 0
        assert "31 Shanghai" in result.out
        assert "\x1b" not in result.out
    assert "not running" in hq("top").err
    assert "节点未运行" in hq("top", "--lang", "zh").err


def test_json_is_what_the_node_said(hq: CommandLine) -> None:
    result = hq("top", "--json")
    assert json.loads(result.out) == LIVE
    assert hq.node.asked[-1][0] == "/live"


def test_a_sparkline_shows_the_highest_of_each_part() -> None:
    assert sparkline([], 10) == sparkline([0, 0], 10) == ""
    assert sparkline([0, 1, 8], 10) == " ▂█"
    assert sparkline([8, 0, 0, 0, 1, 0, 4, 0], 4) == "█ ▂▅"
    assert sparkline(list(range(1, 61)), 8) == "▃▄▅▆▇██"
    assert sparkline([0, 8], 10, plain=True) == " #"

"""requests trace: times of several clocks put on one, the order of the rows, and the bars."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.cli.clock_alignment import WORDS, in_order_of_time
from common.cli.trace import bar
from tests.support.fake_admin import REQUEST, TRACE, CommandLine, trace_step

SECOND_US = 1_000_000
STEPS: list[dict[str, Any]] = TRACE["steps"]  # type: ignore[assignment]


def taken(steps: list[dict[str, Any]]) -> list[tuple[str, int | None, bool]]:
    """What is told of each step, in the order in which the rows stand."""
    return [(str(steps[p.number]["step"]), p.took_us, p.estimated) for p in in_order_of_time(steps)][1:]


def test_steps_between_two_clocks_are_put_in_the_middle_and_marked() -> None:
    assert taken(STEPS) == [
        ("admitted", 5_500, True),
        ("forwarded", 1_000, False),
        ("received by home", 2_000, True),
        ("answered by home", 4_000, False),
        ("answer at hub", 2_000, True),
        ("ended", 5_500, True),
    ]


def test_what_waited_at_the_asking_node_is_not_put_in_the_middle_of_the_wait() -> None:
    """HQ was away for fifty seconds, and then everything went quickly; the clocks agree."""
    steps = [
        trace_step("31", "submitted", 0, None),
        trace_step("00", "admitted", 50 * SECOND_US, None),
        trace_step("00", "answer at hub", 50 * SECOND_US + 9_000, None),
        trace_step("31", "ended", 50 * SECOND_US + 12_000, None),
    ]
    assert taken(steps) == [
        ("admitted", 50 * SECOND_US, True),
        ("answer at hub", 9_000, False),
        ("ended", 3_000, True),
    ]


def test_a_leg_that_the_hub_ended_itself_was_not_admitted_half_way_to_its_end() -> None:
    steps = [
        trace_step("31", "submitted", 0, None),
        trace_step("00", "admitted", 3_000, None),
        trace_step("31", "cancel asked", 60 * SECOND_US, None),
        trace_step("31", "ended", 62 * SECOND_US, None),
    ]
    assert taken(steps)[0] == ("admitted", 3_000, True)
    assert taken(steps)[2] == ("ended", 2 * SECOND_US, False)


def test_no_time_is_given_where_nothing_came_back_and_the_clocks_do_not_agree() -> None:
    steps = STEPS[:4]
    assert taken(steps) == [
        ("admitted", None, False),
        ("forwarded", 1_000, False),
        ("received by home", None, False),
    ]


def test_rows_stand_in_the_order_of_time_however_they_are_told() -> None:
    steps = [
        trace_step("31", "submitted", 0, None),
        trace_step("00", "admitted", 2_000, None),
        trace_step("00", "forwarded", 3_000, None),
        trace_step("31", "home is working", 20_000, None),
        trace_step("31", "cancel asked", 9_000, None),
        trace_step("00", "answer at hub", 30_000, None),
        trace_step("31", "ended", 32_000, None),
    ]
    order = [name for name, _, _ in taken(steps)]
    assert order == ["admitted", "forwarded", "cancel asked", "home is working", "answer at hub", "ended"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([name for pair in WORDS for name in pair]),
            st.sampled_from(("31", "00", "44")),
            st.integers(-(10**12), 10**12),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_whatever_the_clocks_say_time_goes_forward(steps: list[tuple[str, str, int]]) -> None:
    passed = in_order_of_time([{"step": name, "clock": clock, "at_us": at_us} for name, clock, at_us in steps])
    assert sorted(step.number for step in passed) == list(range(len(steps)))
    assert all(step.begin_us <= step.end_us for step in passed)
    assert all(before.end_us == after.begin_us for before, after in pairwise(passed))
    assert all(step.took_us in (None, step.end_us - step.begin_us) for step in passed)


@pytest.mark.parametrize(
    ("begin", "end", "drawn"),
    [(0, 100, "████████"), (50, 100, "    ████"), (0, 0, ""), (0, 1, "▏"), (99, 100, "       ▏")],
)
def test_a_bar_begins_where_the_step_before_ended(begin: int, end: int, drawn: str) -> None:
    assert bar(begin, end, 100, 8) == drawn


@given(st.integers(0, 1_000), st.integers(0, 1_000), st.integers(1, 40))
def test_no_bar_is_longer_than_its_column(begin: int, end: int, columns: int) -> None:
    assert len(bar(min(begin, end), max(begin, end), 1_000, columns)) <= columns


def test_a_bar_without_unicode_is_made_of_ascii() -> None:
    assert bar(50, 100, 100, 8, plain=True) == "    ####"


def test_the_trace_is_shown_leg_by_leg(province: CommandLine) -> None:
    result = province("requests", "trace", REQUEST)
    assert result.code == 0
    assert "Leg 44 Guangdong: 20.0 ms" in result.out
    assert "~5.5 ms" in result.out
    assert "~ estimated between two nodes' clocks" in result.err


def test_the_trace_speaks_chinese(hq: CommandLine) -> None:
    result = hq("requests", "trace", REQUEST, "--lang", "zh")
    assert "分支 44 广东" in result.out
    assert "归属省应答" in result.out
    assert "已完成" in result.out
    assert "营业日 2026-11-23" in result.out
    assert "position" not in result.out


def test_an_open_leg_says_what_it_waits_for_and_since_when(
    province: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = [trace_step("31", "submitted", 0, None), trace_step("00", "admitted", 3_000, None)]
    monkeypatch.setitem(TRACE, "steps", steps)
    result = province("requests", "trace", REQUEST)
    assert "Leg 44 Guangdong: open for 50.0 s" in result.out
    assert "at HQ, or on its way" in result.out
    monkeypatch.setitem(TRACE, "steps", [step | {"clock": "00", "node": "00"} for step in steps[1:]])
    assert "在总部等待该省" in province("requests", "trace", REQUEST, "--lang", "zh").out


def test_json_holds_what_was_measured_alone(province: CommandLine) -> None:
    assert json.loads(province("requests", "trace", REQUEST, "--json").out) == TRACE

"""requests trace: times of several clocks put on one, and the bars."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.cli.trace import Passed, bar, time_passed
from tests.support.fake_admin import REQUEST, TRACE, CommandLine


def test_steps_between_two_clocks_are_put_in_the_middle_and_marked() -> None:
    assert time_passed(TRACE["steps"]) == [  # type: ignore[arg-type]
        Passed(0, 0, False),
        Passed(0, 5_500, True),
        Passed(5_500, 6_500, False),
        Passed(6_500, 8_500, True),
        Passed(8_500, 12_500, False),
        Passed(12_500, 14_500, True),
        Passed(14_500, 20_000, True),
    ]


def test_steps_that_have_nothing_behind_them_yet_begin_at_once() -> None:
    steps = TRACE["steps"][:4]  # type: ignore[index]
    assert [step.end_us for step in time_passed(steps)] == [0, 0, 1_000, 1_000]


def test_a_clock_that_says_more_than_was_possible_takes_no_time_back() -> None:
    steps = [{"at_us": 0, "clock": "31"}, {"at_us": 10, "clock": "00"}, {"at_us": 99, "clock": "00"}]
    passed = time_passed([*steps, {"at_us": 50, "clock": "31"}])
    assert [step.end_us - step.begin_us for step in passed] == [0, 0, 89, 0]


@given(st.lists(st.tuples(st.sampled_from(("31", "00", "44")), st.integers(-(10**12), 10**12)), max_size=12))
def test_whatever_the_clocks_say_time_goes_forward(steps: list[tuple[str, int]]) -> None:
    passed = time_passed([{"clock": clock, "at_us": at_us} for clock, at_us in steps])
    assert all(step.begin_us <= step.end_us for step in passed)
    assert all(before.end_us == after.begin_us for before, after in pairwise(passed))


@pytest.mark.parametrize(
    ("begin", "end", "drawn"),
    [(0, 100, "████████"), (50, 100, "    ████"), (0, 0, ""), (0, 1, "▏"), (99, 100, "       ▏")],
)
def test_a_bar_begins_where_the_step_before_ended(begin: int, end: int, drawn: str) -> None:
    assert bar(begin, end, 100, 8) == drawn


def test_a_bar_without_unicode_is_made_of_ascii() -> None:
    assert bar(50, 100, 100, 8, plain=True) == "    ####"


def test_the_trace_is_shown_leg_by_leg(province: CommandLine) -> None:
    result = province("requests", "trace", REQUEST)
    assert result.code == 0
    assert "Leg 44 Guangdong: 20.0 ms" in result.out
    assert "~5.5 ms" in result.out
    assert "~ between two nodes' clocks" in result.err


def test_the_trace_speaks_chinese(hq: CommandLine) -> None:
    result = hq("requests", "trace", REQUEST, "--lang", "zh")
    assert "分支 44 广东" in result.out
    assert "归属省应答" in result.out
    assert "已完成" in result.out


def test_json_holds_what_was_measured_alone(province: CommandLine) -> None:
    assert json.loads(province("requests", "trace", REQUEST, "--json").out) == TRACE

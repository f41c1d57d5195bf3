"""The life of an alarm: every row is taken by the model, and whatever no row names changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from common.alarms.alarm_states import ALARM, NOTED, STATES, TOLD
from common.alarms.model import Alarm, MalformedAlarmName, format_alarm, parse_alarm
from common.state_table import UnnamedTransition

NOW_US = 1_800_000_000_000_000

Take = Callable[[Alarm], tuple[str, ...]]


def rise(severity: str) -> Take:
    return lambda alarm: alarm.rise(severity, "again", lasting=alarm.lasting, now_us=NOW_US)


TAKES: dict[tuple[str, str], Take] = {
    ("raise", "graver"): rise("critical"),
    ("raise", "not graver"): rise("info"),
    ("acknowledge", ""): lambda alarm: alarm.acknowledge("Li Na", "called", NOW_US),
    ("end", ""): lambda alarm: alarm.end(NOW_US),
    ("quiet", ""): lambda alarm: alarm.fall_quiet(NOW_US),
}

# State, event, whether graver, whether a condition -> state, what is told.
EXPECTED: dict[tuple[str, str, str, bool], tuple[str, tuple[str, ...]]] = {
    **{
        (state, "raise", graver, lasting): ("raised", (TOLD,))
        for state in ("none", "cleared")
        for graver in ("graver", "not graver")
        for lasting in (True, False)
    },
    **{("raised", "raise", "graver", lasting): ("raised", (TOLD,)) for lasting in (True, False)},
    **{("raised", "raise", "not graver", lasting): ("raised", ()) for lasting in (True, False)},
    **{("acknowledged", "raise", "graver", lasting): ("raised", (TOLD,)) for lasting in (True, False)},
    **{("acknowledged", "raise", "not graver", lasting): ("acknowledged", ()) for lasting in (True, False)},
    **{
        (state, "acknowledge", "", lasting): ("acknowledged", (NOTED,))
        for state in ("raised", "acknowledged")
        for lasting in (True, False)
    },
    **{(state, "end", "", True): ("cleared", (TOLD,)) for state in ("raised", "acknowledged")},
    ("acknowledged", "quiet", "", False): ("cleared", (TOLD,)),
}


@pytest.mark.parametrize("lasting", [True, False], ids=["condition", "occurrence"])
@pytest.mark.parametrize(("event", "how"), TAKES, ids=lambda part: part)
@pytest.mark.parametrize("state", STATES)
def test_each_event_in_each_state_does_what_its_row_says_or_changes_nothing(
    state: str, event: str, how: str, lasting: bool
) -> None:
    alarm = Alarm("LINK_AWAY", "31", state=state, lasting=lasting, times=3, first_at_us=1, last_at_us=2)
    before = replace(alarm)
    expected = EXPECTED.get((state, event, how, lasting))
    if expected is None:
        with pytest.raises(UnnamedTransition):
            TAKES[event, how](alarm)
        assert alarm == before
    else:
        assert TAKES[event, how](alarm) == expected[1]
        assert alarm.state == expected[0]


def test_every_row_of_the_table_is_among_the_cases() -> None:
    rows = {(state, row.event) for row in ALARM.rows for state in row.states}
    assert rows == {(state, event) for state, event, _, _ in EXPECTED}
    assert {row.guard_name for row in ALARM.rows} == {"", "graver", "not graver", "condition", "occurrence"}


@pytest.mark.parametrize("event", ["raise", "acknowledge", "end", "quiet", "an unknown event"])
@pytest.mark.parametrize("by", ["node", "operator", "a stranger"])
@pytest.mark.parametrize("state", STATES)
def test_nobody_but_the_named_party_moves_it(state: str, event: str, by: str) -> None:
    named = {(each, row.event, row.by) for row in ALARM.rows for each in row.states}
    if (state, event, by) not in named:
        with pytest.raises(UnnamedTransition):
            ALARM.row_for(state, event, by, Alarm("K", "S", state=state), "critical")


def test_a_new_episode_begins_anew_when_a_cleared_alarm_is_raised() -> None:
    alarm = Alarm("K", "S", lasting=True)
    alarm.rise("critical", "one", lasting=True, now_us=1)
    alarm.acknowledge("Li Na", "called", 2)
    alarm.end(3)
    alarm.rise("warning", "two", lasting=True, now_us=4)
    assert alarm == Alarm("K", "S", "two", 1, 4, 4, "raised", "warning", True, 0, "", "", 0)


def test_an_acknowledged_alarm_that_becomes_graver_wants_to_be_seen_again() -> None:
    alarm = Alarm("K", "S")
    alarm.rise("warning", "one", lasting=False, now_us=1)
    alarm.acknowledge("Li Na", "", 2)
    assert alarm.rise("warning", "two", lasting=False, now_us=3) == ()
    assert alarm.rise("critical", "three", lasting=False, now_us=4) == (TOLD,)
    assert (alarm.state, alarm.severity, alarm.times) == ("raised", "critical", 3)


def test_a_name_reads_back() -> None:
    assert parse_alarm(format_alarm("BAD_ROOT", "31>00 5/2")) == ("BAD_ROOT", "31>00 5/2")


@pytest.mark.parametrize("text", ["", "LINK_AWAY", ":31", "LINK_AWAY:"])
def test_what_names_no_alarm_is_refused(text: str) -> None:
    with pytest.raises(MalformedAlarmName):
        parse_alarm(text)


def test_the_model_takes_facts_of_any_shape() -> None:
    facts: Any = "info"
    assert ALARM.row_for("none", "raise", "node", Alarm("K", "S"), facts).new_state == "raised"

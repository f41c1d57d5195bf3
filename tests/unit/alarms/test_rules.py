"""Rules: when a condition holds, and for how long it must."""

from __future__ import annotations

import pytest

from common.alarms.commands import Reading
from common.alarms.kinds import KINDS
from common.alarms.rules import RULES, AlarmWatch
from common.settings import AlarmSettings, RuleSettings

SECOND_US = 1_000_000
AWAY = ("LINK_AWAY", "31")


def watch(**rules: RuleSettings) -> AlarmWatch:
    return AlarmWatch(AlarmSettings(**rules))  # type: ignore[arg-type]


def test_every_rule_has_settings_and_words_and_every_setting_a_rule() -> None:
    named = {name for name, field in AlarmSettings.model_fields.items() if field.annotation is RuleSettings}
    assert {rule.setting for rule in RULES} == named
    assert {rule.kind for rule in RULES} <= set(KINDS)


def test_every_kind_says_what_it_means_and_what_to_do_in_both_languages() -> None:
    for kind in KINDS.values():
        assert all((kind.meaning("en"), kind.meaning("zh"), kind.remedy("en"), kind.remedy("zh")))
        assert kind.meaning("en").isascii()
        assert not kind.meaning("zh").isascii()


@pytest.mark.parametrize(("value", "holds"), [(59, False), (60, False), (61, True)])
def test_it_holds_beyond_the_threshold_alone(value: float, holds: bool) -> None:
    found = watch(link_away=RuleSettings(value=60)).holding([Reading(*AWAY, value)], set(), 0)
    assert bool(found) == holds


@pytest.mark.parametrize(("value", "holds"), [(6.9, True), (7, False)])
def test_a_rule_on_what_is_left_holds_below_its_threshold(value: float, holds: bool) -> None:
    readings = [Reading("DIRECTORY_ENDING", "version 3", value)]
    assert bool(watch(directory_ending=RuleSettings(value=7)).holding(readings, set(), 0)) == holds


def test_it_is_raised_only_when_it_has_held_long_enough_without_a_break() -> None:
    watching, readings = watch(parked=RuleSettings(for_ms=10_000)), [Reading("PARKED", "inbox", 1)]
    assert not watching.holding(readings, set(), 0)
    assert not watching.holding(readings, set(), 9 * SECOND_US)
    assert not watching.holding([], set(), 10 * SECOND_US)
    assert not watching.holding(readings, set(), 11 * SECOND_US)
    assert not watching.holding(readings, set(), 20 * SECOND_US)
    assert watching.holding(readings, set(), 21 * SECOND_US)


def test_what_stands_already_need_not_hold_for_a_while_first() -> None:
    """After a restart an alarm must not clear and be raised again a minute later."""
    readings = [Reading("PARKED", "inbox", 1)]
    assert watch(parked=RuleSettings(for_ms=10_000)).holding(readings, {("PARKED", "inbox")}, 0)


def test_a_link_that_was_away_before_a_restart_is_still_away_after_it() -> None:
    watching = watch(link_away=RuleSettings(value=60))
    assert watching.holding([Reading(*AWAY, 1)], {AWAY}, 0)
    assert not watching.holding([], {AWAY}, SECOND_US)


def test_a_rule_that_is_off_never_holds() -> None:
    assert not watch(parked=RuleSettings(on=False)).holding([Reading("PARKED", "inbox", 9)], {("PARKED", "inbox")}, 0)


def test_severity_and_words_come_along() -> None:
    held = watch(link_away=RuleSettings(value=60, severity="info")).holding(
        [Reading(*AWAY, 61, "ACK_TIMEOUT")], set(), 0
    )
    assert held[AWAY].severity == "info"
    assert held[AWAY].detail == "61 s, above 60; ACK_TIMEOUT"

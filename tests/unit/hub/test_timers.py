"""What time does at the hub, and when it does not."""

from typing import Any

from common.alarms.commands import RaiseAlarm
from common.clock import business_date
from common.program.clock_guard import ClockGuard
from hq_node.hub.commands import PassTimeLimits, RollBusinessDate
from hq_node.hub.timers import HubTimers

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
# 15:59:50 UTC is ten seconds before midnight in Beijing.
EVENING_US = 1_795_363_190 * SECOND_US


class HandClock:
    """Both clocks, moved by hand."""

    def __init__(self) -> None:
        self.wall_us = EVENING_US
        self.monotonic = 0

    def now_us(self) -> int:
        return self.wall_us

    def monotonic_us(self) -> int:
        return self.monotonic

    def pass_time(self, microseconds: int) -> None:
        self.wall_us += microseconds
        self.monotonic += microseconds


def timers_of(clock: HandClock, grace_us: int = 60 * SECOND_US) -> HubTimers:
    return HubTimers(clock, ClockGuard(clock, 2 * SECOND_US, HOUR_US), grace_us)


def of_type(commands: list[Any], command: type) -> list[Any]:
    return [each for each in commands if isinstance(each, command)]


def test_nothing_expires_before_links_had_time_to_resume() -> None:
    clock = HandClock()
    timers = timers_of(clock)
    clock.pass_time(59 * SECOND_US)
    assert not of_type(timers.due(), PassTimeLimits)
    clock.pass_time(SECOND_US)
    assert of_type(timers.due(), PassTimeLimits)


def test_the_business_day_begins_at_midnight_in_beijing() -> None:
    clock = HandClock()
    timers = timers_of(clock)
    assert of_type(timers.due(), RollBusinessDate) == [RollBusinessDate("2026-11-22")]
    clock.pass_time(9 * SECOND_US)
    assert not of_type(timers.due(), RollBusinessDate)
    clock.pass_time(SECOND_US)
    assert of_type(timers.due(), RollBusinessDate) == [RollBusinessDate("2026-11-23")]
    assert business_date(clock.now_us()) == "2026-11-23"


def test_a_day_that_could_not_be_opened_is_asked_for_again() -> None:
    clock = HandClock()
    timers = timers_of(clock)
    timers.due()
    clock.pass_time(61 * SECOND_US)
    assert of_type(timers.due(), RollBusinessDate)


def test_neither_expires_nor_rolls_anything_while_the_clocks_disagree() -> None:
    clock = HandClock()
    timers = timers_of(clock, grace_us=0)
    timers.due()
    clock.wall_us += 30 * HOUR_US
    (alarm,) = timers.due()
    assert isinstance(alarm, RaiseAlarm)
    assert alarm.kind == "CLOCK_JUMPED"
    clock.pass_time(SECOND_US)
    assert timers.due() == []
    clock.wall_us -= 30 * HOUR_US
    assert of_type(timers.due(), PassTimeLimits)

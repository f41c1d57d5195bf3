"""Nothing expires because somebody set the clock."""

from common.program.clock_guard import ClockGuard

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US


class TwoClocks:
    """A wall clock and a monotonic one that can be moved apart."""

    def __init__(self) -> None:
        self.wall_us = 1_800_000_000 * SECOND_US
        self.monotonic = 5 * SECOND_US

    def now_us(self) -> int:
        return self.wall_us

    def monotonic_us(self) -> int:
        return self.monotonic

    def pass_time(self, microseconds: int, wall_us: int | None = None) -> None:
        self.monotonic += microseconds
        self.wall_us += microseconds if wall_us is None else wall_us


def guard_of(clock: TwoClocks) -> ClockGuard:
    return ClockGuard(clock, jump_us=2 * SECOND_US, hold_us=600 * SECOND_US)


def test_clocks_that_go_together_are_trusted() -> None:
    clock = TwoClocks()
    guard = guard_of(clock)
    for _ in range(100):
        clock.pass_time(250_000)
        assert guard.trusted()
    assert guard.jumps == 0


def test_a_jump_is_not_trusted_in_either_direction() -> None:
    for jump in (HOUR_US, -HOUR_US):
        clock = TwoClocks()
        guard = guard_of(clock)
        clock.pass_time(250_000, 250_000 + jump)
        assert not guard.trusted()
        assert guard.jump_us == jump
        clock.pass_time(250_000)
        assert not guard.trusted()
        assert guard.jumps == 1


def test_the_clock_is_trusted_again_when_it_is_back() -> None:
    clock = TwoClocks()
    guard = guard_of(clock)
    clock.pass_time(250_000, 250_000 + HOUR_US)
    assert not guard.trusted()
    clock.pass_time(250_000, 250_000 - HOUR_US)
    assert guard.trusted()
    assert guard.jump_us == 0


def test_the_new_time_is_taken_for_right_when_it_has_stood_long_enough() -> None:
    clock = TwoClocks()
    guard = guard_of(clock)
    clock.pass_time(250_000, HOUR_US)
    assert not guard.trusted()
    clock.pass_time(599 * SECOND_US)
    assert not guard.trusted()
    clock.pass_time(SECOND_US)
    assert guard.trusted()
    clock.pass_time(SECOND_US)
    assert guard.trusted()


def test_a_clock_that_jumps_again_is_held_anew() -> None:
    clock = TwoClocks()
    guard = guard_of(clock)
    clock.pass_time(250_000, HOUR_US)
    assert not guard.trusted()
    clock.pass_time(590 * SECOND_US)
    clock.pass_time(SECOND_US, HOUR_US)
    assert not guard.trusted()
    clock.pass_time(20 * SECOND_US)
    assert not guard.trusted()


def test_a_clock_that_is_slewed_into_step_is_followed() -> None:
    clock = TwoClocks()
    guard = guard_of(clock)
    for _ in range(1_000):
        clock.pass_time(SECOND_US, SECOND_US + 20_000)
        assert guard.trusted()

"""How long a province waits before it dials again."""

from __future__ import annotations

import random

from common.link.backoff import Backoff


def test_delays_double_up_to_the_most() -> None:
    backoff = Backoff(1.0, 8.0, 30.0, chance=lambda: 0.0)
    assert [backoff.after(0.0) for _ in range(6)] == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]


def test_chance_shortens_a_delay_by_up_to_a_half() -> None:
    chance = random.Random(1).random
    backoff = Backoff(1.0, 1.0, 30.0, chance)
    delays = [backoff.after(0.0) for _ in range(200)]
    assert all(0.5 < delay <= 1.0 for delay in delays)
    assert max(delays) - min(delays) > 0.4


def test_a_link_that_stayed_open_begins_again() -> None:
    backoff = Backoff(1.0, 60.0, 30.0, chance=lambda: 0.0)
    for _ in range(4):
        backoff.after(0.0)
    assert backoff.after(29.9) == 16.0
    assert backoff.after(30.0) == 1.0
    assert backoff.after(0.0) == 2.0


def test_a_stream_that_ended_in_good_order_is_followed_by_another_at_once() -> None:
    backoff = Backoff(1.0, 60.0, 30.0, chance=lambda: 0.0)
    assert [backoff.after(0.0) for _ in range(3)] == [1.0, 2.0, 4.0]
    assert backoff.after(5.0, in_order=True) == 0.0
    # Nobody was there: from the first delay on.
    assert [backoff.after(0.0, in_order=True), backoff.after(0.0)] == [1.0, 2.0]


def test_a_peer_that_ends_each_stream_at_once_is_not_dialled_without_a_pause() -> None:
    backoff = Backoff(1.0, 60.0, 30.0, chance=lambda: 0.0)
    assert [backoff.after(0.9, in_order=True) for _ in range(3)] == [1.0, 2.0, 4.0]

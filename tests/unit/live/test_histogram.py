"""Lengths of time in ranges: what they add up to, and what percentiles they tell."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.live.histogram import BOUNDS_US, Histogram

durations = st.lists(st.integers(0, 10**12), max_size=60)


def of(*values: int) -> Histogram:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    return histogram


def test_the_ranges_go_up() -> None:
    assert list(BOUNDS_US) == sorted(set(BOUNDS_US))


@given(durations, durations)
def test_merging_is_the_same_as_counting_all_in_one(some: list[int], others: list[int]) -> None:
    merged = of(*some)
    merged.merge(of(*others))
    assert merged == of(*some, *others)
    assert merged.count == len(some) + len(others)


@given(durations)
def test_it_reads_back_as_it_was_stored(values: list[int]) -> None:
    assert Histogram.from_document(of(*values).to_document()) == of(*values)


@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
def test_a_percentile_lies_in_the_range_of_the_true_one(share: float) -> None:
    drawn = random.Random(7)
    values = sorted(round(drawn.lognormvariate(10, 1.5)) for _ in range(5_000))
    true = values[round(share * len(values)) - 1]
    told = of(*values).percentile_us(share)
    place = next(number for number, bound in enumerate(BOUNDS_US) if true <= bound)
    assert told is not None
    assert (BOUNDS_US[place - 1] if place else 0) <= told <= BOUNDS_US[place]


def test_nothing_has_no_percentile() -> None:
    assert Histogram().percentile_us(0.5) is None


def test_what_is_longer_than_all_ranges_is_told_as_the_last_bound() -> None:
    assert of(10**15).percentile_us(0.5) == BOUNDS_US[-1]
    assert of(10**15).described()["ranges_us"] == {"": 1}


def test_a_clock_that_was_set_back_makes_no_negative_time() -> None:
    assert (of(-5).sum_us, of(-5).count) == (0, 1)

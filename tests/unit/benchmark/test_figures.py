"""Stretches become figures: medians, percentiles, and an end that waits for enough requests."""

from tests.benchmark.comparison import Figures, percentile
from tests.benchmark.workload import Measured, Stretch


def test_percentiles_are_values_that_occurred() -> None:
    ordered = list(range(1, 101))
    assert [percentile(ordered, percent) for percent in (50, 99)] == [51, 100]
    assert [percentile(few, 99) for few in ([7], [])] == [7, 0]


def test_summary_takes_the_middle_stretch_and_all_latencies() -> None:
    figures = Figures([Measured(1, 1.0, [1000] * rate, {"00": rate / 1e4, "31": rate / 1e4}) for rate in (10, 40, 20)])
    assert figures.summary() == {
        "requests_per_s": 20.0,
        "p50_ms": 1.0,
        "p99_ms": 1.0,
        "cpu_us_per_request": 200.0,
    }
    details = figures.details()
    assert (details["requests_per_s_min"], details["requests_per_s_max"], details["requests"]) == (10.0, 40.0, 70)
    assert details["cpu_us_by_node"] == {"00": 100.0, "31": 100.0}


def test_stretch_goes_on_until_time_and_requests_suffice() -> None:
    stretch = Stretch(2.0, requests_min=100, seconds_max=30.0)
    assert not stretch.over(1.0, 500)
    assert not stretch.over(3.0, 50)
    assert stretch.over(2.0, 100)
    assert stretch.over(30.0, 0)


def test_stretch_of_so_many_requests_ends_with_them() -> None:
    stretch = Stretch(5.0, requests_max=10)
    assert not stretch.over(6.0, 9)
    assert stretch.over(0.1, 10)

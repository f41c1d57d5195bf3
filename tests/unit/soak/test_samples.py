"""Whether something grows is judged after the beginning, and small comings and goings are no growth."""

from __future__ import annotations

from tests.soak.samples import Sample, course


def samples(rss_mib: list[float], open_files: int = 20) -> list[Sample]:
    return [Sample(rss, open_files, 4, 10, 8) for rss in rss_mib]


def test_what_fills_at_the_beginning_and_then_stays_is_flat() -> None:
    found = course(samples([60.0, 90.0, *[120.0] * 10, *[122.0] * 10]))
    assert found["rss_mib"] == {"early": 120.0, "late": 122.0, "most": 122.0, "flat": True}


def test_memory_that_goes_on_growing_is_not_flat() -> None:
    found = course(samples([100.0 + 3 * number for number in range(30)]))
    assert not found["rss_mib"]["flat"]


def test_one_open_file_more_for_each_reconnect_is_not_flat() -> None:
    grown = [Sample(100.0, 20 + number, 4, 10, 8) for number in range(30)]
    found = course(grown)
    assert not found["open_files"]["flat"]
    assert found["threads"]["flat"]

"""How single facts are written."""

from __future__ import annotations

import pytest

from common.cli import display


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0.0 KiB"), (51_200, "50.0 KiB"), (1_048_576, "1.0 MiB"), (5_400_000_000, "5,149.8 MiB")]
)
def test_a_small_file_is_counted_in_smaller_units(count: int, shown: str) -> None:
    assert display.size(count) == shown

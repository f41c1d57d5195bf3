"""How long to wait."""

from __future__ import annotations

from common.outbound.spacing import spacing_us


def test_waiting_doubles_up_to_an_hour() -> None:
    assert [spacing_us(tries) // 1_000_000 for tries in (1, 2, 3, 12, 13, 1_000_000)] == [1, 2, 4, 2048, 3600, 3600]

"""Which part of the history an answer covers."""

import pytest

from common.live.spans import POINTS_MAX, HistorySpanTooLong, HistoryWidthUnknown, Span
from common.settings import LiveSettings

WIDTHS = LiveSettings().widths
NOW_S = 1_800_000_007


def span(span_s: int, until_s: int = 0, width_s: int = 0) -> Span:
    return Span.of(WIDTHS, NOW_S * 1_000_000, span_s, until_s * 1_000_000, width_s)


def test_the_last_hour_is_told_in_narrow_buckets_and_a_day_in_wide_ones() -> None:
    assert span(3_600) == (10, NOW_S - 7 - 3_600, NOW_S)
    assert span(86_400).width_s == 300


def test_wider_buckets_are_taken_where_narrow_ones_would_be_too_many() -> None:
    assert Span.of(((1, 3_600), (300, 604_800)), NOW_S * 1_000_000, 3_600, 0, 0).width_s == 300


def test_an_hour_that_is_long_past_is_told_in_wide_buckets() -> None:
    assert span(3_600, until_s=NOW_S - 7_200).width_s == 300


def test_every_span_that_is_kept_can_be_asked_for_whole() -> None:
    for width_s, keep_s in WIDTHS:
        assert keep_s // width_s <= POINTS_MAX


def test_a_width_that_is_not_kept_is_refused_by_name() -> None:
    with pytest.raises(HistoryWidthUnknown, match="10, 300"):
        span(60, width_s=60)


def test_more_points_than_are_told_at_once_are_refused() -> None:
    with pytest.raises(HistorySpanTooLong):
        span(86_400, width_s=10)

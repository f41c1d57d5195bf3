"""Which part of the history is asked for, and in which buckets it is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from common.errors import Refusal

POINTS_MAX = 2_100
"""A week in wide buckets, with some to spare."""


class HistoryWidthUnknown(Refusal):
    """The history is not kept in buckets of that width."""

    en = "The history is kept in buckets of {known} seconds, not of {given}. Leave width_s out, or name one of these."
    zh = "历史数据按 {known} 秒分段保存，没有 {given} 秒的分段。请省略 width_s 或改用上述宽度。"


class HistorySpanTooLong(Refusal):
    """More points than are told at once."""

    en = "That is {points} points; at most {most} are told at once. Ask for a shorter span_s, or a larger width_s."
    zh = "所请求的范围有 {points} 个数据点，一次最多返回 {most} 个。请缩短 span_s 或增大 width_s。"


class Span(NamedTuple):
    """Buckets of one width, from `from_s` until before `to_s` (seconds since 1970 UTC)."""

    width_s: int
    from_s: int
    to_s: int

    @classmethod
    def of(cls, widths: Sequence[tuple[int, int]], now_us: int, span_s: int, until_us: int, width_s: int) -> Span:
        """The last `span_s` seconds until `until_us` (0: now), in buckets of `width_s` (0: the narrowest that go back
        so far, in no more points than are told at once). `widths`: those that are kept, and for how long.

        Raises HistoryWidthUnknown, HistorySpanTooLong.
        """
        now_s, to_s = now_us // 1_000_000, (until_us or now_us) // 1_000_000
        known = [width for width, _ in widths]
        if not width_s:
            back_s = now_s - (to_s - span_s)
            reaching = [width for width, keep_s in widths if back_s <= keep_s and span_s // width <= POINTS_MAX]
            width_s = reaching[0] if reaching else known[-1]
        if width_s not in known:
            raise HistoryWidthUnknown(known=", ".join(map(str, known)), given=width_s)
        if span_s // width_s > POINTS_MAX:
            raise HistorySpanTooLong(points=span_s // width_s, most=POINTS_MAX)
        from_s = to_s - span_s
        return cls(width_s, from_s - from_s % width_s, to_s)

"""Table of the history: one row for each span of time and process, so that no message ever writes one.

Two widths are kept: narrow buckets for the last hour, wide ones for the last week. A wide one is the sum of its narrow
ones, and is written along with each of them, so that a restart loses at most the span that had not ended.
"""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork
from common.live.model import Bucket

PRUNED_A_GROUP_MAX = 400

live_buckets = sa.Table(
    "live_buckets",
    METADATA,
    sa.Column("width_s", sa.Integer, primary_key=True),
    sa.Column("begin_s", sa.BigInteger, primary_key=True),
    sa.Column("process", sa.String(64), primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
)


class LiveBucketRow(NamedTuple):
    width_s: int
    begin_s: int
    process: str
    content: bytes


LIVE_BUCKETS = RowSpec(live_buckets, LiveBucketRow, key_width=3)


class History:
    """The buckets of one process within one group."""

    def __init__(self, uow: UnitOfWork, process: str) -> None:
        self._uow = uow
        self._process = process
        self._rows = uow.rows(LIVE_BUCKETS)

    def add(self, width_s: int, at_s: int, bucket: Bucket) -> None:
        """Adds to the bucket of this width that `at_s` falls into."""
        begin_s = at_s - at_s % width_s
        known: LiveBucketRow | None = self._rows.get((width_s, begin_s, self._process))
        if known is not None:
            whole = Bucket.from_bytes(known.content)
            whole.merge(bucket)
            bucket = whole
        self._rows.update(LiveBucketRow(width_s, begin_s, self._process, bucket.to_bytes()))

    def prune(self, width_s: int, before_s: int) -> int:
        """Forgets buckets of one width from before a time, whichever process wrote them. Returns how many."""
        old = (
            sa.select(live_buckets.c.begin_s, live_buckets.c.process)
            .where(live_buckets.c.width_s == width_s, live_buckets.c.begin_s < before_s)
            .limit(PRUNED_A_GROUP_MAX)
        )
        keys = [(width_s, begin_s, process) for begin_s, process in self._uow.query(old)]
        self._rows.prefetch(keys)
        for key in keys:
            self._rows.delete(key)
        return len(keys)

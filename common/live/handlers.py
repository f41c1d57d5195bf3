"""Keeping the history, and forgetting what is old."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from common.live.commands import StoreBucket
from common.live.events import BucketStored
from common.live.model import Bucket
from common.live.repository import History


def storing(settings: Any, process: str = "") -> Callable[[StoreBucket, Any], int]:
    """The handler that keeps buckets as `settings` (the node's `live`) say. `process`: which of the node's processes
    this is; each has rows of its own."""

    def store_bucket(command: StoreBucket, uow: Any) -> int:
        """Adds a bucket to the narrow and to the wide history. Returns the span that was stored."""
        history, bucket = History(uow, process), Bucket.from_bytes(command.content)
        for width_s, keep_s in settings.widths:
            history.add(width_s, command.begin_s, bucket)
            history.prune(width_s, uow.now_us // 1_000_000 - keep_s)
        uow.record(BucketStored(command.begin_s))
        return command.begin_s

    return store_bucket

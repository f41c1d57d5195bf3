"""What the other end of a link is told of this node's journal."""

from __future__ import annotations

import asyncio
from typing import Any

from common.journal.comparison import Question, Ranges
from common.journal.model import ComparisonBusy
from common.journal.queries import range_digests

WAITING_MAX = 16
"""Questions at a time, the one that is being answered among them."""


async def read_ranges(node: Any, question: Question) -> Ranges:
    """Reads the answer beside the writer. Raises ArchiveDamaged, StorageUnavailable."""
    return await node.reads.run(range_digests, node.archive, node.context.node, question)


class RangesDesk:
    """Answers one question after the other, since each reads a stretch of a journal; few may wait."""

    def __init__(self, node: Any) -> None:
        self._node = node
        self._one = asyncio.Lock()
        self._asked = 0

    async def read(self, question: Question) -> Ranges:
        """Raises ComparisonBusy, ArchiveDamaged, StorageUnavailable."""
        if self._asked >= WAITING_MAX:
            raise ComparisonBusy
        self._asked += 1
        try:
            async with self._one:
                return await read_ranges(self._node, question)
        finally:
            self._asked -= 1

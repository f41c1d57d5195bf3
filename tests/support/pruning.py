"""A federation's core with what pruning needs of a node around it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hq_node.web
import province_node.web
from common.access_control.actor import local_actor
from common.access_control.desk import Desk
from common.db.engine import open_reader
from common.ids import HQ
from common.journal.archive import JournalArchive
from common.journal.comparison import AskPeer, nobody_to_ask
from common.journal.pruning import Pruned, prune
from common.journal.settings import RetentionSettings
from common.program.inline_writer import InlineWriter
from common.program.reads import Reads
from common.settings import NodeSettings
from tests.support.federation import DAY_US, Federation

RETENTION = RetentionSettings(slice_batches=2)


@dataclass
class PruningNode:
    """As `common.program.node.Node` is one, without a program."""

    context: Any
    clock: Any
    reads: Reads
    writer: InlineWriter
    archive: JournalArchive
    role: Any
    pruning: asyncio.Lock = field(default_factory=asyncio.Lock)
    leads: Callable[[], bool] = lambda: True
    under_lease: Callable[[Any], Any] = lambda command: command
    ask_peer: AskPeer = nobody_to_ask
    settings: Any = field(default_factory=lambda: NodeSettings(retention=RETENTION))

    @property
    def local_desk(self) -> Desk:
        """Whoever owns the data directory."""
        return Desk(self.writer, local_actor("root"))

    async def prune(
        self, settings: RetentionSettings = RETENTION, slices: int = 1_000, *, under_lease: bool = False
    ) -> Pruned:
        return await prune(self, settings, slices, under_lease=under_lease)


@contextmanager
def pruning_node(federation: Federation, node: str, room: Path) -> Iterator[PruningNode]:
    core = federation.cores[node]
    reads = Reads(open_reader(federation.urls[node], 2), 2)
    role = hq_node.web.ROLE if node == HQ else province_node.web.ROLE
    archive = JournalArchive(room / node / "archive")
    try:
        yield PruningNode(core.context, federation.clock, reads, InlineWriter(core.dispatcher), archive, role)
    finally:
        reads.close()


def let_days_pass(federation: Federation, days: int) -> None:
    federation.clock.at_us += days * DAY_US

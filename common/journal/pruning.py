"""Pruning, slice by slice: archive what is old, make sure that it is on the disk, then have it deleted.

A crash between the two leaves rows that are archived already: the next run knows them by their numbers and goes on with
deleting. Archives are written beside the writer; it only ever deletes, in short transactions behind all other work.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from common.errors import QuanwangError
from common.journal.archive import JournalArchive, Row
from common.journal.commands import PruneInbox, PruneJournal
from common.journal.repository import links_of, old_messages, prunable
from common.journal.settings import DAY_US, RetentionSettings
from common.log import get_logger

log = get_logger()


class PruningNode(Protocol):
    """What pruning needs of a node."""

    @property
    def context(self) -> Any: ...
    @property
    def clock(self) -> Any: ...
    @property
    def reads(self) -> Any: ...
    @property
    def writer(self) -> Any: ...
    @property
    def archive(self) -> JournalArchive: ...
    @property
    def pruning(self) -> asyncio.Lock: ...


@dataclass(slots=True)
class Pruned:
    """What a run did. `more`: there is still something old."""

    archived: int = 0
    batches: int = 0
    messages: int = 0
    more: bool = False

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


async def prune(node: PruningNode, settings: RetentionSettings, slices_max: int) -> Pruned:
    """Prunes up to so many slices. Raises ArchiveDamaged, OSError: then nothing more is deleted."""
    pruned = Pruned()
    async with node.pruning:
        now_us = node.clock.now_us()
        slices = slices_max
        for link in await node.reads.run(links_of, node.context.node):
            while slices and await _prune_slice(node, link, now_us - settings.journal_days * DAY_US, settings, pruned):
                slices -= 1
        before_us = now_us - settings.inbox_days * DAY_US
        sources = [entry.node for entry in node.context.directory.nodes]
        while slices:
            keys = await node.reads.run(old_messages, sources, before_us, settings.slice_messages)
            if not keys:
                break
            pruned.messages += await node.writer.execute(PruneInbox(before_us, keys), bulk=True)
            slices -= 1
        pruned.more = slices == 0
    return pruned


async def _prune_slice(
    node: PruningNode, link: str, before_us: int, settings: RetentionSettings, pruned: Pruned
) -> bool:
    """One slice of one link. Whether there was something."""
    rows = await node.reads.run(
        prunable, node.context.node, link, before_us, settings.slice_batches, settings.slice_bytes
    )
    if not rows:
        return False
    loop = asyncio.get_running_loop()
    through = await loop.run_in_executor(node.reads.executor, _archive, node.archive, link, rows, pruned)
    deleted = await node.writer.execute(PruneJournal(link, min(through, rows[-1].seal_number), before_us), bulk=True)
    pruned.batches += deleted
    return bool(deleted)


def _archive(archive: JournalArchive, link: str, rows: list[Row], pruned: Pruned) -> int:
    before = archive.last_seal(link)
    through = archive.append(link, rows)
    pruned.archived += sum(row.seal_number > before for row in rows)
    return through


async def prune_by_schedule(node: PruningNode, settings: RetentionSettings) -> None:
    """Prunes now and then, for as long as the node serves."""
    while True:
        await asyncio.sleep(settings.prune_every_ms / 1000)
        try:
            pruned = await prune(node, settings, settings.slices_a_run_max)
        except (QuanwangError, OSError, sa.exc.SQLAlchemyError) as error:
            # Nothing is deleted that is not archived; the next run tries again.
            log.error("pruning failed", error=str(error))
            continue
        if pruned.batches or pruned.messages:
            log.info("pruned", **pruned.to_dict())

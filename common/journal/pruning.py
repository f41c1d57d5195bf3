"""Pruning, slice by slice: archive what is old, make sure that it is on the disk, then have it deleted.

A crash between the two leaves rows that are archived already: the next run knows them by their numbers and goes on with
deleting. Archives are written beside the writer; it only ever deletes, in short transactions behind all other work.

Of several processes on one database the holder of the lease prunes by schedule. What it deletes, it deletes under the
lease; what it archives, under the lock of the archive, from reading the rows on: so neither a former holder, nor an
operator at another process, nor erasing comes in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from common.alarms.commands import RaiseAlarm
from common.errors import QuanwangError, TemporaryFault
from common.ids import HQ
from common.journal.archive import JournalArchive, Row
from common.journal.commands import PruneInbox, PruneJournal
from common.journal.repository import links_of, old_messages, prunable
from common.journal.settings import DAY_US, RetentionSettings
from common.leases.model import LeaseHeldElsewhere
from common.log import get_logger

log = get_logger()

ARCHIVING_FAILED = "ARCHIVING_FAILED"

Delete = Callable[[Any], Any]
"""Runs a deleting command; what it gives can be awaited."""


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
    @property
    def leads(self) -> Callable[[], bool]: ...
    @property
    def under_lease(self) -> Callable[[Any], Any]: ...


@dataclass(slots=True)
class Pruned:
    """What a run did. `more`: there is still something old."""

    archived: int = 0
    batches: int = 0
    messages: int = 0
    more: bool = False

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


async def prune(
    node: PruningNode, settings: RetentionSettings, slices_max: int, *, under_lease: bool = False
) -> Pruned:
    """Prunes up to so many slices. `under_lease`: only while this process holds the node's lease.

    Raises ArchiveDamaged, ArchiveDisagrees, ArchiveElsewhere, FileBusy, LeaseHeldElsewhere, OSError: then nothing more
    is deleted.
    """
    pruned = Pruned()

    async def delete(command: Any) -> int:
        deleted = await node.writer.execute(node.under_lease(command) if under_lease else command, bulk=True)
        if deleted is None:
            raise LeaseHeldElsewhere(name="timers")
        return int(deleted)

    async with node.pruning:
        now_us = node.clock.now_us()
        slices = slices_max
        for link in await node.reads.run(links_of, node.context.node):
            before_us = now_us - settings.journal_days * DAY_US
            while slices and await _prune_slice(node, link, before_us, settings, pruned, delete):
                slices -= 1
        before_us = now_us - settings.inbox_days * DAY_US
        sources = [entry.node for entry in node.context.directory.nodes]
        while slices:
            keys = await node.reads.run(old_messages, sources, before_us, settings.slice_messages)
            if not keys:
                break
            pruned.messages += await delete(PruneInbox(before_us, keys))
            slices -= 1
        pruned.more = slices == 0
    return pruned


async def _prune_slice(
    node: PruningNode, link: str, before_us: int, settings: RetentionSettings, pruned: Pruned, delete: Delete
) -> bool:
    """One slice of one link. Whether there was something."""
    loop = asyncio.get_running_loop()
    through = await loop.run_in_executor(
        node.reads.executor, _read_and_archive, node, link, before_us, settings, pruned
    )
    if not through:
        return False
    deleted = await delete(PruneJournal(link, through, before_us))
    pruned.batches += deleted
    return bool(deleted)


def _read_and_archive(node: PruningNode, link: str, before_us: int, settings: RetentionSettings, pruned: Pruned) -> int:
    """The last batch of the slice, which is on the disk now; 0: there was nothing old. In a thread of its own."""
    archive = node.archive
    archive.make()
    # From the reading on: what is erased meanwhile must not come back out of rows that were read before.
    with archive.alone:
        rows = node.reads.now(
            prunable, node.context.node, link, before_us, settings.slice_batches, settings.slice_bytes
        )
        return _archive(archive, link, rows, pruned, node.context.node == HQ) if rows else 0


def _archive(archive: JournalArchive, link: str, rows: list[Row], pruned: Pruned, whole: bool) -> int:
    """`whole`: the node's journals begin with their first batch, so its archive does too. HQ is never enrolled anew."""
    before = archive.last_seal(link)
    through = archive.append(link, rows, whole)
    pruned.archived += sum(row.seal_number > before for row in rows)
    return min(through, rows[-1].seal_number)


async def prune_by_schedule(node: PruningNode, settings: RetentionSettings) -> None:
    """Prunes now and then, for as long as the node serves, whenever this process is the one that does."""
    while True:
        await asyncio.sleep(settings.prune_every_ms / 1000)
        if not node.leads():
            continue
        try:
            pruned = await prune(node, settings, settings.slices_a_run_max, under_lease=True)
        except TemporaryFault as error:
            log.warning("pruning put off", code=error.code, detail=str(error))
            continue
        except (QuanwangError, OSError, sa.exc.SQLAlchemyError) as error:
            # Nothing is deleted that is not archived; the next run tries again.
            await _say_failed(node, error)
            continue
        if pruned.batches or pruned.messages:
            log.info("pruned", **pruned.to_dict())


async def _say_failed(node: PruningNode, error: Exception) -> None:
    """An operator must see it; where not even that can be stored, the log has it."""
    code = error.code if isinstance(error, QuanwangError) else type(error).__name__
    log.error("pruning failed", code=code, detail=str(error))
    try:
        await node.writer.execute(RaiseAlarm(ARCHIVING_FAILED, node.context.node, f"{code}: {error}"[:512]))
    except (QuanwangError, OSError, sa.exc.SQLAlchemyError) as failed:
        log.error("alarm not stored", kind=ARCHIVING_FAILED, detail=str(failed))

"""Erasing a request's personal data from everywhere that a node stores it: the database, then the archives."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa

from common.evidence.queries import FindLegs
from common.evidence.windows import Window, find_windows
from common.gen.quanwang.federation.v1 import seal_pb2
from common.ids import format_id
from common.journal.archive import JournalArchive, MonthFile, Row
from common.journal.commands import ErasePrivateBodies
from common.journal.private_bodies import without_private_bodies
from common.journal.reader import LiveJournal, WholeJournal
from common.node_context import NodeContext
from common.requests.model import RequestNotFound

FILES_MAX = 10_000
"""Archives in one step, where nobody asks for fewer."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What one step did: places in the database and in archives that held any; how many archives there are to look
    through, and how many are; behind which to go on (None: nothing is left)."""

    stored: int
    archived: int
    files: int
    files_done: int
    next: str | None

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


async def erase(node: Any, request_id: bytes, after: str = "", files_max: int = FILES_MAX) -> Erased:
    """Erases, in the archives from the one behind `after` on, up to so many; safe to repeat.

    Raises RequestNotFound, RequestStillOpen, BatchNotDelivered; ArchiveDamaged, FileBusy, OSError.
    """
    async with node.pruning:
        look = partial(
            node.reads.run, _places, node.role.leg_times, node.context, node.archive, request_id, node.clock.now_us()
        )
        windows, batches = await node.local_desk.attempt(ErasePrivateBodies(request_id, ()), look)
        # The database comes first, and again with each step: what it holds may have been archived meanwhile.
        stored: int = await node.local_desk.execute(ErasePrivateBodies(request_id, batches))
        loop = asyncio.get_running_loop()
        step = partial(_from_archives, node.archive, windows, request_id, after, files_max)
        archived, files, files_done, behind = await loop.run_in_executor(node.reads.executor, step)
    return Erased(stored, archived, files, files_done, behind)


def _places(
    connection: sa.Connection,
    find_legs: FindLegs,
    context: NodeContext,
    archive: JournalArchive,
    request_id: bytes,
    now_us: int,
) -> tuple[list[Window], tuple[tuple[str, int], ...]]:
    """When something was said about a request, and the batches in the database that hold private bodies of it."""
    legs = find_legs(connection, context, request_id, now_us)
    if not legs:
        raise RequestNotFound(request_id=format_id(request_id))
    windows = find_windows(WholeJournal(connection, archive), request_id, legs)
    journal = LiveJournal(connection)
    places = []
    for window in windows:
        for batch in journal.between(window):
            if without_private_bodies(batch, request_id) != batch:
                seal = seal_pb2.Seal.FromString(seal_pb2.SealedBatch.FromString(batch).seal.seal)
                places.append((seal.link, seal.seal_number))
    return windows, tuple(places)


def _from_archives(
    archive: JournalArchive, windows: list[Window], request_id: bytes, after: str, files_max: int
) -> tuple[int, int, int, str | None]:
    def change(row: Row) -> bytes:
        return without_private_bodies(row.batch, request_id)

    archive.make()
    # With the lock: what another process has read before the database was erased is archived by then, and found here.
    with archive.alone:
        files = _files(archive, windows)
        names = sorted(name for name in files if name > after)
        now = names[:files_max]
        erased = sum(files[name].rewrite(change) for name in now)
    left = len(names) - len(now)
    return erased, len(files), len(files) - left, now[-1] if left else None


def _files(archive: JournalArchive, windows: list[Window]) -> dict[str, MonthFile]:
    """The archives in which something may be said about the request, by month and link."""
    return {
        f"{file.path.parent.name}/{file.path.stem}": file
        for window in windows
        for file in archive.files(window.link)
        if any(window.from_us <= place.stored_at_us <= window.to_us for place in file.places())
    }

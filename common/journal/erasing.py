"""Erasing a request's personal data from everywhere that a node stores it: the database, then the archives."""

from __future__ import annotations

import asyncio
from typing import Any

import sqlalchemy as sa

from common.evidence.queries import FindLegs
from common.evidence.windows import Window, merged
from common.gen.quanwang.federation.v1 import seal_pb2
from common.ids import format_id
from common.journal.archive import JournalArchive, Row
from common.journal.commands import ErasePrivateBodies
from common.journal.private_bodies import without_private_bodies
from common.journal.reader import LiveJournal
from common.node_context import NodeContext
from common.requests.model import RequestNotFound


async def erase(node: Any, request_id: bytes) -> dict[str, int]:
    """Erases; safe to repeat. How many places in the database and in archives held any.

    Raises RequestNotFound, RequestStillOpen, BatchNotDelivered; ArchiveDamaged, OSError.
    """
    async with node.pruning:
        windows, batches = await node.reads.run(
            _places, node.role.leg_times, node.context, request_id, node.clock.now_us()
        )
        stored: int = await node.writer.execute(ErasePrivateBodies(request_id, batches))
        loop = asyncio.get_running_loop()
        archived = await loop.run_in_executor(node.reads.executor, _from_archives, node.archive, windows, request_id)
    return {"stored": stored, "archived": archived}


def _places(
    connection: sa.Connection, find_legs: FindLegs, context: NodeContext, request_id: bytes, now_us: int
) -> tuple[list[Window], tuple[tuple[str, int], ...]]:
    """When something was said about a request, and the batches in the database that hold private bodies of it."""
    legs = find_legs(connection, context, request_id, now_us)
    if not legs:
        raise RequestNotFound(request_id=format_id(request_id))
    windows = merged(window for leg in legs for window in (*leg.known(), *leg.whole()))
    journal = LiveJournal(connection)
    places = []
    for window in windows:
        for batch in journal.between(window):
            if without_private_bodies(batch, request_id) != batch:
                seal = seal_pb2.Seal.FromString(seal_pb2.SealedBatch.FromString(batch).seal.seal)
                places.append((seal.link, seal.seal_number))
    return windows, tuple(places)


def _from_archives(archive: JournalArchive, windows: list[Window], request_id: bytes) -> int:
    def change(row: Row) -> bytes:
        return without_private_bodies(row.batch, request_id)

    erased = 0
    for window in windows:
        for file in archive.files(window.link):
            if any(window.from_us <= place.stored_at_us <= window.to_us for place in file.places()):
                erased += file.rewrite(change)
    return erased

"""Puts evidence together from what a node holds: reads only, on a reader's connection."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from common.directory.repository import latest, of_version
from common.evidence.container import pack
from common.evidence.gather import Gatherer
from common.evidence.windows import LegTimes
from common.gen.quanwang.federation.v1 import directory_pb2
from common.ids import format_id
from common.journal.archive import JournalArchive
from common.journal.reader import WholeJournal
from common.node_context import NodeContext
from common.requests.model import RequestNotFound

FindLegs = Callable[[sa.Connection, NodeContext, bytes, int], list[LegTimes]]
"""`find_legs(connection, context, request_id, now_us)`: the legs of a request that the node knows."""


class StoredDirectories:
    """The directories in the node's database."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def latest(self) -> directory_pb2.SignedDirectory | None:
        """The newest one."""
        return latest(self._connection)

    def of_version(self, version: int) -> directory_pb2.SignedDirectory | None:
        """One version, or None."""
        return of_version(self._connection, version)


def export_evidence(
    connection: sa.Connection,
    find_legs: FindLegs,
    context: NodeContext,
    archive: JournalArchive,
    request_id: bytes,
    now_us: int,
    *,
    private_bodies: bool = False,
) -> bytes:
    """An evidence file of a request. Raises RequestNotFound."""
    legs = find_legs(connection, context, request_id, now_us)
    if not legs:
        raise RequestNotFound(request_id=format_id(request_id))
    gatherer = Gatherer(request_id, WholeJournal(connection, archive), private_bodies=private_bodies)
    gatherer.search(legs)
    gatherer.add_witnesses()
    gatherer.add_directories(StoredDirectories(connection))
    bundle = gatherer.bundle
    bundle.exported_by, bundle.exported_at_us = context.node, now_us
    bundle.software_version = context.software_version
    return pack(bundle)

"""HQ's journals, read beside everything else, for whoever takes back."""

from __future__ import annotations

from collections.abc import Callable

from common.gen.quanwang.federation.v1 import directory_pb2
from common.ids import HQ
from common.program.node import Node
from common.recovery.queries import Held, journal_behind


class GivingBack:
    """`signed`: the directory in force, as it was signed."""

    def __init__(self, node: Node, signed: Callable[[], directory_pb2.SignedDirectory]) -> None:
        self._node, self._signed = node, signed

    async def read(self, link: str, after: int) -> Held:
        """The next batches of a link behind a seal. Raises ArchiveDamaged, StorageUnavailable."""
        return await self._node.reads.run(journal_behind, self._node.archive, HQ, link, after)

    def newer(self, version: int) -> directory_pb2.SignedDirectory | None:
        """The directory in force, where it is newer than that."""
        return self._signed() if self._node.context.directory.version > version else None

"""How a process of HQ goes by what is published: by itself, or by another one on the same database.

Of the latter each group looks in its own transaction, before anything is received in it: what was published before the
group began counts in it. Whoever shuts a node out waits until the groups under way are over, and those that begin later
wait for it. So all that HQ says of a node comes before its end or is judged by it, whichever process says so; keys can
end with the last word that HQ took from the node.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from common.core import NodeCore
from common.db.unit_of_work import UnitOfWork
from common.directory.model import Directory
from common.directory.repository import directories
from common.directory.signing import open_directory
from common.directory.wire import decode_signed
from common.gen.quanwang.federation.v1 import directory_pb2
from hq_node.directory.commands import LookForDirectory, RevokeNode, SuspendNode
from hq_node.directory.draft_repository import latest_and_draft, newest
from hq_node.directory.events import DirectoryDrafted, DirectoryPublished
from hq_node.directory.in_force import DirectoryInForce

SHUTTING_OUT = (SuspendNode, RevokeNode)


def look_for_directory(_command: LookForDirectory, uow: Any) -> int:
    """The version by which this process goes: its group has looked."""
    version: int = uow.node.directory.version
    return version


class DirectoryFollower:
    """Keeps `in_force`, and with it what the core goes by, on the writer's thread alone."""

    def __init__(self, in_force: DirectoryInForce) -> None:
        self.in_force = in_force
        self.prepare: Callable[[Directory], None] = lambda _directory: None
        """Comes before HQ goes by a directory."""
        self.heard: Callable[[directory_pb2.SignedDirectory], None] = lambda _signed: None
        """Comes after it, where another process has published it."""

    def attend(self, core: NodeCore) -> None:
        """From now on `core` goes by what is published."""
        self._context = core.context
        core.dispatcher.subscribe(DirectoryPublished, self._published)
        core.dispatcher.subscribe(DirectoryDrafted, self._drafted)
        if core.replica is not None:
            core.dispatcher.begins_with.append(self.begin_group)

    def begin_group(self, uow: UnitOfWork, commands: Sequence[Any]) -> None:
        """The first step of each group."""
        shuts_out = any(isinstance(getattr(command, "command", command), SHUTTING_OUT) for command in commands)
        uow.store.take_turn(uow.connection, directories.name, alone=shuts_out)
        self.look(uow.connection)

    def look(self, connection: sa.Connection) -> None:
        """Goes by what was published last, where that is another directory than the one in force here."""
        known = self.in_force
        version, draft_hash = newest(connection)
        if version < known.published.version or (version == known.published.version and draft_hash == known.draft_hash):
            return
        signed, draft = latest_and_draft(connection)
        assert signed is not None, "HQ was founded"
        # The keys before the directory that names them: it is sealed by the newest that it names.
        self.prepare(open_directory(signed, known.root_public_key))
        self._context.directory = known.take(signed, draft)
        self.heard(signed)

    def _published(self, event: DirectoryPublished) -> None:
        self._context.directory = self.in_force.take(decode_signed(event.signed), event.draft)
        self.prepare(self.in_force.published)

    def _drafted(self, event: DirectoryDrafted) -> None:
        self._context.directory = self.in_force.take_draft(event.directory)

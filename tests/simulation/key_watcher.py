"""What must hold of keys and of the directory at every moment of a run: no node goes back to an older directory, and
nothing new comes in from a node that is shut out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.directory.model import NodeStatus
from common.ids import HQ
from tests.simulation import databases

if TYPE_CHECKING:
    from common.directory.model import Directory
    from common.messaging.dispatcher import GroupOutcome
    from tests.simulation.nodes import SimulatedNode
    from tests.simulation.world import World


class KeyWatcher:
    """Looks at each group, after it is committed."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._in_force: dict[str, tuple[int, int]] = {}
        self._version = 1
        self._shut_out: set[str] = set()
        """Nodes that do not take part, by whichever process of HQ published it."""
        self._dead: set[tuple[str, str]] = set()
        """Signing keys that a revocation has ended, by their nodes."""
        self._position = 0

    def frame_sent(self, _node: SimulatedNode, _peer: str, _frame: bytes) -> None:
        """Nothing to see."""

    def group_done(self, node: SimulatedNode, outcome: GroupOutcome) -> None:
        """The group is committed."""
        if node.core is None:
            return
        self._look_at_version(node)
        if node.node == HQ:
            self._look_at_receipts(node, outcome)
            self._look_at_admissions(node)
            self._look_for_directory(node.core.context.directory)

    def commit_unseen(self, node: SimulatedNode) -> None:
        """What the group has published counts, though the process that did it is gone."""
        if node.node == HQ:
            assert node.core is not None
            self._look_at_admissions(node)
            self._look_for_directory(self.world.newest_directory(node.core))

    def enrolled_anew(self, _node: str, _with_its_database: bool) -> None:
        """It begins with the directory of its enrolment, which is newer than what it had."""

    def restored(self, node: str) -> None:
        """A snapshot works by the directory that it has until it hears of another."""
        self._in_force.pop(node, None)

    def _look_at_version(self, node: SimulatedNode) -> None:
        """A process works by what it took last: in one life, and over all its lives."""
        assert node.core is not None
        version = node.core.context.directory.version
        _, before = self._in_force.get(node.name, (0, 0))
        if version < before:
            self.world.find("directory-goes-on", f"{node.name} works by version {version} after {before}")
        self._in_force[node.name] = (node.life, version)

    def _look_for_directory(self, directory: Directory) -> None:
        """Who is shut out from now on, who is not any more."""
        if directory.version <= self._version:
            return
        self._version = directory.version
        for entry in directory.nodes:
            if entry.status is NodeStatus.ACTIVE:
                self._shut_out.discard(entry.node)
            else:
                self._shut_out.add(entry.node)
            if entry.status is NodeStatus.REVOKED:
                self._dead.update((entry.node, key.key_id) for key in entry.keys)

    def _look_at_receipts(self, node: SimulatedNode, outcome: GroupOutcome) -> None:
        """What was received in this group, of nodes that were shut out before it."""
        for batch in outcome.receipts:
            if (batch.peer, batch.seal.key_id) in self._dead:
                self.world.find("revoked-keys-are-dead", f"{node.name} received {batch.link} {batch.seal.seal_number}")
            if batch.peer in self._shut_out:
                self.world.find("shut-out-is-out", f"{node.name} received {batch.link} {batch.seal.seal_number}")

    def _look_at_admissions(self, node: SimulatedNode) -> None:
        """What was admitted in this group, of nodes that were shut out before it, or for them."""
        assert node.core is not None
        out, run = self._shut_out, databases.driver_connection(node.core.connection).execute
        (position,) = run("SELECT position FROM hub_order").fetchone()
        if position > self._position and out:
            admitted = run("SELECT origin, home FROM hub_legs WHERE hub_position > ?", (self._position,)).fetchall()
            for origin, home in admitted:
                if {origin, home} & out:
                    self.world.find("shut-out-is-out", f"{node.name} admitted a leg of {origin} at {home}")
        self._position = max(position, self._position)

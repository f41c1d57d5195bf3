"""What must hold at every moment of a run: terminal states stay, cursors advance, an ack is about what is durable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.gen.quanwang.federation.v1 import link_pb2
from common.gen.quanwang.federation.v1.seal_pb2 import Seal
from common.link.watermark import signed_seal_of
from tests.simulation import databases
from tests.simulation.links import kind_of
from tests.simulation.publishing import published
from tests.simulation.snapshots import TERMINAL

if TYPE_CHECKING:
    from common.messaging.dispatcher import GroupOutcome
    from tests.simulation.nodes import SimulatedNode
    from tests.simulation.world import World

EVERY_US = 2_000_000
_LEGS = ("asked_legs", "hub_legs", "serving_legs")
_CURSORS = "sealed_seal_number, sealed_sequence, acked_seal_number, received_seal_number, received_sequence"


class AckWatcher:
    """An acknowledgement means durable receipt; what a node says it has, it must have, now and after any crash."""

    def __init__(self, world: World) -> None:
        self.world = world

    def frame_sent(self, node: SimulatedNode, peer: str, frame: bytes) -> None:
        """Acks and Hellos say what was received."""
        if kind_of(frame) not in ("ack", "hello") or node.core is None:
            return
        parsed = link_pb2.LinkFrame.FromString(frame)
        said = parsed.ack.seal_number if parsed.HasField("ack") else parsed.hello.received.seal_number
        run = databases.driver_connection(node.core.connection).execute
        row = run("SELECT received_seal_number FROM links WHERE peer = ?", (peer,)).fetchone()
        if said > (row[0] if row else 0):
            self.world.find("acks-are-durable", f"{node.node} says to {peer} that it has seal {said}, and has {row}")

    def group_done(self, _node: SimulatedNode, _outcome: GroupOutcome) -> None:
        """Nothing to see."""

    def commit_unseen(self, _node: SimulatedNode) -> None:
        """Nothing to see."""

    def enrolled_anew(self, _node: str, _with_its_database: bool) -> None:
        """What it says from now on is looked up as well."""

    def restored(self, _node: str) -> None:
        """What it says from now on is looked up as well."""


class OwnerWatcher:
    """Whatever is sealed or received on a link is so under the epoch of its owner, by the replica that is the owner."""

    def __init__(self, world: World) -> None:
        self.world = world

    def commit_unseen(self, _node: SimulatedNode) -> None:
        """Nothing to see."""

    def enrolled_anew(self, _node: str, _with_its_database: bool) -> None:
        """Its link with HQ has the owner that it had."""

    def restored(self, _node: str) -> None:
        """Its link with HQ has the owner that it had."""

    def frame_sent(self, _node: SimulatedNode, _peer: str, _frame: bytes) -> None:
        """Nothing to see."""

    def group_done(self, node: SimulatedNode, outcome: GroupOutcome) -> None:
        """The group is committed, and the next one has not begun."""
        if node.replica is None or node.core is None:
            return
        run = databases.driver_connection(node.core.connection).execute
        used = [(batch.peer, Seal.FromString(signed_seal_of(batch.batch_bytes).seal).epoch) for batch in outcome.sealed]
        used += [(peer, batch.epoch) for peer, batch in outcome.received.items()]
        for peer, epoch in used:
            owner = run("SELECT owner, epoch FROM links WHERE peer = ?", (peer,)).fetchone()
            # Where the group claims the link, what came before on an older stream of this replica's own was good.
            if owner[0] != node.replica.name or epoch > owner[1]:
                self.world.find("one-owner", f"{node.name} used the link with {peer} under {epoch}, it is {owner}")


class StateWatcher:
    """Looks at the databases from time to time."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._ended: dict[tuple[str, str, bytes], str] = {}
        self._cursors: dict[tuple[str, str], tuple[int, ...]] = {}
        self._publications: dict[str, int] = {}
        world.schedule.after(EVERY_US, self._look)

    def frame_sent(self, _node: SimulatedNode, _peer: str, _frame: bytes) -> None:
        """Nothing to see."""

    def group_done(self, _node: SimulatedNode, _outcome: GroupOutcome) -> None:
        """Nothing to see: looking after every group would cost more than the run."""

    def commit_unseen(self, _node: SimulatedNode) -> None:
        """Nothing to see."""

    def enrolled_anew(self, node: str, with_its_database: bool) -> None:
        """The node's link goes on where HQ says; what an empty database never knew is not there."""
        self._cursors = {key: value for key, value in self._cursors.items() if key[0] != node}
        if not with_its_database:
            self._publications.pop(node, None)
            self._ended = {key: value for key, value in self._ended.items() if key[0] != node}

    def restored(self, node: str) -> None:
        """What it has forgotten is not there until it is taken back; whether it was, is looked at in the end."""
        self.enrolled_anew(node, False)

    def _look(self) -> None:
        self.world.schedule.after(EVERY_US, self._look)
        self.look()

    def look(self) -> None:
        """One look at every running node."""
        for node in self.world.nodes.values():
            if node.core is not None:
                self._look_at(node)

    def _look_at(self, node: SimulatedNode) -> None:
        assert node.core is not None
        run = databases.driver_connection(node.core.connection).execute
        for table in _LEGS:
            states = dict(run(f"SELECT leg_id, state FROM {table}").fetchall())  # noqa: S608 - own names
            for (owner, where, leg_id), ended in self._ended.items():
                if (owner, where) == (node.node, table) and states.get(leg_id) != ended:
                    self.world.find("terminal-is-terminal", f"{node.node} {table}: {ended} became {states.get(leg_id)}")
            for leg_id, state in states.items():
                if state in TERMINAL:
                    self._ended[node.node, table, leg_id] = state
        before, now = self._publications.get(node.node, 0), published(node.core)
        if now < before:
            self.world.find("publications-advance", f"{node.node} goes by publication {now} after {before}")
        self._publications[node.node] = now
        for peer, *values in run(f"SELECT peer, {_CURSORS} FROM links"):  # noqa: S608 - own names
            known = self._cursors.get((node.node, peer), (0,) * len(values))
            if any(place < then for place, then in zip(values, known, strict=True)):
                self.world.find("cursors-advance", f"{node.node} with {peer}: {known} became {tuple(values)}")
            self._cursors[node.node, peer] = tuple(values)

"""Provinces that are lost: revoked with work under way, ended at HQ where nothing will answer any more, and let in
anew with other keys; with the database that they have, or with an empty one. And what a thief does with old keys."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from common.directory.model import Directory
from common.gen.quanwang.federation.v1 import envelope_pb2, link_pb2, seal_pb2
from common.ids import HQ, leg_id, link_name
from common.messaging.envelope import build, header_digest
from common.messaging.links import LinkRow, links
from common.messaging.seal import NO_HASH, leaf, leaf_prefix, sign_seal, stamp_digest
from common.security.signing import Signer
from hq_node.directory.commands import RevokeNode
from hq_node.hub.commands import EndLegsOfLostHome
from province_node.directory.membership import MEMBERSHIP_FILE
from tests.simulation.enrolments import OPERATOR, EnrolmentAnew, store_first_keys
from tests.simulation.kinds import EFFECT, Plan
from tests.simulation.schedule import SECOND_US
from tests.simulation.snapshots import Snapshot

if TYPE_CHECKING:
    from tests.simulation.key_storms import KeyStorms
    from tests.simulation.nodes import SimulatedNode
    from tests.simulation.world import World


@dataclass(slots=True)
class Losses:
    """What was lost in a run, and came back: for the checkers."""

    databases: dict[str, list[Snapshot]] = field(default_factory=dict)
    """What stood in databases that are gone, by node."""
    sealed: dict[str, set[bytes]] = field(default_factory=dict)
    """Digests of what nodes had sealed when they were enrolled anew with the database that they had."""
    ended_at_hub: set[str] = field(default_factory=set)
    """Nodes whose work HQ's operators have ended."""
    came_back: Counter[str] = field(default_factory=Counter)
    forged: set[bytes] = field(default_factory=set)
    """Legs that a thief asked for."""


NOTICED_S_MAX = 3.0
"""For so long the revoked node's own process goes on, with keys that are none any more."""
THEFTS = 3
BETWEEN_THEFTS_S_MAX = 4.0


class Loss:
    """One province that is lost, until it takes part again. `then` is called at the end."""

    def __init__(self, storms: KeyStorms, node: SimulatedNode, then: Callable[[], None]) -> None:
        self.world, self.random, self.order = storms.world, storms.random, storms.order
        self.node, self._then = node, then
        self.keeps_database = self.random.random() < 0.5
        self._ends_legs = not self.keeps_database or self.random.random() < 0.3
        self._stolen: Signer | None = None

    def begin(self) -> None:
        """The loss itself, and what HQ's operators do about it."""
        if self.keeps_database:
            self.node.trace("its keys are suspected")
        else:
            self._keep_what_is_lost()
            self.node.take_out("and everything on it is lost")
        self.order(RevokeNode(self.node.node, "simulated", OPERATOR), self._revoked)

    def _revoked(self, _result: Any) -> None:
        after_us = int(self.random.random() * NOTICED_S_MAX * SECOND_US)
        self.world.schedule.after(after_us, self._end_legs if self._ends_legs else self._invite)

    def _end_legs(self, ended: Any = 1) -> None:
        if ended:
            self.order(EndLegsOfLostHome(self.node.node, "simulated", OPERATOR), self._end_legs)
            return
        self.world.losses.ended_at_hub.add(self.node.node)
        self._invite()

    # At the province

    def _invite(self) -> None:
        EnrolmentAnew(self.world, self.order, self.node, self.keeps_database, self._ready, self._enrolled).invite()

    def _ready(self) -> None:
        """The node stops; its data directory is made ready, once."""
        self.node.take_out("to be enrolled anew")
        if self._stolen is None:
            keys = self.node.program.keys
            self._stolen = keys.choose_signer(self.node.context.directory, self.node.clock.now_us())
            if self.keeps_database:
                store_first_keys(self.node)
                self._keep_what_was_sealed()
            else:
                self._begin_anew()

    def _enrolled(self) -> None:
        for watcher in self.world.watchers:
            watcher.enrolled_anew(self.node.node, self.keeps_database)
        self.node.put_back()
        self._then()
        for _ in range(THEFTS):
            self.world.schedule.after(int(self.random.random() * BETWEEN_THEFTS_S_MAX * SECOND_US), self._steal)

    # What is lost

    def _keep_what_is_lost(self) -> None:
        """For the checkers: what the database held that is gone."""
        losses, core = self.world.losses, self.node.core
        if core is not None:
            core.connection.rollback()
        losses.databases.setdefault(self.node.node, []).append(Snapshot(self.node.node, self.node.path))

    def _keep_what_was_sealed(self) -> None:
        """For the checkers: what must reach HQ all the same."""
        snapshot = Snapshot(self.node.node, self.node.path)
        for _number, batch in snapshot.journal.get(link_name(self.node.node, HQ), []):
            for entry in seal_pb2.SealedBatch.FromString(batch).entries:
                self.world.losses.sealed.setdefault(self.node.node, set()).add(header_digest(entry.header))

    def _begin_anew(self) -> None:
        """An empty data directory, and a database in which nothing stands but the customers."""
        for place in ("keys", "tls"):
            shutil.rmtree(self.node.data_dir / place)
        (self.node.data_dir / MEMBERSHIP_FILE).unlink(missing_ok=True)
        self.node.begin_anew()

    # The thief

    def _steal(self) -> None:
        """Somebody says something under the key that was revoked, at the very place where HQ goes on, on the stream
        that the node has: past TLS, so that nothing but the key itself can tell."""
        hub, node = self.world.nodes[HQ].core, self.node.core
        if self.world.faults.over or hub is None or node is None or self._stolen is None:
            return
        row = hub.connection.execute(sa.select(links).where(links.c.peer == self.node.node)).one_or_none()
        own = node.connection.execute(sa.select(links.c.epoch).where(links.c.peer == HQ)).scalar()
        if row is None or own is None:
            return
        known = LinkRow._make(row)
        # Where HQ has received nothing yet, it goes by the Hello.
        known = known._replace(peer_incarnation=known.peer_incarnation or node.incarnation)
        batch = forged_batch(self.world, known, own, self._stolen, hub.context.directory)
        frame = link_pb2.LinkFrame(batch=batch.SerializeToString()).SerializeToString()
        if self.world.network.slip_in(self.node.node, frame):
            self.world.faults.happened("key_stolen")
            self.world.trace(self.node.name, "a thief speaks in its name")


def forged_batch(world: World, row: LinkRow, epoch: int, signer: Signer, directory: Directory) -> seal_pb2.SealedBatch:
    """A request that the node never made, sealed as the next thing that HQ waits for."""
    node = row.peer
    destination = next(province for province in world.provinces if province != node)
    request_id, message_id = (world.key_random.randbytes(16) for _ in range(2))
    routing = envelope_pb2.Routing(
        message_id=message_id,
        source=node,
        destination=destination,
        request_id=request_id,
        leg_destination=destination,
        phase=envelope_pb2.PHASE_REQUEST,
        message_class=envelope_pb2.MESSAGE_CLASS_WORK_ORDER,
        message_type=EFFECT,
        protocol_version=1,
        time_to_live_ms=60_000,
    )
    envelope = build(routing, Plan().to_bytes())
    link, sequence = link_name(node, HQ), row.received_sequence + 1
    seal = seal_pb2.Seal(
        node=node,
        incarnation=row.peer_incarnation,
        link=link,
        epoch=epoch,
        seal_number=row.received_seal_number + 1,
        previous_hash=row.received_hash or NO_HASH,
        first_sequence=sequence,
        count=1,
        merkle_root=leaf(leaf_prefix(link), sequence, envelope.digest, stamp_digest(b"")),
        sealed_at_us=world.nodes[node].clock.now_us(),
        directory_version=directory.version,
        directory_hash=directory.hash,
    )
    world.losses.forged.add(leg_id(request_id, node, destination))
    entry = seal_pb2.Entry(header=envelope.header, body=envelope.body)
    return seal_pb2.SealedBatch(seal=sign_seal(seal, signer), entries=[entry])

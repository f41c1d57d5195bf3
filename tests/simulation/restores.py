"""Provinces whose database is put back from a backup: properly, with `recover`; as a machine's snapshot, by people
who do not know what they do; and while the former machine still runs."""

from __future__ import annotations

import sqlite3
from enum import Enum
from random import Random
from typing import TYPE_CHECKING, Any

from common.ids import HQ, link_name
from common.journal.model import PeerRefused
from common.recovery.model import RecoveryAnswerUnfit
from hq_node.directory.commands import RevokeNode
from province_node.directory.key_desk import RotationRefused
from tests.simulation.backups import Backup, copy_data_directory, copy_database
from tests.simulation.enrolments import OPERATOR, EnrolmentAnew, store_first_keys
from tests.simulation.nodes import SimulatedNode
from tests.simulation.recoveries import EXPECTED, Recovery
from tests.simulation.said import Batches, answered_in
from tests.simulation.schedule import SECOND_US
from tests.simulation.snapshots import Snapshot

if TYPE_CHECKING:
    from common.recovery.taking_back import TakenBack
    from tests.simulation.key_storms import KeyStorms
    from tests.simulation.world import World

BACKUPS_MAX = 3
"""Of one node before one restore, the one with which the run began among them."""
OLDEST_S = 8.0
AWAY_S = (4.0, 7.0)
"""How long it takes until the node is put back: longer than anything that it said is under way."""
WATCHED_S = 1.0
AGAIN_US = 1_000_000
REFUSED_MAX = 3
"""So often HQ refuses a node before its operators have it enrolled anew."""


class Way(Enum):
    """How the node is put back."""

    PROPERLY = "node_restored"
    AS_SNAPSHOT = "snapshot_put_back"
    BESIDE_THE_FORMER = "former_machine_runs"


class Restores:
    """Arranges a run's faults of this kind, and the backups that they need."""

    def __init__(self, world: World, storms: KeyStorms, seconds: float) -> None:
        self.world, self.storms = world, storms
        self.random = Random(f"{world.seed}/restores")
        self.backups: dict[str, list[Backup]] = {}
        self._made = 0
        rate = world.faults.rates.node_restored_per_s
        at_s = self.random.expovariate(rate) if rate else seconds
        while at_s < seconds:
            self._arrange(self.random.choice(world.provinces), at_s)
            at_s += self.random.expovariate(rate)

    def _arrange(self, province: str, at_s: float) -> None:
        node, schedule = self.world.nodes[province], self.world.schedule
        if province not in self.backups:
            self.back_up(node)
        for _ in range(self.random.randrange(BACKUPS_MAX)):
            before_s = self.random.random() * min(at_s, OLDEST_S)
            schedule.after(int((at_s - before_s) * SECOND_US), self._back_up_if_well, node)
        schedule.after(int(at_s * SECOND_US), self._strike, node)

    def _back_up_if_well(self, node: SimulatedNode) -> None:
        if node.node not in self.storms.out_of_order:
            self.back_up(node)

    def back_up(self, node: SimulatedNode) -> None:
        """A backup of the node as it is now."""
        self._made += 1
        place = self.world.directory / f"backup-{self._made}"
        self.backups.setdefault(node.node, []).append(Backup(node, place))

    def _strike(self, node: SimulatedNode) -> None:
        lost = self.world.losses
        if self.world.faults.over or node.node in self.storms.out_of_order or not node.is_up:
            return
        if lost.came_back[node.node] or node.node in lost.databases:
            # What was sealed again since is in no backup.
            return
        self.storms.out_of_order.add(node.node)
        way = self.random.choice((Way.PROPERLY, Way.PROPERLY, Way.AS_SNAPSHOT, Way.BESIDE_THE_FORMER))
        self.world.faults.happened("node_restored")
        if way is not Way.PROPERLY:
            self.world.faults.happened(way.value)
        Restore(self, node, way).begin()


class Restore:
    """One province that is put back, until it takes part again."""

    def __init__(self, restores: Restores, node: SimulatedNode, way: Way) -> None:
        self.world, self.random, self._restores = restores.world, restores.random, restores
        self.node, self._way = node, way
        self._backups = restores.backups[node.node]
        self._new_keys = way is Way.BESIDE_THE_FORMER or (way is Way.PROPERLY and self.random.random() < 0.2)
        self._revoked = False
        self._refused = 0
        self._stopped = 0
        self._former: SimulatedNode | None = None

    def begin(self) -> None:
        """The machine is lost, or what is on it; at least everybody thinks so."""
        self._keep_what_is_lost()
        self.node.take_out(f"and is put back: {self._way.value}")
        if self._way is Way.BESIDE_THE_FORMER:
            self._former = self._go_on_elsewhere()
        # What was backed up after the one that is put back is of a past that nobody goes on from.
        ago = self.random.choice((1, 1, 2))
        del self._backups[max(1, len(self._backups) - ago + 1) :]
        after_us = int(self.random.uniform(*AWAY_S) * SECOND_US)
        if self._way is Way.AS_SNAPSHOT:
            self.world.schedule.after(after_us, self._put_snapshot_back)
        else:
            self.world.restored.must_recover[self.node.node] += 1
            self.world.schedule.after(after_us, self._restore)

    def _keep_what_is_lost(self) -> None:
        """For the checkers: what the database held."""
        if self.node.core is not None:
            self.node.core.connection.rollback()
        former = Snapshot(self.node.node, self.node.path)
        self.world.restored.former.setdefault(self.node.node, []).append(former)

    def _go_on_elsewhere(self) -> SimulatedNode:
        """The machine was not lost at all: it goes on with all that it has."""
        node, place = self.node, self.world.directory / f"former-{len(self.world.former)}"
        place.mkdir()
        copy_database(node.path, place / "former.db")
        former = SimulatedNode(self.world, node.node, place / "former.db", node.clock.skew_us)
        copy_data_directory(node.data_dir, former.data_dir)
        former.name = f"{node.node} former"
        self.world.former.append(former)
        former.start()
        return former

    # Put back

    def _restore(self) -> None:
        """As `backup restore`."""
        self._put_back_files()
        if self._new_keys and not self._revoked:
            self._revoked = True
            self._restores.storms.order(RevokeNode(self.node.node, "simulated", OPERATOR), self._enrol)
        elif self._new_keys:
            self._enrol()
        else:
            self._recover()

    def _put_back_files(self) -> None:
        backup, node = self._backups[-1], self.node
        if not backup.has_the_keys_of(node):
            self.world.restored.keys_lost.add(node.node)
            self._new_keys = True
        backup.put_back(node, answered_in(self._received_by_hub()))
        for watcher in self.world.watchers:
            watcher.restored(node.node)

    def _received_by_hub(self) -> Batches:
        """What HQ has received of the node, read beside HQ."""
        connection = sqlite3.connect(self.world.nodes[HQ].path)
        link = link_name(self.node.node, HQ)
        statement = "SELECT seal_number, batch FROM journal WHERE link = ? ORDER BY seal_number"
        found: Batches = connection.execute(statement, (link,)).fetchall()
        connection.close()
        return found

    def _enrol(self, _revoked: Any = None) -> None:
        self.node.program = self.world.build_program(self.node)
        store_first_keys(self.node)
        storms = self._restores.storms
        EnrolmentAnew(self.world, storms.order, self.node, True, lambda: None, self._recover, restored=True).invite()

    def _recover(self) -> None:
        Recovery(self.node, self._recovered).begin()

    def _recovered(self, taken: TakenBack | None, error: BaseException | None) -> None:
        if taken is not None:
            self.node.trace(f"took back {taken.to_dict()}")
            self.world.restored.recovered[self.node.node] += 1
            self._end()
            return
        said = str(error) if isinstance(error, RecoveryAnswerUnfit) else ""
        self.node.trace(f"recovery: {getattr(error, 'code', type(error).__name__)} {said}".rstrip())
        if not isinstance(error, EXPECTED):
            self.world.find("recovery", f"{self.node.name}: {error!r}")
        again = self._recover
        if isinstance(error, RecoveryAnswerUnfit):
            again = self._restore_an_older_one
        elif isinstance(error, RotationRefused | PeerRefused):
            self._refused += 1
            if self._refused >= REFUSED_MAX:
                self._new_keys, self._refused, again = True, 0, self._restore
        self.world.schedule.after(AGAIN_US, again)

    def _restore_an_older_one(self) -> None:
        """What was restored is of a past that HQ does not know."""
        if len(self._backups) == 1:
            self.world.find("recovery", f"{self.node.name}: no backup fits")
            return
        self._backups.pop()
        self._restore()

    def _end(self) -> None:
        """It takes part again."""
        if self._former is not None:
            self.world.schedule.after(2 * AGAIN_US, self._former.take_out, "for good")
        self.node.put_back()
        self._restores.storms.out_of_order.discard(self.node.node)

    # A snapshot

    def _put_snapshot_back(self) -> None:
        """The machine is started as it was then. Nobody knows that it has forgotten anything, but for its peer."""
        self._put_back_files()
        if self._has_forgotten():
            self.world.restored.must_recover[self.node.node] += 1
        self.node.put_back()
        self._watch()

    def _has_forgotten(self) -> bool:
        """Whether HQ knows more of the link than what was put back."""
        ours, theirs = _cursors(self.node, HQ), _cursors(self.world.nodes[HQ], self.node.node)
        return theirs[1] > ours[0] or theirs[2] > ours[1]

    def _watch(self) -> None:
        """Its operators heed what it says, and restore a backup then; as long as the run lasts."""
        self.world.schedule.after(int(WATCHED_S * SECOND_US), self._watch_on)

    def _watch_on(self) -> None:
        stopped = _sealing_stopped(self.node, HQ) or _sealing_stopped(self.world.process_of(HQ), self.node.node)
        if self._new_keys:
            stopped = stopped or "some of its keys are not there any more"
        self._stopped = self._stopped + 1 if stopped else 0
        if self._stopped < 2:
            self._watch()
            return
        self._keep_what_is_lost()
        self.node.take_out(f"since nothing is sealed any more: {stopped}")
        self._way = Way.PROPERLY
        self.world.schedule.after(int(self.random.uniform(*AWAY_S) * SECOND_US), self._restore)


def _cursors(node: SimulatedNode, peer: str) -> tuple[int, int, int]:
    """What the node has sealed for its peer, received from it, and knows to be received there; beside its process."""
    connection = sqlite3.connect(node.path)
    columns = "sealed_seal_number, received_seal_number, acked_seal_number"
    row = connection.execute(f"SELECT {columns} FROM links WHERE peer = ?", (peer,)).fetchone()  # noqa: S608 - own names
    connection.close()
    return row or (0, 0, 0)


def _sealing_stopped(node: SimulatedNode, peer: str) -> str:
    return node.core.dispatcher.port(peer).sealing_stopped if node.core is not None else ""

"""Mistakes planted where several replicas of HQ share a database."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from common.messaging.intake import Intake
from common.messaging.links import LINKS, LinkRow, link_of
from common.messaging.outbox import OUTBOX
from common.messaging.replica import ClaimLink
from common.messaging.replica_intake import ReplicaIntake
from common.messaging.replica_sealer import ReplicaSealer
from common.messaging.sealer import Sealer
from hq_node.directory.following import DirectoryFollower
from tests.simulation.planting import Put, mutant

CHANGES = {"second_replica": 1.0, "left_half_open_per_s": 0.6, "connection_torn_per_s": 0.6}
"""Owners change often, and former ones do not notice."""


@mutant("one-owner", **CHANGES)
def former_owner_goes_on_sealing(put: Put) -> None:
    """Whoever once claimed a link seals on it."""
    put(ReplicaSealer, "_owns", lambda self, peer, group, uow: self.port(peer).epoch > 0)


@mutant("one-owner", **CHANGES, slow_node_per_s=1.5, notice_lost=1.0)
def former_owner_goes_on_receiving(put: Put) -> None:
    """A batch is received whatever has become of the link since its stream was opened."""
    put(ReplicaIntake, "_is_fenced", lambda self, batch, uow: False)


@mutant("one-owner", **CHANGES)
def claim_leaves_the_epoch(put: Put) -> None:
    """The new owner writes its name into the row, under the epoch of the former one."""

    def claim(self: ReplicaSealer, command: ClaimLink, uow: Any) -> LinkRow:
        link = original(self, command, uow)
        if link.epoch > 1:
            link = link._replace(epoch=link.epoch - 1)
            uow.rows(LINKS).update(link)
            uow.claims[-1].epoch = link.epoch
        return link

    original = ReplicaSealer.claim
    put(ReplicaSealer, "claim", claim)


@mutant("journals-prove", "comes-to-rest", "no-crash", "one-owner", "cursors-advance", **CHANGES)
def chain_goes_on_from_memory(put: Put) -> None:
    """A replica keeps the head of each chain that it has sealed in memory, and does not ask who owns the link."""

    heads: WeakKeyDictionary[ReplicaSealer, dict[str, tuple[int, int, bytes]]] = WeakKeyDictionary()

    def cut(self: Sealer, peer: str, ready: Any, group: Any, uow: Any) -> None:
        if not isinstance(self, ReplicaSealer):
            original(self, peer, ready, group, uow)
            return
        own = heads.setdefault(self, {})
        link = link_of(uow, peer)
        if link is not None and peer in own:
            number, sequence, hash_of_seal = own[peer]
            uow.rows(LINKS).update(
                link._replace(sealed_seal_number=number, sealed_sequence=sequence, sealed_hash=hash_of_seal)
            )
        original(self, peer, ready, group, uow)
        after = link_of(uow, peer)
        assert after is not None
        own[peer] = (after.sealed_seal_number, after.sealed_sequence, after.sealed_hash)

    original = Sealer._cut
    put(ReplicaSealer, "_owns", lambda self, peer, group, uow: self.port(peer).epoch > 0)
    put(Sealer, "_cut", cut)


@mutant("shut-out-is-out", "revoked-keys-are-dead", second_replica=1.0, node_suspended_per_s=0.6, notice_lost=1.0)
def what_others_published_counts_when_it_is_heard_of(put: Put) -> None:
    """A group does not look whether another process has shut a node out."""
    put(DirectoryFollower, "begin_group", lambda self, uow, commands: None)


@mutant("processed-once", "comes-to-rest", "nothing-left", second_replica=1.0)
def outbox_row_left_after_sealing(put: Put) -> None:
    """The owner seals what others left, and leaves it there."""

    def take_rows(self: ReplicaSealer, peer: str, credit: int, uow: Any) -> Any:
        taken = original(self, peer, credit, uow)
        for row in taken.rows:
            uow.rows(OUTBOX).insert(row)
        return taken

    original = ReplicaSealer._take_rows
    put(ReplicaSealer, "_take_rows", take_rows)


@mutant("legs-agree", "comes-to-rest", second_replica=1.0)
def word_for_another_owner_is_lost(put: Put) -> None:
    """What a replica has to say on a link that it does not own is said to nobody."""
    put(ReplicaSealer, "_leave_to_owner", lambda self, peer, said, group, uow: None)


@mutant("alarms-explained", "legs-agree", second_replica=1.0, processing_fails_for_now=0.4)
def leg_is_not_kept_in_order(put: Put) -> None:
    """What waits is taken as it comes, and what arrives does not look whether earlier messages of its leg wait."""
    put(ReplicaIntake, "_must_wait", lambda self, incoming, uow: False)
    put(ReplicaIntake, "_due_statement", Intake._due_statement)


@mutant("comes-to-rest", "nothing-left", second_replica=1.0)
def work_left_to_others_is_not_found(put: Put) -> None:
    """A replica processes what it received itself, and nothing else."""

    def load(self: ReplicaIntake, connection: Any) -> None:
        self.next_due_us = None

    def settle(self: ReplicaIntake, uow: Any) -> None:
        original(self, uow)
        if not self._waiting_changed:
            self._due_after = None

    original = ReplicaIntake.settle
    put(ReplicaIntake, "load", load)
    put(ReplicaIntake, "settle", settle)
    put(ReplicaIntake, "look_soon", lambda self: None)

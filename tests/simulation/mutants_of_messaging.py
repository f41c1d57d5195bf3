"""Mistakes planted where messages are received, kept, sealed and sent."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from common.db.unit_of_work import UnitOfWork
from common.errors import TemporaryFault
from common.link.effects import Cut
from common.link.receiver import Receiver
from common.link.sender import Sender
from common.link.session import LinkSession
from common.link.watermark import position_of
from common.messaging import dispatcher, intake
from common.messaging.dispatcher import CommandWork, Dispatcher
from common.messaging.intake import Intake
from common.messaging.links import LINKS, link_of
from common.messaging.outbox import OUTBOX
from common.messaging.seal import MerkleTree, leaf, stamp_digest
from common.messaging.sealer import Sealer
from tests.simulation.planting import Put, mutant

# Receiving


@mutant("processed-once")
def inbox_check_skipped(put: Put) -> None:
    """Every message is taken for new."""

    def take_entry(self: Intake, incoming: Any, uow: Any, receive_only: bool) -> Any:
        fault = incoming.fault
        original(self, incoming, uow, receive_only)
        incoming.fault = fault
        return incoming

    original = Intake._take_entry
    put(Intake, "_take_entry", take_entry)


@mutant("processed-once", slow_node_per_s=1.5, connection_torn_per_s=1.0)
def duplicate_batch_processed_again(put: Put) -> None:
    """A batch below the watermark is not journalled again, but its messages are processed."""

    def take_batch(self: Intake, batch: Any, uow: Any) -> bool:
        link = link_of(uow, batch.peer)
        if link is not None and batch.seal.seal_number <= link.received_seal_number:
            return True
        return original(self, batch, uow)

    original = Intake._take_batch
    put(Intake, "_take_batch", take_batch)


@mutant("acks-are-durable", "nothing-left", "comes-to-rest")
def ack_before_commit(put: Put) -> None:
    """A batch is acknowledged when it is proved, not when it is stored."""

    def batch_received(self: LinkSession, batch_bytes: bytes, now_us: int) -> Any:
        effects = original(self, batch_bytes, now_us)
        batches = [effect.batch for effect in effects if hasattr(effect, "batch")]
        if batches and not self.is_closed:
            self._durable = position_of(batches[-1])
            effects.append(self._say_ack())
        return effects

    original = LinkSession._batch_received
    put(LinkSession, "_batch_received", batch_received)


@mutant("journals-prove", "legs-agree", "comes-to-rest", frame_corrupted=0.1)
def signature_of_the_seal_not_checked(put: Put) -> None:
    """Whoever can write on the stream can speak for the peer."""
    put(Receiver, "_check_signature", lambda self, seal, signed, now_us: None)


@mutant("journals-prove", "legs-agree", "comes-to-rest", frame_corrupted=0.1)
def root_of_the_seal_not_checked(put: Put) -> None:
    """The entries are believed for the signature on the seal above them."""

    def check_root(self: Receiver, seal: Any, entries: Any, digests: list[bytes]) -> Any:
        tree = original(self, seal, entries, digests)
        if not isinstance(tree, Cut):
            return tree
        leaves = zip(entries, digests, strict=True)
        first, prefix = seal.first_sequence, self._leaf_prefix
        return MerkleTree(
            [
                leaf(prefix, first + index, digest, stamp_digest(entry.stamp))
                for index, (entry, digest) in enumerate(leaves)
            ]
        )

    original = Receiver._check_root
    put(Receiver, "_check_root", check_root)


@mutant("alarms-explained", "legs-agree", processing_fails_for_now=0.3)
def retry_loses_the_leg_order(put: Put) -> None:
    """A message does not wait for earlier ones of its leg that are being retried."""
    put(Intake, "_must_wait", lambda self, incoming, uow: False)


# Sealing and sending


@mutant("journals-prove", "comes-to-rest")
def sequence_reused(put: Put) -> None:
    """A seal begins with the last sequence of the one before, now and then."""

    def seal_chunk(self: Sealer, link: Any, chunk: Any, group: Any, uow: Any) -> Any:
        again = link.sealed_seal_number % 5 == 4
        return original(self, link._replace(sealed_sequence=link.sealed_sequence - again), chunk, group, uow)

    original = Sealer._seal_chunk
    put(Sealer, "_seal_chunk", seal_chunk)


@mutant("journals-prove", "comes-to-rest", "no-crash")
def chain_head_advanced_on_a_failed_commit(put: Put) -> None:
    """The sealer keeps the head of each chain in memory, and moves it before the commit."""

    heads: WeakKeyDictionary[Sealer, dict[str, tuple[int, int, bytes]]] = WeakKeyDictionary()

    def cut(self: Sealer, peer: str, ready: Any, group: Any, uow: Any) -> None:
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
    put(Sealer, "_cut", cut)


@mutant("comes-to-rest", "nothing-left", "processed-once")
def outbox_row_not_deleted(put: Put) -> None:
    """What waited is sealed, and goes on waiting."""

    def take_backlog(self: Sealer, peer: str, credit: int, uow: Any) -> Any:
        rows = uow.rows(OUTBOX)
        taken = original(self, peer, credit, uow)
        for row in taken:
            rows.insert(row)
        return taken

    original = Sealer._take_backlog
    put(Sealer, "_take_backlog", take_backlog)


@mutant("comes-to-rest")
def resumes_one_seal_too_late(put: Put) -> None:
    """After a reconnect the sender leaves out the batch that the peer needs next."""

    def resume(self: Sender, received: Any) -> Any:
        moved = original(self, received)
        if received.seal_number and self._next <= self.sealed_seal_number:
            self._next += 1
        return moved

    original = Sender.resume
    put(Sender, "resume", resume)


# The dispatcher


@mutant("requests-kept")
def answered_before_the_commit(put: Put) -> None:
    """Callers hear of their command before it is durable."""

    def run_command(self: Dispatcher, work: CommandWork, uow: Any) -> Any:
        result, error = original(self, work, uow)
        work.done(result, error)
        work.done = lambda result, error: None
        return result, error

    original = Dispatcher._run_command
    put(Dispatcher, "_run_command", run_command)


@mutant("workload", "alarms-explained", "long-work")
def full_disk_taken_for_the_fault_of_the_work(put: Put) -> None:
    """What the database could not take is given up for good."""
    put(intake, "is_storage_fault", lambda error: False)
    put(dispatcher, "is_storage_fault", lambda error: False)


@mutant("comes-to-rest", "nothing-left")
def retry_forgotten(put: Put) -> None:
    """A message that failed for now is marked as done."""

    def try_again(self: Intake, incoming: Any, fault: TemporaryFault, uow: Any) -> None:
        """Nothing."""

    put(Intake, "_try_again", try_again)


@mutant("effects-once")
def failed_item_leaves_its_rows(put: Put) -> None:
    """What an item staged before it failed is stored with the group."""

    def drop_item(self: UnitOfWork, because: BaseException | None = None) -> None:
        for row_set in self._touched:
            row_set.keep_item()
        original(self, because)

    original = UnitOfWork.drop_item
    put(UnitOfWork, "drop_item", drop_item)

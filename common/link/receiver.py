"""The receiving half of a link: what a peer's batch must be to be believed, step by step. Pure: no sockets, no clock.

Until the seal's signature, its place in the chain and the Merkle root are good, nothing inside a batch is authentic,
and anything wrong cuts the stream: the peer sends again on the next one, from what was durably received.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from common.gen.quanwang.federation.v1 import seal_pb2 as pb
from common.ids import link_name
from common.link import effects as reason
from common.link.effects import Cut
from common.link.entries import BODY_ALTERED, EntryJudge
from common.link.origin import CurrentDirectory, seals_by_hash
from common.link.settings import LinkSettings
from common.link.watermark import Position, batch_fields, position_of
from common.messaging.envelope import header_digest
from common.messaging.incoming import ReceivedBatch
from common.messaging.seal import NO_HASH, MerkleTree, leaf, leaf_prefix, seal_hash, signed_bytes, stamp_digest
from common.security.signing import verify


@dataclass(frozen=True, slots=True)
class AlreadyReceived:
    """A batch that came before: dropped, and acknowledged again if it is durable."""

    seal_number: int


class Receiver:
    """Checks the batches of one peer on one stream.

    `expected` is the place in the peer's journal that the next batch must continue. It moves on with each accepted
    batch, before that is durable; a new stream begins with a new receiver, at the durable cursors.
    """

    def __init__(
        self,
        local_node: str,
        peer: str,
        expected: Position,
        directory: CurrentDirectory,
        judge: EntryJudge,
        settings: LinkSettings,
    ) -> None:
        self.expected = expected
        self._peer = peer
        self._link = link_name(peer, local_node)
        self._leaf_prefix = leaf_prefix(self._link)
        self._directory = directory
        self._judge = judge
        self._settings = settings
        self._incarnation = b""
        self._epoch = 0

    def begin(self, peer_incarnation: bytes) -> None:
        """The peer's Hello was good; all its seals on this stream are of this incarnation."""
        self._incarnation = peer_incarnation

    def durable(self, position: Position) -> None:
        """The node has durably received up to here, be it on an earlier stream."""
        if position.seal_number > self.expected.seal_number:
            self.expected = position

    def check(self, batch_bytes: bytes, now_us: int) -> ReceivedBatch | AlreadyReceived | Cut:
        """Judges a serialised batch. `now_us`: wall clock, for the validity of the peer's key."""
        batch = self._decode(batch_bytes)
        if isinstance(batch, Cut):
            return batch
        signed = batch.seal
        try:
            seal = pb.Seal.FromString(signed.seal)
        except DecodeError:
            return Cut(reason.MALFORMED_BATCH, "not a seal")
        if seal.node != self._peer or seal.link != self._link or seal.incarnation != self._incarnation:
            return Cut(reason.LINK_MISMATCH, f"seal of {seal.node} on {seal.link} instead of {self._link}")
        hash_of_seal = seal_hash(signed)
        if seal.seal_number <= self.expected.seal_number:
            return self._repeated(seal, signed, hash_of_seal, now_us)
        fault = self._check_number(seal) or self._check_signature(seal, signed, now_us) or self._check_chain(seal)
        if fault is not None:
            return fault
        digests = self._header_digests(seal, batch.entries)
        if isinstance(digests, Cut):
            return digests
        tree = self._check_root(seal, batch.entries, digests)
        if isinstance(tree, Cut):
            return tree
        received = ReceivedBatch(self._peer, self._link, seal, hash_of_seal, batch_bytes, signed, tree)
        judge, number, sequence = self._judge.judge, seal.seal_number, seal.first_sequence
        origin_seals = seals_by_hash(batch.origin_seals)
        for index, entry in enumerate(batch.entries):
            digest = digests[index]
            incoming = judge(self._peer, self._link, number, index, sequence + index, entry, origin_seals, digest)
            if incoming.fault == BODY_ALTERED:
                # The seal covers the header, and the header the body: this is not what the peer sealed.
                return Cut(reason.ROOT_MISMATCH, f"entry {sequence + index}: the body is not the one that was signed")
            incoming.received_at_us, incoming.key_id = now_us, seal.key_id
            incoming.batch = received
            received.entries.append(incoming)
        self._epoch = seal.epoch
        self.expected = position_of(received)
        return received

    def _decode(self, batch_bytes: bytes) -> pb.SealedBatch | Cut:
        """The batch, if it keeps to the limits; they are checked before anything is unfolded in memory."""
        limits = self._settings
        if len(batch_bytes) > limits.batch_bytes_max:
            return Cut(reason.LIMIT_EXCEEDED, f"a batch of {len(batch_bytes)} bytes")
        if len(batch_bytes) > limits.batch_entries_unscanned_bytes_max:
            # The seal, and for each entry at most one seal of its origin.
            fields_max = 2 * limits.batch_entries_max + 1
            if batch_fields(batch_bytes, fields_max) > fields_max:
                return Cut(reason.LIMIT_EXCEEDED, "too many entries in a batch")
        try:
            batch = pb.SealedBatch.FromString(batch_bytes)
        except DecodeError:
            return Cut(reason.MALFORMED_BATCH, "not a batch")
        if len(batch.entries) > limits.batch_entries_max or len(batch.origin_seals) > len(batch.entries):
            return Cut(reason.LIMIT_EXCEEDED, f"{len(batch.entries)} entries, {len(batch.origin_seals)} origin seals")
        signed = batch.seal
        if len(signed.seal) > limits.seal_bytes_max or len(signed.signature) > limits.signature_bytes_max:
            return Cut(reason.LIMIT_EXCEEDED, f"a seal of {len(signed.seal)} bytes")
        return batch

    def _check_number(self, seal: pb.Seal) -> Cut | None:
        """Whether the seal is the next one (section C); a gap needs no signature to be one."""
        if seal.seal_number != self.expected.seal_number + 1:
            return Cut(reason.SEAL_GAP, f"seal {seal.seal_number} after {self.expected.seal_number}")
        return None

    def _check_chain(self, seal: pb.Seal) -> Cut | None:
        """Whether the seal continues the chain. Asked after its signature: a fork is a grave thing to say of a peer."""
        expected = self.expected
        if seal.previous_hash != expected.seal_hash:
            return Cut(reason.CHAIN_FORK, f"seal {seal.seal_number} does not continue the chain received before")
        if seal.first_sequence != expected.sequence + 1:
            return Cut(reason.SEAL_GAP, f"sequence {seal.first_sequence} after {expected.sequence}")
        if seal.epoch < self._epoch:
            return Cut(reason.EPOCH_WENT_BACK, f"epoch {seal.epoch} after {self._epoch}")
        return None

    def _check_signature(self, seal: pb.Seal, signed: pb.SignedSeal, now_us: int) -> Cut | None:
        key = self._key(seal, now_us)
        if key is None:
            return Cut(reason.KEY_UNKNOWN, f"key {seal.key_id[:64]} of {self._peer}")
        suite, public_key = key
        if suite != seal.suite or not verify(suite, public_key, signed.signature, signed_bytes(signed.seal)):
            return Cut(reason.BAD_SIGNATURE, f"seal {seal.seal_number}")
        return None

    def _key(self, seal: pb.Seal, now_us: int) -> tuple[str, bytes] | None:
        """The peer's key, valid now. Clocks differ: a key that has just become valid, or has just ceased to be, is also
        good if it was valid when the seal says it was made, but only within the difference allowed to two clocks."""
        directory = self._directory()
        key = directory.signing_key(self._peer, seal.key_id, now_us)
        if key is None and abs(seal.sealed_at_us - now_us) <= self._settings.clock_skew_us_max:
            key = directory.signing_key(self._peer, seal.key_id, seal.sealed_at_us)
        return key

    def _header_digests(self, seal: pb.Seal, entries: Sequence[pb.Entry]) -> list[bytes] | Cut:
        """The digest of each entry's header, as its leaf has it; no entry may hold what the seal does not cover."""
        if seal.count != len(entries):
            return Cut(reason.ROOT_MISMATCH, f"{len(entries)} entries under a seal of {seal.count}")
        digests = []
        for index, entry in enumerate(entries):
            header = entry.header
            if header:
                digests.append(header_digest(header))
            elif entry.stamp and not entry.body and not entry.private_body and not entry.HasField("origin"):
                digests.append(NO_HASH)
            else:
                return Cut(reason.MALFORMED_BATCH, f"entry {index} is neither an envelope nor a stamp alone")
        return digests

    def _check_root(self, seal: pb.Seal, entries: Sequence[pb.Entry], digests: list[bytes]) -> MerkleTree | Cut | None:
        if not entries:
            # A seal without entries only witnesses; its root says nothing.
            return None
        prefix, sequence = self._leaf_prefix, seal.first_sequence
        tree = MerkleTree(
            [
                leaf(prefix, sequence + index, digests[index], stamp_digest(entry.stamp))
                for index, entry in enumerate(entries)
            ]
        )
        if tree.root != seal.merkle_root:
            return Cut(reason.ROOT_MISMATCH, f"seal {seal.seal_number}")
        return tree

    def _repeated(
        self, seal: pb.Seal, signed: pb.SignedSeal, hash_of_seal: bytes, now_us: int
    ) -> AlreadyReceived | Cut:
        """A seal that came before. The last one's hash is known: another seal under its number is a fork, if the peer
        really signed it."""
        if seal.seal_number == 0:
            return Cut(reason.MALFORMED_BATCH, "seals are counted from 1")
        if seal.seal_number == self.expected.seal_number and hash_of_seal != self.expected.seal_hash:
            return self._check_signature(seal, signed, now_us) or Cut(
                reason.CHAIN_FORK, f"another seal {seal.seal_number} than the one received before"
            )
        return AlreadyReceived(seal.seal_number)

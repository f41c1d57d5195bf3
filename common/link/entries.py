"""The entries of a proved batch, one by one: what each says, and whether it may say it.

A bad entry inside a good seal does not stop the link: the peer said it, the seal proves that, and the entry goes on
with the code of its fault, so that a request can be refused by name and an answer be judged again later.
"""

from __future__ import annotations

from google.protobuf.message import DecodeError

from common.gen.quanwang.federation.v1 import envelope_pb2
from common.gen.quanwang.federation.v1 import seal_pb2 as pb
from common.ids import HQ, ID_BYTES, NODE_PATTERN
from common.link.origin import OriginProofs, seals_by_hash
from common.link.settings import LinkSettings
from common.messaging.envelope import BodyAltered, Envelope, MalformedEnvelope, parse
from common.messaging.incoming import Incoming

MALFORMED_ENVELOPE = MalformedEnvelope.code
MALFORMED_STAMP = "MALFORMED_STAMP"
SOURCE_MISMATCH = "SOURCE_MISMATCH"
MISROUTED = "MISROUTED"
STAMP_MISMATCH = "STAMP_MISMATCH"
BODY_ALTERED = BodyAltered.code
PRIVATE_BODY_MISSING = "PRIVATE_BODY_MISSING"

NUMBER_MAX = 2**63 - 1
"""The largest number that a node's database holds."""


class EntryJudge:
    """Turns entries into `Incoming`. Pure but for the cache of origins' seals; one for a node."""

    def __init__(self, local_node: str, origins: OriginProofs, settings: LinkSettings) -> None:
        self._local = local_node
        self._is_hub = local_node == HQ
        self._origins = origins
        self._settings = settings

    def judge(
        self,
        peer: str,
        link: str,
        seal_number: int,
        index: int,
        sequence: int,
        entry: pb.Entry,
        origin_seals: dict[bytes, pb.SignedSeal],
        header_digest: bytes = b"",
    ) -> Incoming:
        """What an entry says, with the code of what is wrong with it.

        `origin_seals`: the origins' seals of the batch, by the hash that each really has. `header_digest`: where the
        caller has computed it already.
        """
        incoming = Incoming(peer, link, seal_number, index, sequence, None)
        if entry.header:
            try:
                incoming.envelope = parse(entry.header, entry.body, entry.private_body, header_digest)
                incoming.fault = PRIVATE_BODY_MISSING if incoming.envelope.private_body_missing else ""
            except MalformedEnvelope as error:
                incoming.fault = error.code
        if self._is_hub:
            incoming.fault = incoming.fault or self._judge_at_hub(incoming, entry)
        else:
            stamp_fault = self._read_stamp(incoming, entry.stamp)
            incoming.fault = incoming.fault or stamp_fault or self._judge_at_province(incoming, entry, origin_seals)
        return incoming

    def reread(self, peer: str, link: str, seal_number: int, index: int, batch_bytes: bytes) -> Incoming:
        """An entry of a batch that was received and journalled before, judged anew (the directory may have changed).

        Raises ValueError when the batch has no such entry: the journal is not what it was.
        """
        batch = pb.SealedBatch.FromString(batch_bytes)
        if index >= len(batch.entries):
            raise ValueError(f"batch {seal_number} of {link} has no entry {index}")
        entry = batch.entries[index]
        # The seal as the receiver read it: where a batch has that field twice, they are merged.
        seal = pb.Seal.FromString(batch.seal.seal)
        origin_seals = seals_by_hash(batch.origin_seals)
        incoming = self.judge(peer, link, seal_number, index, seal.first_sequence + index, entry, origin_seals)
        incoming.key_id = seal.key_id
        return incoming

    def _judge_at_hub(self, incoming: Incoming, entry: pb.Entry) -> str:
        """A province speaks for itself alone, and only the hub stamps."""
        envelope = incoming.envelope
        if envelope is None or entry.stamp or entry.HasField("origin") or envelope.routing.source != incoming.peer:
            return SOURCE_MISMATCH
        return ""

    def _judge_at_province(self, incoming: Incoming, entry: pb.Entry, origin_seals: dict[bytes, pb.SignedSeal]) -> str:
        envelope = incoming.envelope
        if envelope is None:
            return ""
        routing = envelope.routing
        if routing.destination != self._local:
            return MISROUTED
        stamp = incoming.stamp
        if stamp is not None and not _speaks_of(stamp, envelope):
            return STAMP_MISMATCH
        if routing.source == HQ:
            # HQ's own word is proved by the link's seal; its requests are admitted, and so stamped, like all others.
            return STAMP_MISMATCH if stamp is None and routing.phase == envelope_pb2.PHASE_REQUEST else ""
        if stamp is None:
            return STAMP_MISMATCH
        proof = entry.origin if entry.HasField("origin") else None
        if proof is not None:
            incoming.origin, incoming.origin_seal = proof, origin_seals.get(proof.seal_hash)
        # An answer is judged at the moment when the hub took it, a request at its admission: between the two the key of
        # its origin may have been replaced, or revoked.
        judged_at_us = stamp.answered_at_us or stamp.admitted_at_us
        return self._origins.judge(envelope, proof, incoming.origin_seal, judged_at_us)

    def _read_stamp(self, incoming: Incoming, stamp_bytes: bytes) -> str:
        if not stamp_bytes:
            return ""
        incoming.stamp_bytes = stamp_bytes
        if len(stamp_bytes) > self._settings.stamp_bytes_max:
            return MALFORMED_STAMP
        try:
            stamp = pb.Stamp.FromString(stamp_bytes)
        except DecodeError:
            return MALFORMED_STAMP
        if len(stamp.request_id) != ID_BYTES or not NODE_PATTERN.fullmatch(stamp.destination):
            return MALFORMED_STAMP
        if max(stamp.hub_position, stamp.time_left_ms, stamp.directory_version) > NUMBER_MAX:
            return MALFORMED_STAMP
        incoming.stamp = stamp
        return ""


def _speaks_of(stamp: pb.Stamp, envelope: Envelope) -> bool:
    """Whether a stamp is about this envelope."""
    routing = envelope.routing
    return (
        stamp.message_digest == envelope.digest
        and stamp.request_id == routing.request_id
        and stamp.destination == routing.leg_destination
    )

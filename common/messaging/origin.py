"""Proofs of origin as the hub gives them: from the batch in which a province said something."""

from __future__ import annotations

import sqlalchemy as sa

from common.errors import Fault
from common.gen.quanwang.federation.v1 import seal_pb2 as pb
from common.messaging.envelope import header_digest
from common.messaging.incoming import Incoming
from common.messaging.links import journal_batch
from common.messaging.seal import NO_HASH, MerkleTree, leaf, leaf_prefix, seal_hash, stamp_digest


class ProofLost(Fault):
    """The batch that proves a message is not in the journal any more."""

    en = "Batch {seal_number} of link {link} is missing from the journal; its messages cannot be proved."
    zh = "日志中缺少链路 {link} 的批次 {seal_number}，无法证明其中的报文。"


def origin_proof(incoming: Incoming, connection: sa.Connection) -> tuple[pb.OriginProof, pb.SignedSeal]:
    """The path from a received entry to the root its sender signed, and that seal. Raises ProofLost."""
    batch = incoming.batch
    if batch is not None and batch.tree is not None:
        path = batch.tree.path(incoming.index)
        return pb.OriginProof(seal_hash=batch.seal_hash, sequence=incoming.sequence, path=path), batch.signed_seal
    _, proof, signed = entry_with_proof(connection, incoming.link, incoming.seal_number, incoming.index)
    return proof, signed


def entry_with_proof(
    connection: sa.Connection, link: str, seal_number: int, index: int
) -> tuple[pb.Entry, pb.OriginProof, pb.SignedSeal]:
    """An entry of the journal, its path, and its seal. Raises ProofLost."""
    batch_bytes = journal_batch(connection, link, seal_number)
    if batch_bytes is None:
        raise ProofLost(link=link, seal_number=seal_number)
    batch = pb.SealedBatch.FromString(batch_bytes)
    seal = pb.Seal.FromString(batch.seal.seal)
    prefix = leaf_prefix(link)
    tree = MerkleTree(
        [
            leaf(
                prefix,
                seal.first_sequence + position,
                header_digest(entry.header) if entry.header else NO_HASH,
                stamp_digest(entry.stamp),
            )
            for position, entry in enumerate(batch.entries)
        ]
    )
    proof = pb.OriginProof(seal_hash=seal_hash(batch.seal), sequence=seal.first_sequence + index, path=tree.path(index))
    return batch.entries[index], proof, batch.seal

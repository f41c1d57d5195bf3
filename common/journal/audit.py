"""Goes through a journal from its first seal to its last: chain, roots, signatures, numbers, watermarks.

    Whoever holds a peer's journal can show that the peer's story has no gap and was never changed.

A journal is audited slice by slice; each begins at a batch that the one before ended with, so an audit can stop and go
on anywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import DecodeError

from common.gen.quanwang.federation.v1 import envelope_pb2
from common.gen.quanwang.federation.v1 import seal_pb2 as pb
from common.journal.archive import Row
from common.journal.model import Difference
from common.messaging.envelope import header_digest
from common.messaging.seal import (
    NO_HASH,
    MerkleTree,
    leaf,
    leaf_prefix,
    seal_hash,
    signed_bytes,
    stamp_digest,
)
from common.security.signing import verify

KeyOf = Callable[[str, str, int], tuple[str, bytes] | None]
"""`key_of(node, key_id, at_us)`: suite and public key that the directory names, valid then."""
HashOf = Callable[[int], bytes | None]
"""The hash of a seal of the opposite direction; None: it is not here."""

SHORT_HASH_BYTES = 8
"""Of each seal's hash in a digest: enough to find where two journals part; the last hash is compared in full."""

CODES: dict[str, tuple[str, str]] = {
    "JOURNAL_GAP": ("Batches {from_seal} to {to_seal} are missing.", "缺少第 {from_seal} 至 {to_seal} 号批次。"),
    "BATCH_MALFORMED": ("The batch cannot be read.", "批次无法解析。"),
    "LINK_MISMATCH": ("The seal is of link {other}.", "签封属于链路 {other}。"),
    "CHAIN_BROKEN": ("The seal does not continue the one before.", "签封不接续前一签封。"),
    "SEQUENCE_GAP": ("The entries begin at {got}; {expected} was to come.", "条目从 {got} 开始，应为 {expected}。"),
    "EPOCH_WENT_BACK": ("The epoch went back.", "纪元回退。"),
    "ROOT_MISMATCH": ("The entries are not those that were sealed.", "条目与签封的内容不符。"),
    "BODY_ALTERED": (
        "The body of entry {index} is not the one that was signed.",
        "第 {index} 个条目的内容与签名不符。",
    ),
    "KEY_UNKNOWN": ("The directory names no such key, valid then: {key_id}.", "目录中没有当时有效的密钥 {key_id}。"),
    "BAD_SIGNATURE": ("The signature is not good.", "签名无效。"),
    "WITNESS_WENT_BACK": ("It says to have received less than before.", "其确认的接收位置回退。"),
    "WITNESS_UNKNOWN": (
        "It acknowledges seal {seal} of the other direction, which is another one here.",
        "其确认的反方向第 {seal} 号签封与本地不同。",
    ),
    "WATERMARK_MISMATCH": (
        "The link's row says {expected}; the journal ends at {got}.",
        "链路记录为 {expected}，而日志止于 {got}。",
    ),
    "INCARNATION_CHANGED": ("A new incarnation begins here.", "此处开始新的日志。"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a journal, at a seal."""

    code: str
    link: str
    seal_number: int
    facts: dict[str, Any] = field(default_factory=dict)

    def to_dict(self, language: str) -> dict[str, Any]:
        text = CODES[self.code][1 if language.startswith("zh") else 0].format(**self.facts)
        return {"code": self.code, "link": self.link, "seal_number": self.seal_number, "text": text}


@dataclass(slots=True)
class Position:
    """Where an audit stands: behind this seal."""

    seal_number: int = 0
    hash: bytes = NO_HASH
    sequence: int = 0
    epoch: int = 0
    incarnation: bytes = b""
    witnessed: int = 0


def position_after(batch: bytes) -> Position:
    """Where an audit goes on behind a batch. Raises DecodeError."""
    parsed = pb.SealedBatch.FromString(batch)
    seal = pb.Seal.FromString(parsed.seal.seal)
    last = seal.first_sequence + seal.count - 1
    return Position(
        seal.seal_number, seal_hash(parsed.seal), last, seal.epoch, seal.incarnation, seal.witnessed_seal_number
    )


class LinkAudit:
    """Audits batches of one directed link, given in order. `faults`: what is wrong."""

    def __init__(self, link: str, position: Position, key_of: KeyOf, other_hash: HashOf) -> None:
        self.link = link
        self.position = position
        self.faults: list[Fault] = []
        self._key_of = key_of
        self._other_hash = other_hash

    def take(self, seal_number: int, batch_bytes: bytes) -> None:
        """One more batch."""
        before = self.position
        if seal_number != before.seal_number + 1:
            self._fault("JOURNAL_GAP", seal_number, from_seal=before.seal_number + 1, to_seal=seal_number - 1)
        try:
            batch = pb.SealedBatch.FromString(batch_bytes)
            seal = pb.Seal.FromString(batch.seal.seal)
        except DecodeError:
            self._fault("BATCH_MALFORMED", seal_number)
            self.position = Position(seal_number, sequence=-1)
            return
        self._check_place(seal, seal_number, before)
        self._check_entries(seal, batch)
        self._check_signature(seal, batch.seal)
        self._check_witness(seal, before)
        self.position = position_after(batch_bytes)

    def _check_place(self, seal: pb.Seal, seal_number: int, before: Position) -> None:
        if seal.link != self.link or seal.node != self.link[:2] or seal.seal_number != seal_number:
            self._fault("LINK_MISMATCH", seal_number, other=f"{seal.link[:16]} {seal.seal_number}")
        if before.incarnation and seal.incarnation != before.incarnation:
            self._fault("INCARNATION_CHANGED", seal_number)
            return
        continues = seal_number == before.seal_number + 1 and before.sequence >= 0
        if continues and seal.previous_hash != before.hash:
            self._fault("CHAIN_BROKEN", seal_number)
        if continues and seal.first_sequence != before.sequence + 1:
            self._fault("SEQUENCE_GAP", seal_number, got=seal.first_sequence, expected=before.sequence + 1)
        if seal.epoch < before.epoch:
            self._fault("EPOCH_WENT_BACK", seal_number)

    def _check_entries(self, seal: pb.Seal, batch: pb.SealedBatch) -> None:
        for code, facts in _entry_faults(self.link, seal, batch):
            self._fault(code, seal.seal_number, **facts)

    def _check_signature(self, seal: pb.Seal, signed: pb.SignedSeal) -> None:
        key = self._key_of(seal.node, seal.key_id, seal.sealed_at_us)
        if key is None:
            self._fault("KEY_UNKNOWN", seal.seal_number, key_id=seal.key_id[:64])
        elif key[0] != seal.suite or not verify(*key, signed.signature, signed_bytes(signed.seal)):
            self._fault("BAD_SIGNATURE", seal.seal_number)

    def _check_witness(self, seal: pb.Seal, before: Position) -> None:
        if seal.witnessed_seal_number < before.witnessed:
            self._fault("WITNESS_WENT_BACK", seal.seal_number)
        if seal.witnessed_seal_number and seal.witnessed_seal_number != before.witnessed:
            here = self._other_hash(seal.witnessed_seal_number)
            if here is not None and here != seal.witnessed_seal_hash:
                self._fault("WITNESS_UNKNOWN", seal.seal_number, seal=seal.witnessed_seal_number)

    def end(self, seal_number: int, hash_: bytes) -> None:
        """The journal has ended; the link's own row says where it should have."""
        here = self.position
        if (here.seal_number, here.hash) != (seal_number, hash_):
            self._fault("WATERMARK_MISMATCH", here.seal_number, expected=seal_number, got=here.seal_number)

    def _fault(self, code: str, seal_number: int, **facts: Any) -> None:
        self.faults.append(Fault(code, self.link, seal_number, facts))


def _entry_faults(link: str, seal: pb.Seal, batch: pb.SealedBatch) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where the entries of a batch are not those that its seal names."""
    prefix = leaf_prefix(link)
    leaves = [
        leaf(
            prefix,
            seal.first_sequence + index,
            header_digest(entry.header) if entry.header else NO_HASH,
            stamp_digest(entry.stamp),
        )
        for index, entry in enumerate(batch.entries)
    ]
    if len(leaves) != seal.count or (leaves and MerkleTree(leaves).root != seal.merkle_root):
        yield "ROOT_MISMATCH", {}
        return
    for index, entry in enumerate(batch.entries):
        if entry.header and not _bodies_fit(entry):
            yield "BODY_ALTERED", {"index": index}


def batch_hash(link: str, seal_number: int, batch: bytes) -> bytes:
    """What a batch counts as when two journals are compared: the hash of its seal. One that is not what its seal says
    counts as its own bytes, which no other journal has."""
    try:
        parsed = pb.SealedBatch.FromString(batch)
        seal = pb.Seal.FromString(parsed.seal.seal)
    except DecodeError:
        return hashlib.sha256(batch).digest()
    in_place = seal.link == link and seal.seal_number == seal_number
    if not in_place or next(_entry_faults(link, seal, parsed), None) is not None:
        return hashlib.sha256(batch).digest()
    return seal_hash(parsed.seal)


def _bodies_fit(entry: pb.Entry) -> bool:
    """A private body may have been erased; the digest of one that is there must fit."""
    try:
        header = envelope_pb2.EnvelopeHeader.FromString(entry.header)
    except DecodeError:
        return True  # Sealed as it is: the seal covers it, and its receiver refused it.
    body = hashlib.sha256(entry.body).digest() if entry.body else b""
    private = hashlib.sha256(entry.private_body).digest() if entry.private_body else header.private_body_digest
    return body == header.body_digest and private == header.private_body_digest


def compare(link: str, ours: bytes, theirs: bytes, first: int = 1) -> Difference:
    """Compares two lists of short hashes that begin with seal `first`."""
    counts = [len(hashes) // SHORT_HASH_BYTES for hashes in (ours, theirs)]
    parts_at = 0
    for place in range(min(counts)):
        span = slice(place * SHORT_HASH_BYTES, (place + 1) * SHORT_HASH_BYTES)
        if ours[span] != theirs[span]:
            parts_at = first + place
            break
    return Difference(link, first + counts[0] - 1, first + counts[1] - 1, parts_at)


def short_hashes(link: str, rows: Iterable[Row]) -> bytes:
    """The short hashes of batches, one after the other."""
    return b"".join(batch_hash(link, row.seal_number, row.batch)[:SHORT_HASH_BYTES] for row in rows)

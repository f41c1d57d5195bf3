"""Whether the journals alone prove what was said: every chain, signature, root and proof of origin, computed here anew.

Deliberately written without the product's own sealing and verifying, so that both cannot be wrong in the same way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from common.gen.quanwang.federation.v1 import envelope_pb2, seal_pb2
from common.ids import HQ
from tests.simulation.chains import Keys, keys_of
from tests.simulation.checkers import Ended

EMPTY = bytes(32)


def journals_prove(ended: Ended) -> Iterator[str]:
    """Every journal is one unbroken chain of good seals; both ends of a link hold the same bytes."""
    keys, proved = keys_of(ended.nodes[HQ]), dict[bytes, str]()
    for node, snapshot in ended.nodes.items():
        for link, batches in snapshot.journal.items():
            yield from _chain(node, link, batches, keys, proved)
            sealer, receiver = link.split(">")
            if node == receiver:
                own = dict(ended.nodes[sealer].journal.get(link, []))
                for number, batch in batches:
                    if own.get(number) != batch:
                        yield f"{link} {number}: {receiver} holds other bytes than {sealer} sealed"
        for peer, row in snapshot.links.items():
            yield from _cursors(snapshot.journal, node, peer, row)


def _chain(
    node: str, link: str, batches: Sequence[tuple[int, bytes]], keys: Keys, proved: dict[bytes, str]
) -> Iterator[str]:
    previous, sequence = EMPTY, 0
    for place, (number, batch_bytes) in enumerate(batches, start=1):
        batch = seal_pb2.SealedBatch.FromString(batch_bytes)
        seal = seal_pb2.Seal.FromString(batch.seal.seal)
        where = f"{link} {number} at {node}"
        if number != place or seal.seal_number != number:
            yield f"{where}: seal {seal.seal_number} stands at place {place}"
        if seal.previous_hash != previous:
            yield f"{where}: the chain is broken"
        if seal.first_sequence != sequence + 1 or seal.count != len(batch.entries):
            yield f"{where}: sequences {seal.first_sequence} + {seal.count} after {sequence}"
        digest = hashlib.sha256(batch_bytes).digest()
        if digest not in proved:
            proved[digest] = "; ".join(_batch(link, batch, seal, keys))
        if proved[digest]:
            yield f"{where}: {proved[digest]}"
        previous = hash_of_seal(batch.seal)
        sequence = seal.first_sequence + seal.count - 1


def _batch(link: str, batch: seal_pb2.SealedBatch, seal: seal_pb2.Seal, keys: Keys) -> Iterator[str]:
    sealer = link.split(">")[0]
    if seal.node != sealer or seal.link != link:
        yield "the seal is another link's"
    if not _signed(batch.seal, sealer, keys):
        yield "the signature is not good"
    if _root([_leaf(link, seal.first_sequence + i, e) for i, e in enumerate(batch.entries)]) != seal.merkle_root:
        yield "the root is not that of the entries"
    origins = {hash_of_seal(signed): signed for signed in batch.origin_seals}
    for index, entry in enumerate(batch.entries):
        for fault in _entry(link, entry, origins, keys):
            yield f"entry {index}: {fault}"


def _entry(link: str, entry: seal_pb2.Entry, origins: dict[bytes, seal_pb2.SignedSeal], keys: Keys) -> Iterator[str]:
    if not entry.header:
        return
    outer = envelope_pb2.EnvelopeHeader.FromString(entry.header)
    routing = envelope_pb2.Routing.FromString(outer.routing)
    for content, digest in ((entry.body, outer.body_digest), (entry.private_body, outer.private_body_digest)):
        if digest != (hashlib.sha256(content).digest() if content else b""):
            yield "a body is not the one that was signed"
    sealer, receiver = link.split(">")
    if sealer != HQ:
        if routing.source != sealer:
            yield f"{sealer} spoke for {routing.source}"
        return
    if routing.destination != receiver:
        yield f"HQ sent {receiver} a message for {routing.destination}"
    if routing.source == HQ:
        return
    signed = origins.get(entry.origin.seal_hash)
    if signed is None or not _signed(signed, routing.source, keys):
        yield "no good seal of its origin"
        return
    seal = seal_pb2.Seal.FromString(signed.seal)
    leaf = _leaf(f"{routing.source}>{HQ}", entry.origin.sequence, entry, stamped=False)
    root = _climb(leaf, entry.origin.sequence - seal.first_sequence, seal.count, list(entry.origin.path))
    if seal.link != f"{routing.source}>{HQ}" or root != seal.merkle_root:
        yield "its path does not lead to the root that its origin signed"
    stamp = seal_pb2.Stamp.FromString(entry.stamp)
    if stamp.message_digest != _header_digest(entry.header):
        yield "its stamp is another message's"


def _cursors(
    journal: dict[str, list[tuple[int, bytes]]], node: str, peer: str, row: dict[str, object]
) -> Iterator[str]:
    """The cursors of a link stand at the ends of its two journals."""
    for link, kind in ((f"{node}>{peer}", "sealed"), (f"{peer}>{node}", "received")):
        batches = journal.get(link, [])
        if row[f"{kind}_seal_number"] != len(batches):
            yield f"{link} at {node}: {kind} up to {row[f'{kind}_seal_number']}, {len(batches)} batches are there"
            continue
        last = seal_pb2.SealedBatch.FromString(batches[-1][1]).seal if batches else None
        if row[f"{kind}_hash"] != (hash_of_seal(last) if last is not None else EMPTY):
            yield f"{link} at {node}: the {kind} hash is not that of the last seal"


# The format, as the protocol documents it.


def hash_of_seal(signed: seal_pb2.SignedSeal) -> bytes:
    """SHA-256 over domain and parts, each part behind its length."""
    return tagged(b"quanwang/seal-hash/v1", signed.seal, signed.signature)


def tagged(domain: bytes, *parts: bytes) -> bytes:
    return hashlib.sha256(encoded(domain, *parts)).digest()


def encoded(*pieces: bytes) -> bytes:
    sizes = [len(pieces), *map(len, pieces)]
    head, *rest = [size.to_bytes(8, "little") for size in sizes]
    return head + b"".join(size + piece for size, piece in zip(rest, pieces, strict=True))


def _signed(signed: seal_pb2.SignedSeal, node: str, keys: Keys) -> bool:
    key = keys.get((node, seal_pb2.Seal.FromString(signed.seal).key_id))
    return key is not None and _verified(signed.seal, signed.signature, key.public_key)


@lru_cache(maxsize=4_096)
def _verified(seal: bytes, signature: bytes, public_key: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, encoded(b"quanwang/seal/v1", seal))
    except InvalidSignature:
        return False
    return True


def _header_digest(header: bytes) -> bytes:
    return hashlib.sha256(b"quanwang/header/v1" + header).digest()


def _leaf(link: str, sequence: int, entry: seal_pb2.Entry, stamped: bool = True) -> bytes:
    header = _header_digest(entry.header) if entry.header else EMPTY
    stamp = hashlib.sha256(b"quanwang/stamp/v1" + entry.stamp).digest() if entry.stamp and stamped else EMPTY
    name = link.encode()
    prefix = b"\x00quanwang/leaf/v1" + bytes([len(name)]) + name
    return hashlib.sha256(prefix + sequence.to_bytes(8, "big") + header + stamp).digest()


def _root(leaves: list[bytes]) -> bytes:
    while len(leaves) > 1:
        pairs = [leaves[i : i + 2] for i in range(0, len(leaves), 2)]
        leaves = [hashlib.sha256(b"\x01" + b"".join(pair)).digest() if len(pair) == 2 else pair[0] for pair in pairs]
    return leaves[0] if leaves else b""


def _climb(leaf: bytes, index: int, count: int, path: list[bytes]) -> bytes | None:
    while count > 1:
        if index ^ 1 < count:
            if not path:
                return None
            sibling = path.pop(0)
            leaf = hashlib.sha256(b"\x01" + (sibling + leaf if index % 2 else leaf + sibling)).digest()
        index, count = index // 2, (count + 1) // 2
    return None if path else leaf

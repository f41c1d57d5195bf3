"""Seals: one signature for a batch, by the root of a Merkle tree (RFC 6962 shape), in a hash chain per directed link.

Leaf: SHA-256 of 0x00, domain, link, sequence, digest of the header, digest of the stamp. Node: SHA-256 of 0x01, left,
right; an odd one out is carried up unchanged. The tags keep leaves, nodes and other digests apart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from common.gen.quanwang.federation.v1 import seal_pb2 as pb
from common.security.encoding import pae, tagged_digest
from common.security.signing import Signer

SEAL_SIGNATURE_DOMAIN = b"quanwang/seal/v1"
SEAL_HASH_DOMAIN = b"quanwang/seal-hash/v1"
LEAF_DOMAIN = b"quanwang/leaf/v1"
STAMP_DOMAIN = b"quanwang/stamp/v1"

NO_HASH = bytes(32)
"""In place of the hash of a seal before the first, of a header in a stamp alone, of a stamp where there is none."""

_sha256 = hashlib.sha256


def stamp_digest(stamp: bytes) -> bytes:
    """The digest of a stamp's bytes; of no stamp, 32 zero bytes."""
    return _sha256(STAMP_DOMAIN + stamp).digest() if stamp else NO_HASH


def leaf_prefix(link: str) -> bytes:
    """What all leaves of a directed link begin with."""
    name = link.encode("ascii")
    return b"\x00" + LEAF_DOMAIN + bytes([len(name)]) + name


def leaf(prefix: bytes, sequence: int, header_digest: bytes, stamp: bytes = NO_HASH) -> bytes:
    """The leaf of one entry; `stamp` is its stamp's digest."""
    return _sha256(prefix + sequence.to_bytes(8, "big") + header_digest + stamp).digest()


class MerkleTree:
    """The tree over the leaves of one seal (at least one leaf)."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self._levels: list[Sequence[bytes]] = [leaves]
        level: Sequence[bytes] = leaves
        while len(level) > 1:
            parents = [_sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
            if len(level) % 2:
                parents.append(level[-1])
            self._levels.append(parents)
            level = parents
        self.root = level[0]

    def path(self, index: int) -> list[bytes]:
        """The siblings from leaf `index` up to the root; fewer where the leaf was carried up alone."""
        siblings = []
        for level in self._levels[:-1]:
            sibling = index ^ 1
            if sibling < len(level):
                siblings.append(level[sibling])
            index >>= 1
        return siblings


def root_from_path(leaf_hash: bytes, index: int, count: int, path: Sequence[bytes]) -> bytes | None:
    """The root that a leaf and its path lead to, or None when the path does not fit a tree of `count` leaves."""
    if not 0 <= index < count:
        return None
    siblings = iter(path)
    current, width = leaf_hash, count
    while width > 1:
        if index ^ 1 < width:
            sibling = next(siblings, None)
            if sibling is None or len(sibling) != 32:
                return None
            pair = sibling + current if index & 1 else current + sibling
            current = _sha256(b"\x01" + pair).digest()
        index >>= 1
        width = (width + 1) // 2
    return current if next(siblings, None) is None else None


def sign_seal(seal: pb.Seal, signer: Signer) -> pb.SignedSeal:
    """Signs a seal; its suite and key id are the signer's."""
    seal.suite, seal.key_id = signer.suite, signer.key_id
    seal_bytes = seal.SerializeToString()
    return pb.SignedSeal(seal=seal_bytes, signature=signer.sign(signed_bytes(seal_bytes)))


def signed_bytes(seal: bytes) -> bytes:
    """What the signature of a seal is over."""
    return pae(SEAL_SIGNATURE_DOMAIN, seal)


def seal_hash(signed: pb.SignedSeal) -> bytes:
    """What the next seal of the chain, and origin proofs, refer to a seal by."""
    return tagged_digest(SEAL_HASH_DOMAIN, signed.seal, signed.signature)

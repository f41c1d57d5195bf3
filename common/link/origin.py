"""Proof of origin: that an envelope which the hub relayed was sealed, byte for byte, by the node it names.

The hub sends the envelope, the origin's own seal, and the path between them. What it says about them is never believed:
the seal is found by its computed hash, its signature is checked under the key that the directory bound to the origin at
the moment of admission, and the path must lead from the envelope to the root that the origin signed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Protocol

from google.protobuf.message import DecodeError

from common.gen.quanwang.federation.v1 import seal_pb2 as pb
from common.ids import HQ, NODE_PATTERN, link_name
from common.link.settings import LinkSettings
from common.messaging.envelope import Envelope
from common.messaging.seal import leaf, leaf_prefix, root_from_path, seal_hash, signed_bytes
from common.security.signing import verify

ORIGIN_PROOF_MISSING = "ORIGIN_PROOF_MISSING"
ORIGIN_PROOF_INVALID = "ORIGIN_PROOF_INVALID"
ORIGIN_UNKNOWN = "ORIGIN_UNKNOWN"
ORIGIN_DIRECTORY_FORKED = "ORIGIN_DIRECTORY_FORKED"
"""The origin sealed by another directory of the version that this node has: HQ told the two different things."""


class KeyDirectory(Protocol):
    """What a link must know of the federation's directory."""

    @property
    def version(self) -> int:
        """Counts up with each publication."""

    @property
    def hash(self) -> bytes:
        """Of this version."""

    def signing_key(self, node: str, key_id: str, at_us: int) -> tuple[str, bytes] | None:
        """Suite and public key by which an active node may sign at `at_us` (µs since 1970); None: it may not."""

    def past_signing_key(self, node: str, key_id: str, at_us: int) -> tuple[str, bytes] | None:
        """The same, whatever has become of the node since: for what the hub admitted at `at_us`."""


def seals_by_hash(signed_seals: Iterable[pb.SignedSeal]) -> dict[bytes, pb.SignedSeal]:
    """The origins' seals of a batch by the hash that each really has."""
    return {seal_hash(signed): signed for signed in signed_seals}


CurrentDirectory = Callable[[], KeyDirectory]


class _KnownSeal:
    """A seal that was read before, and what its signature was found to be under which key."""

    __slots__ = (
        "count",
        "directory_hash",
        "directory_version",
        "first_sequence",
        "good",
        "key",
        "key_id",
        "leaf_prefix",
        "merkle_root",
        "source",
        "suite",
    )

    def __init__(self, seal: pb.Seal) -> None:
        # A seal on any other link than the one to the hub proves nothing about anybody.
        to_hub = NODE_PATTERN.fullmatch(seal.node) and seal.link == link_name(seal.node, HQ)
        self.source = seal.node if to_hub else ""
        self.leaf_prefix = leaf_prefix(seal.link) if self.source else b""
        self.first_sequence = seal.first_sequence
        self.count = seal.count
        self.merkle_root = seal.merkle_root
        self.suite = seal.suite
        self.directory_version = seal.directory_version
        self.directory_hash = seal.directory_hash
        self.key_id = seal.key_id
        self.key: tuple[str, bytes] | None = None
        self.good = False


class OriginProofs:
    """Judges proofs of origin; remembers the seals it has verified, since one seal proves many envelopes.

    One for a node, so that what it remembers outlives a stream. Its memory is bounded by the settings: at most so many
    seals, each of at most so many bytes.
    """

    def __init__(self, directory: CurrentDirectory, settings: LinkSettings) -> None:
        self._directory = directory
        self._settings = settings
        self._seals: OrderedDict[bytes, _KnownSeal] = OrderedDict()

    def judge(
        self, envelope: Envelope, proof: pb.OriginProof | None, signed: pb.SignedSeal | None, admitted_at_us: int
    ) -> str:
        """The code of what is wrong with the origin of `envelope`; empty when it is proved.

        `signed` must be the seal whose computed hash is `proof.seal_hash`; the key is judged at `admitted_at_us`.
        """
        if proof is None or signed is None:
            return ORIGIN_PROOF_MISSING
        known = self._known_seal(proof.seal_hash, signed)
        if known is None:
            return ORIGIN_PROOF_INVALID
        source = envelope.routing.source
        if known.source != source:
            return ORIGIN_PROOF_INVALID
        directory = self._directory()
        key = directory.past_signing_key(source, known.key_id, admitted_at_us)
        if key is None:
            return ORIGIN_UNKNOWN
        path = proof.path
        if not self._signature_good(known, signed, key) or len(path) > self._settings.origin_path_hashes_max:
            return ORIGIN_PROOF_INVALID
        if known.directory_version == directory.version and known.directory_hash != directory.hash:
            return ORIGIN_DIRECTORY_FORKED
        sequence = proof.sequence
        leaf_hash = leaf(known.leaf_prefix, sequence, envelope.digest)
        root = root_from_path(leaf_hash, sequence - known.first_sequence, known.count, path)
        return "" if root is not None and root == known.merkle_root else ORIGIN_PROOF_INVALID

    def _known_seal(self, hash_of_seal: bytes, signed: pb.SignedSeal) -> _KnownSeal | None:
        known = self._seals.get(hash_of_seal)
        if known is not None:
            return known
        settings = self._settings
        if len(signed.seal) > settings.seal_bytes_max or len(signed.signature) > settings.signature_bytes_max:
            return None
        try:
            known = _KnownSeal(pb.Seal.FromString(signed.seal))
        except DecodeError:
            return None
        self._seals[hash_of_seal] = known
        if len(self._seals) > settings.origin_seals_cached_max:
            # The oldest; two threads may both find one too many, and then one of them finds nothing left to drop.
            with suppress(KeyError):
                self._seals.popitem(last=False)
        return known

    def _signature_good(self, known: _KnownSeal, signed: pb.SignedSeal, key: tuple[str, bytes]) -> bool:
        if known.key != key:
            suite, public_key = key
            signed_data = signed_bytes(signed.seal)
            # First what was found, then for which key: another thread must never see the one without the other.
            known.good = known.suite == suite and verify(suite, public_key, signed.signature, signed_data)
            known.key = key
        return known.good

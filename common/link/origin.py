"""Proof of origin: that an envelope which the hub relayed was sealed, byte for byte, by the node it names.

The hub sends the envelope, the origin's own seal, and the path between them. What it says about them is never believed:
the seal is found by its computed hash, its signature is checked under the key that the directory bound to the origin at
the moment of admission, and the path must lead from the envelope to the root that the origin signed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from google.protobuf.message import DecodeError

from common.gen.quanwang.federation.v1 import seal_pb2 as pb
from common.ids import HQ, link_name
from common.link.settings import LinkSettings
from common.messaging.envelope import Envelope
from common.messaging.seal import leaf, leaf_prefix, root_from_path, seal_hash, signed_bytes
from common.security.signing import verify

ORIGIN_PROOF_MISSING = "ORIGIN_PROOF_MISSING"
ORIGIN_PROOF_INVALID = "ORIGIN_PROOF_INVALID"
ORIGIN_UNKNOWN = "ORIGIN_UNKNOWN"


class KeyDirectory(Protocol):
    """What a link must know of the federation's directory."""

    @property
    def version(self) -> int:
        """Counts up with each publication."""

    def signing_key(self, node: str, key_id: str, at_us: int) -> tuple[str, bytes] | None:
        """Suite and public key by which an active node may sign at `at_us` (µs since 1970); None: it may not."""

    def past_signing_key(self, node: str, key_id: str, at_us: int) -> tuple[str, bytes] | None:
        """The same, whatever has become of the node since: for what the hub admitted at `at_us`."""


def seals_by_hash(signed_seals: Iterable[pb.SignedSeal]) -> dict[bytes, pb.SignedSeal]:
    """The origins' seals of a batch by the hash that each really has."""
    return {seal_hash(signed): signed for signed in signed_seals}


CurrentDirectory = Callable[[], KeyDirectory]


@dataclass(slots=True)
class _KnownSeal:
    """A seal that was read before, and what its signature was found to be under which key."""

    seal: pb.Seal
    key: tuple[str, bytes] | None = None
    good: bool = False


class OriginProofs:
    """Judges proofs of origin; remembers the seals it has verified, since one seal proves many envelopes.

    One for a node, so that what it remembers outlives a stream. Its memory is bounded by the settings: at most so many
    seals, each of at most so many bytes.
    """

    def __init__(self, directory: CurrentDirectory, settings: LinkSettings) -> None:
        self._directory = directory
        self._settings = settings
        self._seals: OrderedDict[bytes, _KnownSeal] = OrderedDict()
        self._prefixes: dict[str, bytes] = {}

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
        seal, source = known.seal, envelope.routing.source
        if seal.node != source or seal.link != link_name(source, HQ):
            return ORIGIN_PROOF_INVALID
        key = self._directory().past_signing_key(source, seal.key_id, admitted_at_us)
        if key is None:
            return ORIGIN_UNKNOWN
        if not self._signature_good(known, signed, key):
            return ORIGIN_PROOF_INVALID
        if len(proof.path) > self._settings.origin_path_hashes_max:
            return ORIGIN_PROOF_INVALID
        prefix = self._prefixes.get(source)
        if prefix is None:
            prefix = self._prefixes[source] = leaf_prefix(seal.link)
        sequence = proof.sequence
        leaf_hash = leaf(prefix, sequence, envelope.digest)
        root = root_from_path(leaf_hash, sequence - seal.first_sequence, seal.count, proof.path)
        return "" if root is not None and root == seal.merkle_root else ORIGIN_PROOF_INVALID

    def _known_seal(self, hash_of_seal: bytes, signed: pb.SignedSeal) -> _KnownSeal | None:
        known = self._seals.get(hash_of_seal)
        if known is not None:
            # The writer's thread, judging anew, may have dropped it in this moment; then it need not be kept longer.
            with suppress(KeyError):
                self._seals.move_to_end(hash_of_seal)
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
            with suppress(KeyError):
                self._seals.popitem(last=False)
        return known

    def _signature_good(self, known: _KnownSeal, signed: pb.SignedSeal, key: tuple[str, bytes]) -> bool:
        if known.key != key:
            suite, public_key = key
            signed_data = signed_bytes(signed.seal)
            # First what was found, then for which key: another thread must never see the one without the other.
            known.good = known.seal.suite == suite and verify(suite, public_key, signed.signature, signed_data)
            known.key = key
        return known.good

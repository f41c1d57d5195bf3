"""The seals of a bundle: whose they are, and whether their signatures are good. Under them stand the statements."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from common.evidence.findings import Finding, found
from common.evidence.trust import HASH_BYTES, KnownKey, Trust
from common.gen.quanwang.federation.v1 import seal_pb2 as pb
from common.messaging.seal import seal_hash, signed_bytes
from common.security.signing import verify

HUB = "00"
NODE = re.compile(r"[0-9]{2}")
LINK = re.compile(r"([0-9]{2})>([0-9]{2})")

SEAL_BYTES_MAX = 1_024
SIGNATURE_BYTES_MAX = 8_192


@dataclass(slots=True)
class GoodSeal:
    """A seal whose signature is by the key that the directory names for its node."""

    seal: pb.Seal
    hash: bytes
    signature: bytes
    key: KnownKey
    receiver: str
    witnessed_at_us: int = 0
    """The hub's time of the first of its seals here that acknowledges this one or a later one; 0: none does."""

    @property
    def node(self) -> str:
        return self.seal.node


def check_seals(signed_seals: Sequence[pb.SignedSeal], trust: Trust) -> tuple[list[GoodSeal | None], list[Finding]]:
    """The good seals by their places (None: not good), and what is wrong with the others."""
    findings: list[Finding] = []
    seals = [_check(signed, f"seal {place}", trust, findings) for place, signed in enumerate(signed_seals)]
    _mark_witnessed([seal for seal in seals if seal is not None])
    return seals, findings


def _check(signed: pb.SignedSeal, where: str, trust: Trust, findings: list[Finding]) -> GoodSeal | None:
    problem = ""
    seal = pb.Seal()
    if len(signed.seal) > SEAL_BYTES_MAX or len(signed.signature) > SIGNATURE_BYTES_MAX:
        problem = "larger than the limit"
    else:
        try:
            seal = pb.Seal.FromString(signed.seal)
        except DecodeError:
            problem = "not a seal"
    link = LINK.fullmatch(seal.link)
    if not problem:
        problem = _malformed(seal, link)
    if problem or link is None:
        findings.append(found("SEAL_MALFORMED", where, detail=problem))
        return None
    key = trust.signing_key(seal.node, seal.key_id)
    if key is None:
        if trust.knows(seal.node):
            findings.append(found("KEY_NOT_IN_DIRECTORY", where, node=seal.node, key_id=seal.key_id[:64]))
        elif not trust.empty:
            findings.append(found("NODE_NOT_IN_DIRECTORY", where, node=seal.node))
        return None
    if key.suite != seal.suite:
        findings.append(found("SUITE_MISMATCH", where, suite=seal.suite[:32]))
        return None
    if not verify(key.suite, key.public_key, signed.signature, signed_bytes(signed.seal)):
        findings.append(found("SEAL_SIGNATURE_BAD", where, seal_number=seal.seal_number, link=seal.link))
        return None
    trust.check_named(seal.directory_version, seal.directory_hash, where)
    return GoodSeal(seal, seal_hash(signed), signed.signature, key, link.group(2))


def _malformed(seal: pb.Seal, link: re.Match[str] | None) -> str:
    if link is None or link.group(1) != seal.node or link.group(1) == link.group(2) or HUB not in link.groups():
        return "its link is not one of its node with the hub"
    if len(seal.merkle_root) != HASH_BYTES or seal.seal_number < 1 or seal.first_sequence < 1:
        return "its numbers or its root"
    return ""


def _mark_witnessed(seals: list[GoodSeal]) -> None:
    """What the hub has sealed about having received: it covers the named seal and all that this one follows."""
    by_hash = {seal.hash: seal for seal in seals}
    for witness in sorted((seal for seal in seals if seal.node == HUB), key=lambda seal: seal.seal.sealed_at_us):
        seal = by_hash.get(witness.seal.witnessed_seal_hash)
        while seal is not None and seal.node == witness.receiver and not seal.witnessed_at_us:
            seal.witnessed_at_us = witness.seal.sealed_at_us
            seal = by_hash.get(seal.seal.previous_hash)

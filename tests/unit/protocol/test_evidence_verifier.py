"""A second verifier of evidence, written from docs/evidence.md and docs/protocol.md with nothing but SHA-256, Ed25519
and protobuf. It knows the steps that an ordinary file needs, and refuses everything else."""

from __future__ import annotations

import ast
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from common.evidence.verifier import verify_evidence
from common.gen.quanwang.evidence.v1 import evidence_pb2
from common.gen.quanwang.federation.v1 import directory_pb2, envelope_pb2, seal_pb2

VECTOR: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[2] / "vectors" / "evidence.json").read_text(encoding="utf-8")
)
FILE, ROOT_KEY = bytes.fromhex(VECTOR["file"]), bytes.fromhex(VECTOR["root_public_key"])
ZERO32 = bytes(32)


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def pae(*pieces: bytes) -> bytes:
    lengths = [len(piece).to_bytes(8, "little") for piece in pieces]
    return len(pieces).to_bytes(8, "little") + b"".join(a + b for a, b in zip(lengths, pieces, strict=True))


def require_signature(key: bytes, signature: bytes, content: bytes) -> None:
    Ed25519PublicKey.from_public_bytes(key).verify(signature, content)


def follow(hash_: bytes, index: int, width: int, path: bytes) -> bytes:
    assert 0 <= index < width
    rest = [path[start : start + 32] for start in range(0, len(path), 32)]
    while width > 1:
        if index ^ 1 < width:
            sibling = rest.pop(0)
            hash_ = sha256(b"\x01", sibling, hash_) if index % 2 else sha256(b"\x01", hash_, sibling)
        index, width = index // 2, (width + 1) // 2
    assert not rest
    return hash_


def second_verifier(file: bytes, root: bytes) -> tuple[str, str]:
    """Who decided, and what. Raises where anything is not as it should be."""
    assert file[:8] == b"QWEVID1\n"
    assert len(file) == 16 + int.from_bytes(file[8:16], "big")
    bundle = evidence_pb2.Bundle.FromString(file[16:])
    keys, hashes = {}, {}
    for directory in bundle.directories:
        require_signature(root, directory.head_signature, pae(b"quanwang/directory-head/v1", directory.head))
        head = directory_pb2.DirectoryHead.FromString(directory.head)
        hashes[head.version] = head.directory_hash
        for node in directory.nodes:
            leaf = sha256(b"\x00quanwang/directory-entry/v1", node.entry)
            assert follow(leaf, node.index, head.count, node.path) == head.merkle_root
            entry = directory_pb2.NodeEntry.FromString(node.entry)
            keys |= {(entry.node, key.key_id): key for key in entry.keys if key.use == directory_pb2.KEY_USE_SIGNING}
    seals = []
    for signed in bundle.seals:
        seal = seal_pb2.Seal.FromString(signed.seal)
        assert seal.link.startswith(seal.node + ">")
        assert hashes[seal.directory_version] == seal.directory_hash
        require_signature(
            keys[seal.node, seal.key_id].public_key, signed.signature, pae(b"quanwang/seal/v1", signed.seal)
        )
        seals.append(seal)
    messages, proved, stamps = [], set(), {}
    for envelope in bundle.envelopes:
        header = envelope_pb2.EnvelopeHeader.FromString(envelope.header)
        assert header.body_digest == (sha256(envelope.body) if envelope.body else b"")
        routing = envelope_pb2.Routing.FromString(header.routing)
        assert routing.request_id == bundle.request_id
        messages.append((routing, sha256(b"quanwang/header/v1", envelope.header)))
    for statement in bundle.statements:
        seal = seals[statement.seal]
        routing, digest = messages[statement.envelope - 1]
        stamped = sha256(b"quanwang/stamp/v1", statement.stamp) if statement.stamp else ZERO32
        link = seal.link.encode()
        prefix = b"\x00quanwang/leaf/v1" + bytes([len(link)]) + link
        leaf = sha256(prefix, statement.sequence.to_bytes(8, "big"), digest, stamped)
        place = statement.sequence - seal.first_sequence
        assert follow(leaf, place, seal.count, statement.path) == seal.merkle_root
        if seal.node == "00":
            assert seal.link == f"00>{routing.destination}"
            stamp = seal_pb2.Stamp.FromString(statement.stamp)
            assert (stamp.message_digest, stamp.request_id) == (digest, bundle.request_id)
            assert stamp.destination == routing.leg_destination
            stamps[digest] = stamp
        else:
            assert (seal.node, statement.stamp) == (routing.source, b"")
            proved.add(digest)
    assert proved == {digest for _, digest in messages}
    assert len({(s.hub_position, s.business_date, s.admitted_at_us) for s in stamps.values()}) == 1
    (asked, asked_digest), (answer, answer_digest) = messages
    assert (asked.phase, answer.phase) == (envelope_pb2.PHASE_REQUEST, envelope_pb2.PHASE_FINAL)
    assert (answer.in_reply_to, answer.request_digest) == (asked.message_id, asked_digest)
    assert (answer.source, answer.destination) == (asked.leg_destination, asked.source)
    assert stamps[asked_digest].verdict == seal_pb2.VERDICT_ADMITTED
    assert stamps[answer_digest].verdict == seal_pb2.VERDICT_RELAYED
    return answer.source, envelope_pb2.Outcome.Name(answer.outcome).removeprefix("OUTCOME_").lower()


def test_the_second_verifier_finds_what_the_vector_says() -> None:
    assert second_verifier(FILE, ROOT_KEY) == (VECTOR["decided"]["by"], VECTOR["decided"]["outcome"])


def test_ours_finds_the_same() -> None:
    verdict = verify_evidence(FILE, [ROOT_KEY])
    assert (verdict.verdict, verdict.findings) == ("proved", [])
    (leg,) = verdict.to_dict()["legs"]
    assert leg["decided"] == VECTOR["decided"] | {"reason_code": ""}


def test_what_ours_still_proves_after_a_change_the_second_verifier_proves_too() -> None:
    """Who exported when may change, and nothing else; ours knows more steps and may be the stricter one."""
    proved = 0
    for place in range(16, len(FILE), 7):
        changed = bytearray(FILE)
        changed[place] ^= 0x10
        if verify_evidence(bytes(changed), [ROOT_KEY]).verdict == "proved":
            proved += 1
            assert second_verifier(bytes(changed), ROOT_KEY) == ("44", "completed"), place
    assert proved < 5


def test_the_second_verifier_uses_none_of_our_code() -> None:
    tree = ast.parse(Path(__file__).read_text(encoding="utf-8"))
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "second_verifier")
    names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    assert "verify_evidence" not in names


def test_the_wrong_root_is_refused_by_both() -> None:
    other = sha256(b"another")
    assert verify_evidence(FILE, [other]).verdict == "refuted"
    with pytest.raises((InvalidSignature, ValueError)):
        second_verifier(FILE, other)

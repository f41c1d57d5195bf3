"""A verifier of its own, written from docs/protocol.md with nothing but SHA-256, Ed25519, HPKE and protobuf.

It imports no code of the nodes, only the generated messages, and judges the vectors as another language would.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from common.gen.quanwang.federation.v1 import directory_pb2, enrolment_pb2, envelope_pb2, seal_pb2

VECTORS = Path(__file__).resolve().parents[2] / "vectors"
ZERO32 = bytes(32)


def vector(name: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))


def sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def u64le(number: int) -> bytes:
    return number.to_bytes(8, "little")


def pae(*pieces: bytes) -> bytes:
    return u64le(len(pieces)) + b"".join(u64le(len(piece)) + piece for piece in pieces)


def header_digest(header: bytes) -> bytes:
    return sha256(b"quanwang/header/v1" + header)


def stamp_digest(stamp: bytes) -> bytes:
    return sha256(b"quanwang/stamp/v1" + stamp) if stamp else ZERO32


def leaf(link: str, sequence: int, header: bytes, stamp: bytes) -> bytes:
    name = link.encode()
    return sha256(b"\x00quanwang/leaf/v1" + bytes([len(name)]) + name + sequence.to_bytes(8, "big") + header + stamp)


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right)


def root_of(leaves: list[bytes]) -> bytes:
    level = leaves
    while len(level) > 1:
        pairs = [node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + ([level[-1]] if len(level) % 2 else [])
    return level[0]


def follow(hash_: bytes, index: int, width: int, path: list[bytes]) -> bytes | None:
    if not 0 <= index < width:
        return None
    rest = list(path)
    while width > 1:
        if index ^ 1 < width:
            if not rest or len(rest[0]) != 32:
                return None
            sibling = rest.pop(0)
            hash_ = node(sibling, hash_) if index % 2 else node(hash_, sibling)
        index, width = index // 2, (width + 1) // 2
    return hash_ if not rest else None


def signed_by(public_key: bytes, signature: bytes, content: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, content)
    except InvalidSignature:
        return False
    return True


def seal_hash(signed: seal_pb2.SignedSeal) -> bytes:
    return sha256(pae(b"quanwang/seal-hash/v1", signed.seal, signed.signature))


def good_seal(signed: seal_pb2.SignedSeal, public_key: bytes) -> seal_pb2.Seal:
    seal = seal_pb2.Seal.FromString(signed.seal)
    assert seal.suite == "ed25519"
    assert seal.key_id == "ed25519:" + hashlib.sha256(public_key).hexdigest()[:16]
    assert signed_by(public_key, signed.signature, pae(b"quanwang/seal/v1", signed.seal))
    return seal


def test_the_header() -> None:
    known = vector("header")
    outer = envelope_pb2.EnvelopeHeader.FromString(bytes.fromhex(known["header"]))
    assert outer.routing.hex() == known["routing"]
    assert outer.body_digest == sha256(bytes.fromhex(known["body"]))
    assert outer.private_body_digest == b""
    assert header_digest(bytes.fromhex(known["header"])).hex() == known["header_digest"]
    routing = envelope_pb2.Routing.FromString(outer.routing)
    assert (routing.request_id + (routing.source + routing.leg_destination).encode()).hex() == known["leg_id"]


def test_leaves_trees_and_all_paths() -> None:
    known = vector("trees")
    leaves = [
        leaf(known["link"], known["first_sequence"] + number, bytes.fromhex(digest), ZERO32)
        for number, digest in enumerate(known["header_digests"])
    ]
    assert [each.hex() for each in leaves] == known["leaves"]
    stamped = known["stamped_leaf"]
    stamp = stamp_digest(bytes.fromhex(stamped["stamp"]))
    assert stamp.hex() == stamped["stamp_digest"]
    digest = bytes.fromhex(stamped["header_digest"])
    assert leaf(stamped["link"], stamped["sequence"], digest, stamp).hex() == stamped["leaf"]
    assert [tree["count"] for tree in known["trees"]] == [1, 2, 3, 5, 8]
    for tree in known["trees"]:
        root = bytes.fromhex(tree["root"])
        assert root_of(leaves[: tree["count"]]) == root
        for index, written in enumerate(tree["paths"]):
            path = [bytes.fromhex(part) for part in written]
            assert follow(leaves[index], index, tree["count"], path) == root
            assert follow(leaves[index], index, tree["count"], [*path, ZERO32]) is None
            assert follow(leaves[(index + 1) % 8], index, tree["count"], path) != root


def test_the_chain_of_seals() -> None:
    known = vector("seals")
    previous = ZERO32
    for number, written in enumerate(known["chain"], start=1):
        signed = seal_pb2.SignedSeal(seal=bytes.fromhex(written["seal"]), signature=bytes.fromhex(written["signature"]))
        assert pae(b"quanwang/seal/v1", signed.seal).hex() == written["signed_bytes"]
        seal = good_seal(signed, bytes.fromhex(known["public_key"]))
        assert (seal.seal_number, seal.previous_hash) == (number, previous)
        previous = seal_hash(signed)
        assert previous.hex() == written["hash"]


def verify_batch(batch_bytes: bytes, keys: dict[str, bytes], link: str) -> list[str]:
    """Verifies a batch as a province receives it from HQ; who said each entry. Raises AssertionError."""
    batch = seal_pb2.SealedBatch.FromString(batch_bytes)
    sealer = link.split(">")[0]
    seal = good_seal(batch.seal, keys[sealer])
    assert (seal.node, seal.link, seal.count) == (sealer, link, len(batch.entries))
    leaves = [
        leaf(link, seal.first_sequence + index, header_digest(entry.header), stamp_digest(entry.stamp))
        for index, entry in enumerate(batch.entries)
    ]
    assert root_of(leaves) == seal.merkle_root
    origins = {seal_hash(signed): signed for signed in batch.origin_seals}
    said = []
    for entry in batch.entries:
        outer = envelope_pb2.EnvelopeHeader.FromString(entry.header)
        routing = envelope_pb2.Routing.FromString(outer.routing)
        assert outer.body_digest == (sha256(entry.body) if entry.body else b"")
        if routing.source != sealer:
            stamp = seal_pb2.Stamp.FromString(entry.stamp)
            assert stamp.message_digest == header_digest(entry.header)
            assert (stamp.request_id, stamp.destination) == (routing.request_id, routing.leg_destination)
            origin = good_seal(origins[entry.origin.seal_hash], keys[routing.source])
            assert (origin.node, origin.link) == (routing.source, routing.source + ">00")
            own = leaf(origin.link, entry.origin.sequence, header_digest(entry.header), ZERO32)
            index = entry.origin.sequence - origin.first_sequence
            assert follow(own, index, origin.count, list(entry.origin.path)) == origin.merkle_root
        said.append(routing.source)
    return said


def test_a_complete_batch_with_proof_of_origin() -> None:
    known = vector("batch")
    keys = {each: bytes.fromhex(key) for each, key in known["keys"].items()}
    batch_bytes = bytes.fromhex(known["batch"])
    assert verify_batch(batch_bytes, keys, known["link"]) == ["31", "00"]
    assert seal_hash(seal_pb2.SealedBatch.FromString(batch_bytes).seal).hex() == known["seal_hash"]


@pytest.mark.parametrize("part", ["header", "body", "stamp", "path", "origin seal", "signature"])
def test_the_verifier_bites(part: str) -> None:
    known = vector("batch")
    keys = {each: bytes.fromhex(key) for each, key in known["keys"].items()}
    batch = seal_pb2.SealedBatch.FromString(bytes.fromhex(known["batch"]))
    entry = batch.entries[0]
    if part == "path":
        entry.origin.path[0] = ZERO32
    elif part == "origin seal":
        batch.origin_seals[0].signature = bytes(64)
    elif part == "signature":
        batch.seal.signature = bytes(64)
    else:
        setattr(entry, part, getattr(entry, part)[:-1] + b"\x00")
    with pytest.raises((AssertionError, KeyError)):
        verify_batch(batch.SerializeToString(), keys, known["link"])


def test_the_directories() -> None:
    known = vector("directory")
    root = bytes.fromhex(known["root_public_key"])
    previous = ZERO32
    for number, written in enumerate(known["versions"], start=1):
        content = bytes.fromhex(written["directory"])
        assert signed_by(root, bytes.fromhex(written["signature"]), pae(b"quanwang/directory/v1", content))
        directory = directory_pb2.Directory.FromString(content)
        assert (directory.version, directory.previous_hash) == (number, previous)
        previous = sha256(pae(b"quanwang/directory-hash/v1", content))
        assert signed_by(
            root,
            bytes.fromhex(written["head_signature"]),
            pae(b"quanwang/directory-head/v1", bytes.fromhex(written["head"])),
        )
        head = directory_pb2.DirectoryHead.FromString(bytes.fromhex(written["head"]))
        entries = [entry.SerializeToString() for entry in directory.nodes]
        assert all(entry in content for entry in entries), "re-encoded otherwise; take the bytes from the directory"
        leaves = [sha256(b"\x00quanwang/directory-entry/v1" + entry) for entry in entries]
        assert (head.merkle_root, head.count) == (root_of(leaves), len(leaves))
        assert (head.version, head.directory_hash, head.previous_hash) == (number, previous, directory.previous_hash)
        assert (head.issued_at_us, head.valid_until_us) == (directory.issued_at_us, directory.valid_until_us)
        assert previous.hex() == written["hash"]
        for entry in directory.nodes:
            for key in entry.keys:
                assert key.key_id == f"{key.suite}:{hashlib.sha256(key.public_key).hexdigest()[:16]}"


def test_the_invitation() -> None:
    known = vector("enrolment")["invitation"]
    prefix, version, encoded, check = known["text"].split(":")
    assert (prefix, version) == ("quanwang-invitation", "1")
    assert check == hashlib.sha256(f"{prefix}:{version}:{encoded}".encode()).hexdigest()[:8]
    message = enrolment_pb2.Invitation.FromString(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    assert (message.node, message.address, message.secret.hex()) == ("31", known["address"], known["secret"])
    assert message.root_public_key.hex() == known["root_public_key"]


def test_the_proof_of_possession() -> None:
    known = vector("enrolment")["proof_of_possession"]
    names = ("secret", "signing_public_key", "private_body_public_key", "certificate_request")
    content = pae(b"quanwang/enrolment/v1", known["node"].encode(), *(bytes.fromhex(known[name]) for name in names))
    assert content.hex() == known["signed_bytes"]
    assert signed_by(bytes.fromhex(known["signing_public_key"]), bytes.fromhex(known["signature"]), content)


def test_the_private_body() -> None:
    known = vector("private_body")
    body = envelope_pb2.PrivateBody.FromString(bytes.fromhex(known["private_body"]))
    binding = sha256(pae(b"quanwang/private-body/v1", bytes.fromhex(known["routing"])))
    suite = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
    assert {key.node for key in body.keys} == {"31", "44"}
    for key in body.keys:
        secret = X25519PrivateKey.from_private_bytes(bytes.fromhex(known["private_keys"][key.node]))
        public_key = secret.public_key().public_bytes_raw()
        assert key.key_id == "hpke-x25519:" + hashlib.sha256(public_key).hexdigest()[:16]
        content_key = suite.decrypt(key.wrapped, secret, binding)
        padded = AESGCM(content_key).decrypt(body.nonce, body.ciphertext, binding)
        assert padded[:32] == ZERO32
        assert padded[32:].hex() == known["text"]


def test_the_verifier_is_independent() -> None:
    tree = ast.parse(Path(__file__).read_text(encoding="utf-8"))
    modules = {each.module for each in ast.walk(tree) if isinstance(each, ast.ImportFrom) and each.module}
    assert {module for module in modules if module.startswith(("common", "hq_node", "province_node"))} == {
        "common.gen.quanwang.federation.v1"
    }

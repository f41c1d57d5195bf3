"""The vectors are what the code makes, and the code takes them; the independent verifier stands in test_verifier.py."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from common.directory.invitation import decode_invitation
from common.directory.model import Directory, KeyUse, NodeEntry, NodeKey, NodeStatus, accept
from common.directory.signing import open_directory
from common.gen.quanwang.federation.v1 import directory_pb2
from common.link.receiver import Receiver
from common.link.settings import LinkSettings
from common.link.watermark import Position
from common.messaging.envelope import parse
from common.messaging.incoming import ReceivedBatch
from common.messaging.seal import root_from_path
from common.security.private_bodies import X25519PrivateKeys, decrypt_private_body
from common.security.signing import ED25519, key_id_of
from tests.support.link import DirectoryHolder, judge_of

ROOT = Path(__file__).resolve().parents[3]
NOW_US = 1_800_000_000_000_000


def vector(name: str) -> Any:
    return json.loads((ROOT / "tests" / "vectors" / f"{name}.json").read_text(encoding="utf-8"))


def test_the_vectors_are_what_the_code_makes() -> None:
    checked = subprocess.run(
        [sys.executable, "-c", "import make_vectors, sys; sys.exit(make_vectors.main(['--check']))"],
        cwd=ROOT / "scripts",
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_code_takes_the_header() -> None:
    known = vector("header")
    envelope = parse(bytes.fromhex(known["header"]), bytes.fromhex(known["body"]), b"")
    assert envelope.digest.hex() == known["header_digest"]
    assert envelope.routing_bytes.hex() == known["routing"]


def test_the_code_takes_every_path() -> None:
    known = vector("trees")
    leaves = [bytes.fromhex(each) for each in known["leaves"]]
    for tree in known["trees"]:
        for index, path in enumerate(tree["paths"]):
            root = root_from_path(leaves[index], index, tree["count"], [bytes.fromhex(part) for part in path])
            assert root is not None
            assert root.hex() == tree["root"]


def test_the_code_takes_the_batch() -> None:
    known = vector("batch")
    nodes = []
    for node, public_key in known["keys"].items():
        key = bytes.fromhex(public_key)
        signing = NodeKey(key_id_of(ED25519, key), KeyUse.SIGNING, ED25519, key, 0)
        nodes.append(NodeEntry(node, node, node, NodeStatus.ACTIVE, (signing,)))
    directory = DirectoryHolder(Directory(2, bytes(32), bytes(32), 1, 2, nodes, {}))
    settings = LinkSettings()
    receiver = Receiver("44", "00", Position(), directory, judge_of("44", directory, settings), settings)
    receiver.begin(b"00" * 8)
    batch = receiver.check(bytes.fromhex(known["batch"]), NOW_US)
    assert isinstance(batch, ReceivedBatch)
    assert [entry.fault for entry in batch.entries] == ["", ""]
    assert batch.seal_hash.hex() == known["seal_hash"]


def test_the_code_takes_the_directories() -> None:
    known = vector("directory")
    current: Directory | None = None
    for version in known["versions"]:
        signed = directory_pb2.SignedDirectory(
            directory=bytes.fromhex(version["directory"]),
            key_id=known["key_id"],
            signature=bytes.fromhex(version["signature"]),
            head=bytes.fromhex(version["head"]),
            head_signature=bytes.fromhex(version["head_signature"]),
        )
        directory = open_directory(signed, bytes.fromhex(known["root_public_key"]))
        assert directory.hash.hex() == version["hash"]
        assert accept(current, directory)
        current = directory


def test_the_code_takes_the_invitation() -> None:
    known = vector("enrolment")["invitation"]
    invitation = decode_invitation(known["text"])
    assert (invitation.node, invitation.address, invitation.secret.hex()) == ("31", known["address"], known["secret"])


def test_the_code_opens_the_private_body() -> None:
    known = vector("private_body")
    for node, secret in known["private_keys"].items():
        keys = X25519PrivateKeys([X25519PrivateKey.from_private_bytes(bytes.fromhex(secret))])
        body, routing = bytes.fromhex(known["private_body"]), bytes.fromhex(known["routing"])
        assert decrypt_private_body(body, routing, node, keys).hex() == known["text"]

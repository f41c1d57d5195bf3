"""Whatever the bytes are: a directory, or a named error."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.directory.malformed import MalformedDirectory
from common.directory.model import NodeStatus
from common.directory.regions import ALL_PROVINCES
from common.directory.signing import DirectoryNotByRoot, open_directory
from common.directory.wire import decode_directory, decode_signed
from common.gen.quanwang.federation.v1 import directory_pb2 as pb
from common.security.signing import Ed25519Signer


def edit(first: pb.SignedDirectory, change: Any) -> bytes:
    parsed = pb.Directory.FromString(first.directory)
    change(parsed)
    return parsed.SerializeToString()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(lambda d: setattr(d, "version", 0), "not positive", id="zero version"),
        pytest.param(lambda d: setattr(d, "version", 2), "first version alone", id="second without first"),
        pytest.param(lambda d: setattr(d, "previous_hash", b"1"), "32 bytes", id="short hash"),
        pytest.param(lambda d: setattr(d, "valid_until_us", 0), "times", id="times"),
        pytest.param(lambda d: d.nodes.append(d.nodes[0]), "node is listed twice", id="node twice"),
        pytest.param(lambda d: d.nodes.__delitem__(0), "HQ is not listed", id="no HQ"),
        pytest.param(lambda d: setattr(d.nodes[1], "node", "3x"), "two digits", id="node code"),
        pytest.param(lambda d: d.nodes[1].keys.append(d.nodes[1].keys[0]), "key is listed twice", id="key twice"),
        pytest.param(
            lambda d: d.nodes[1].keys.append(d.nodes[2].keys[0]), "signing key is listed twice", id="signing key twice"
        ),
        pytest.param(lambda d: setattr(d.nodes[1].keys[0], "public_key", bytes(32)), "does not belong", id="other key"),
        pytest.param(lambda d: setattr(d.nodes[1].keys[0], "suite", "other"), "does not belong", id="other suite"),
        pytest.param(lambda d: setattr(d.nodes[1], "tls_fingerprint", b"1"), "fingerprint", id="fingerprint"),
        pytest.param(lambda d: d.regions.append(d.regions[0]), "region is listed twice", id="region twice"),
        pytest.param(lambda d: d.regions.add(name=ALL_PROVINCES), "region is listed twice", id="all-provinces"),
        pytest.param(lambda d: d.regions.add(name="x", nodes=["11", "11"]), "a node twice", id="region member twice"),
    ],
)
def test_directory_that_contradicts_itself_is_malformed(first: pb.SignedDirectory, change: Any, reason: str) -> None:
    with pytest.raises(MalformedDirectory, match=reason):
        decode_directory(edit(first, change))


def test_status_of_a_later_release_counts_as_not_active(first: pb.SignedDirectory) -> None:
    later = decode_directory(edit(first, lambda d: setattr(d.nodes[1], "status", 9)))
    entry = later.node("31")
    assert entry is not None
    assert entry.status is NodeStatus.UNKNOWN
    assert later.active_provinces() == ("44",)


@settings(max_examples=300)
@given(st.binary(max_size=400))
def test_random_bytes_are_malformed_and_nothing_else(content: bytes) -> None:
    with pytest.raises(MalformedDirectory):
        decode_directory(content)
    try:
        signed = decode_signed(content)
    except MalformedDirectory:
        return
    with pytest.raises(DirectoryNotByRoot):
        open_directory(signed, bytes(32))


@settings(max_examples=300)
@given(st.data())
def test_bytes_changed_anywhere_raise_nothing_but_malformed(data: st.DataObject) -> None:
    altered = bytearray(_sample())
    for _ in range(data.draw(st.integers(1, 4))):
        altered[data.draw(st.integers(0, len(altered) - 1))] = data.draw(st.integers(0, 255))
    try:
        decode_directory(bytes(altered))
    except MalformedDirectory:
        return


def _sample() -> bytes:
    signer = Ed25519Signer(bytes([1]) * 32)
    directory = pb.Directory(version=1, previous_hash=bytes(32), issued_at_us=1, valid_until_us=2)
    entry = directory.nodes.add(node="00", name_zh="总部", name_en="HQ", status=pb.NODE_STATUS_ACTIVE)
    entry.keys.add(
        key_id=signer.key_id, use=pb.KEY_USE_SIGNING, suite=signer.suite, public_key=signer.public_key, valid_from_us=1
    )
    directory.regions.add(name="east-china", nodes=["31", "32"])
    return directory.SerializeToString()


def test_too_large_is_refused_unread() -> None:
    with pytest.raises(MalformedDirectory, match="larger"):
        decode_directory(bytes(2_000_000))
    with pytest.raises(MalformedDirectory, match="larger"):
        decode_signed(bytes(2_000_000))

"""The head of a directory says what is true of it, and proves each entry alone."""

from __future__ import annotations

from typing import Any

import pytest

from common.directory.head import entry_bytes, entry_leaf, entry_tree, head_fits, head_of, head_signed_bytes
from common.directory.malformed import MalformedDirectory
from common.directory.signing import DirectoryNotByRoot, open_directory, verify_directory
from common.gen.quanwang.federation.v1 import directory_pb2 as pb
from common.messaging.seal import root_from_path
from common.security.signing import Ed25519Signer


def test_every_entry_is_proved_by_its_path(first: pb.SignedDirectory) -> None:
    head = pb.DirectoryHead.FromString(first.head)
    entries = entry_bytes(first.directory)
    tree = entry_tree(entries)
    assert [pb.NodeEntry.FromString(entry).node for entry in entries] == ["00", "31", "44"]
    for index, entry in enumerate(entries):
        assert root_from_path(entry_leaf(entry), index, head.count, tree.path(index)) == head.merkle_root


def test_a_head_is_known_by_the_root_that_signed_it(first: pb.SignedDirectory, root: Ed25519Signer) -> None:
    assert root.sign(head_signed_bytes(first.head)) == first.head_signature
    assert open_directory(first, root.public_key).version == 1


def test_a_head_by_another_key_is_refused(first: pb.SignedDirectory, root: Ed25519Signer, now_us: int) -> None:
    first.head_signature = Ed25519Signer(b"x" * 32).sign(head_signed_bytes(first.head))
    with pytest.raises(DirectoryNotByRoot):
        verify_directory(first, root.public_key, now_us)


@pytest.mark.parametrize(
    "lie",
    [{"version": 2}, {"directory_hash": bytes(32)}, {"count": 4}, {"merkle_root": bytes(32)}, {"valid_until_us": 1}],
    ids=lambda lie: next(iter(lie)),
)
def test_a_head_that_lies_about_its_directory_is_refused(
    first: pb.SignedDirectory, root: Ed25519Signer, now_us: int, lie: dict[str, Any]
) -> None:
    head = pb.DirectoryHead.FromString(first.head)
    for name, value in lie.items():
        setattr(head, name, value)
    first.head = head.SerializeToString()
    first.head_signature = root.sign(head_signed_bytes(first.head))
    with pytest.raises(MalformedDirectory):
        verify_directory(first, root.public_key, now_us)


def test_a_directory_without_a_head_is_taken(first: pb.SignedDirectory, root: Ed25519Signer, now_us: int) -> None:
    first.ClearField("head")
    first.ClearField("head_signature")
    assert verify_directory(first, root.public_key, now_us).version == 1


def test_entries_keep_bytes_that_this_release_does_not_know(first: pb.SignedDirectory) -> None:
    longer = b"\x2a\x07\x0a\x0299\xf8\x3f\x01"  # An entry with a field that has no name here.
    entries = entry_bytes(first.directory + longer)
    assert entries[-1] == longer[2:]
    assert head_fits(head_of(first.directory + longer), first.directory + longer)


@pytest.mark.parametrize("rubbish", [b"", b"\x2a", b"\x2a\x05ab", b"\x0d\x00", b"\xff" * 12, b"\x2b"])
def test_rubbish_has_no_entries_and_fits_no_head(rubbish: bytes) -> None:
    with pytest.raises(ValueError, match=r"field|number|entries"):
        entry_bytes(rubbish)
    assert not head_fits(b"", rubbish)

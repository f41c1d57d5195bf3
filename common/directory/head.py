"""The head of a directory: one signature more, by which a single node's entry can be proved without all the others.

A directory of 31 provinces with a few keys each is larger than all else that proves a request. Evidence therefore
carries the head, the entries in question, and their paths (docs/evidence.md).

Entries are hashed as the bytes that stand in the directory: what is signed is never encoded a second time.
"""

from __future__ import annotations

import hashlib

from google.protobuf.message import DecodeError

from common.gen.quanwang.federation.v1 import directory_pb2 as pb
from common.messaging.raw_fields import bytes_fields
from common.messaging.seal import MerkleTree
from common.security.encoding import pae, tagged_digest

DIRECTORY_HASH_DOMAIN = b"quanwang/directory-hash/v1"
DIRECTORY_HEAD_DOMAIN = b"quanwang/directory-head/v1"
DIRECTORY_ENTRY_DOMAIN = b"quanwang/directory-entry/v1"

_NODES_FIELD = pb.Directory.DESCRIPTOR.fields_by_name["nodes"].number


def directory_hash(directory: bytes) -> bytes:
    """What the next version, seals and evidence refer to a version by. Over the document, not over its signature."""
    return tagged_digest(DIRECTORY_HASH_DOMAIN, directory)


def head_signed_bytes(head: bytes) -> bytes:
    """What the signature of a head is over."""
    return pae(DIRECTORY_HEAD_DOMAIN, head)


def entry_leaf(entry: bytes) -> bytes:
    """The leaf of one node's entry."""
    return hashlib.sha256(b"\x00" + DIRECTORY_ENTRY_DOMAIN + entry).digest()


def entry_tree(entries: list[bytes]) -> MerkleTree:
    """The tree over a directory's entries (at least one), in their order."""
    return MerkleTree([entry_leaf(entry) for entry in entries])


def head_of(directory: bytes) -> bytes:
    """The serialised DirectoryHead of a directory's bytes. Raises DecodeError, ValueError where they are none."""
    parsed = pb.Directory.FromString(directory)
    entries = entry_bytes(directory)
    return pb.DirectoryHead(
        version=parsed.version,
        directory_hash=directory_hash(directory),
        previous_hash=parsed.previous_hash,
        issued_at_us=parsed.issued_at_us,
        valid_until_us=parsed.valid_until_us,
        count=len(entries),
        merkle_root=entry_tree(entries).root,
    ).SerializeToString(deterministic=True)


def head_fits(head: bytes, directory: bytes) -> bool:
    """Whether a head says of a directory what is true of it; never raises."""
    try:
        return pb.DirectoryHead.FromString(head) == pb.DirectoryHead.FromString(head_of(directory))
    except (DecodeError, ValueError):
        return False


def entry_bytes(directory: bytes) -> list[bytes]:
    """The bytes of a directory's node entries, in their order. Raises ValueError where the bytes are no message, or
    list no node."""
    entries = [value for number, value in bytes_fields(directory) if number == _NODES_FIELD]
    if not entries:
        raise ValueError("no node entries")
    return entries

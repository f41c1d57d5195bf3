"""How HQ makes the next version of the directory, and how a node checks one before it believes a word of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from common.access_control.ceilings import Ceiling
from common.clock import iso
from common.directory.head import head_fits, head_of, head_signed_bytes
from common.directory.malformed import MalformedDirectory
from common.directory.model import NO_HASH, Directory, NodeEntry, RootKey
from common.directory.wire import decode_directory, encode_directory
from common.errors import Fault
from common.gen.quanwang.federation.v1 import directory_pb2 as pb
from common.security.encoding import pae
from common.security.signing import ED25519, Signer, key_id_of, verify

DIRECTORY_SIGNATURE_DOMAIN = b"quanwang/directory/v1"
ROOT_KEY_DOMAIN = b"quanwang/root-key/v1"


class DirectoryNotByRoot(Fault):
    """The directory is not signed by the root key that this node's invitation named."""

    en = "The directory is not signed by this federation's root key. It was not taken."
    zh = "目录未由本联邦的根密钥签名，未予采用。"


class DirectoryExpired(Fault):
    """The directory was good until a time that has passed."""

    en = "The directory version {version} expired at {valid_until}. It was not taken."
    zh = "目录版本 {version} 已于 {valid_until} 过期，未予采用。"


def make_directory(
    previous: Directory | None,
    nodes: Iterable[NodeEntry],
    regions: Mapping[str, tuple[str, ...]],
    now_us: int,
    valid_us: int,
    roots: Sequence[RootKey] | None = None,
    ceilings: Iterable[Ceiling] | None = None,
) -> bytes:
    """The version after `previous` (None: version 1), good for `valid_us` microseconds, still to be signed.

    Its time is never before that of the version before, nor before an enrolment anew that it tells of, whatever the
    clock says. `roots`, `ceilings`: None keeps those of before.
    """
    nodes = tuple(nodes)
    told_us = [broken.at_us for entry in nodes for broken in entry.re_enrolments]
    issued_at_us = max(now_us, 0 if previous is None else previous.issued_at_us, *told_us)
    if roots is None:
        roots = () if previous is None else previous.roots
    if ceilings is None:
        ceilings = () if previous is None else previous.ceilings
    directory = encode_directory(
        version=1 if previous is None else previous.version + 1,
        previous_hash=NO_HASH if previous is None else previous.hash,
        issued_at_us=issued_at_us,
        valid_until_us=issued_at_us + valid_us,
        nodes=nodes,
        regions=regions,
        roots=roots,
        ceilings=ceilings,
    )
    # Nothing is signed that a node would refuse.
    decode_directory(directory)
    return directory


def sign_directory(
    previous: Directory | None,
    nodes: Iterable[NodeEntry],
    regions: Mapping[str, tuple[str, ...]],
    now_us: int,
    valid_us: int,
    root: Signer,
    roots: Sequence[RootKey] | None = None,
    ceilings: Iterable[Ceiling] | None = None,
) -> pb.SignedDirectory:
    """What `make_directory` makes, signed by `root`, which must be the last of its roots."""
    return sign_bytes(make_directory(previous, nodes, regions, now_us, valid_us, roots, ceilings), root)


def sign_bytes(directory: bytes, root: Signer) -> pb.SignedDirectory:
    """A serialised Directory, signed, with its head."""
    head = head_of(directory)
    return pb.SignedDirectory(
        directory=directory,
        key_id=root.key_id,
        signature=root.sign(signed_bytes(directory)),
        head=head,
        head_signature=root.sign(head_signed_bytes(head)),
    )


def successor(root: Signer, public_key: bytes, now_us: int) -> RootKey:
    """The root key that takes the place of `root`, signed by it."""
    return RootKey(ED25519, public_key, now_us, root.sign(root_statement(ED25519, public_key, root.key_id)))


def root_statement(suite: str, public_key: bytes, previous_key_id: str) -> bytes:
    """What a root key signs to say which one takes its place."""
    return pae(ROOT_KEY_DOMAIN, suite.encode("utf-8"), public_key, previous_key_id.encode("utf-8"))


def root_in_force(pinned: bytes, roots: Sequence[RootKey]) -> bytes:
    """The last root key of the line that begins with, or leads through, the `pinned` one (a public key).

    Raises DirectoryNotByRoot where the line does not hold.
    """
    places = [place for place, root in enumerate(roots) if root.public_key == pinned]
    trusted = pinned
    for root in roots[places[-1] + 1 if places else 0 :]:
        statement = root_statement(root.suite, root.public_key, key_id_of(ED25519, trusted))
        if root.suite != ED25519 or not verify(ED25519, trusted, root.previous_root_signature, statement):
            raise DirectoryNotByRoot
        trusted = root.public_key
    return trusted


def open_directory(signed: pb.SignedDirectory, root_public_key: bytes) -> Directory:
    """The directory in `signed`, whether expired or not: for what this node stored itself, and for evidence.

    `root_public_key` is the root that the node trusts, or a root before it: the directory carries the line from there.
    Raises DirectoryNotByRoot, MalformedDirectory.
    """
    if _signed_by(signed, root_public_key):
        directory, root = decode_directory(signed.directory), root_public_key
        if root_in_force(root_public_key, directory.roots) != root_public_key:
            raise DirectoryNotByRoot
    else:
        try:
            directory = decode_directory(signed.directory)
        except MalformedDirectory as error:
            raise DirectoryNotByRoot from error
        root = root_in_force(root_public_key, directory.roots)
        if root == root_public_key or not _signed_by(signed, root):
            raise DirectoryNotByRoot
    if signed.head:
        _check_head(signed, root)
    return directory


def _signed_by(signed: pb.SignedDirectory, root_public_key: bytes) -> bool:
    return signed.key_id == key_id_of(ED25519, root_public_key) and verify(
        ED25519, root_public_key, signed.signature, signed_bytes(signed.directory)
    )


def verify_directory(signed: pb.SignedDirectory, root_public_key: bytes, now_us: int) -> Directory:
    """The directory in `signed`, if it may be taken at `now_us`; `common.directory.model.accept` compares it with the
    one a node has.

    Raises DirectoryNotByRoot, MalformedDirectory, DirectoryExpired.
    """
    directory = open_directory(signed, root_public_key)
    if directory.expired(now_us):
        raise DirectoryExpired(version=directory.version, valid_until=iso(directory.valid_until_us))
    return directory


def _check_head(signed: pb.SignedDirectory, root_public_key: bytes) -> None:
    """Evidence rests on heads: one that says something else than its directory is never taken over.

    A directory of a release without heads has none; evidence then carries it whole.
    """
    if not verify(ED25519, root_public_key, signed.head_signature, head_signed_bytes(signed.head)):
        raise DirectoryNotByRoot
    if not head_fits(signed.head, signed.directory):
        raise MalformedDirectory(detail="its head does not belong to it")


def signed_bytes(directory: bytes) -> bytes:
    """What the signature of a directory is over."""
    return pae(DIRECTORY_SIGNATURE_DOMAIN, directory)

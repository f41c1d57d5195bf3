"""Whom a verifier believes: from the root key that it was given, over directories, to the nodes' signing keys."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from common.directory.head import (
    directory_hash,
    entry_bytes,
    entry_leaf,
    head_signed_bytes,
)
from common.evidence.findings import Finding, found
from common.gen.quanwang.evidence.v1 import evidence_pb2
from common.gen.quanwang.federation.v1 import directory_pb2 as pb
from common.messaging.seal import root_from_path
from common.security.encoding import pae
from common.security.signing import ED25519, key_id_of, verify

DIRECTORY_SIGNATURE_DOMAIN = b"quanwang/directory/v1"
ROOT_KEY_DOMAIN = b"quanwang/root-key/v1"
NODE_KEY_DOMAIN = b"quanwang/node-key/v1"
HASH_BYTES = 32
PATH_HASHES_MAX = 32
WHOLE_BYTES_MAX = 1_048_576


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A node's signing key as the directory has it. `anew`: it came with or after an enrolment anew, so that no key of
    before leads to it. `continued`: it is a first key, came with an enrolment anew, or is signed by a key before it."""

    node: str
    key_id: str
    suite: str
    public_key: bytes
    valid_from_us: int
    valid_until_us: int
    anew: bool
    continued: bool

    def valid_at(self, at_us: int) -> bool:
        return self.valid_from_us <= at_us and (self.valid_until_us == 0 or at_us < self.valid_until_us)


@dataclass(slots=True)
class _Version:
    version: int
    hash: bytes
    previous_hash: bytes
    entries: dict[str, pb.NodeEntry]


class Trust:
    """The directories of a bundle, checked against the pinned root keys. `findings`: what is wrong with them."""

    def __init__(self, root_keys: Iterable[bytes], root_changes: Iterable[bytes] = ()) -> None:
        self._roots = {key_id_of(ED25519, key): key for key in root_keys}
        self._versions: dict[int, _Version] = {}
        self._absent: set[int] = set()
        self._by_others: list[Finding] = []
        self.findings: list[Finding] = []
        self._follow(root_changes)

    def take(self, directories: Iterable[evidence_pb2.DirectoryEvidence]) -> None:
        """Takes in what is proved to be by the root."""
        for number, evidence in enumerate(directories):
            self._take(evidence, f"directory {number}")
        # Beside a directory by the root, one by another key (a root before it, perhaps) is of no use, and no harm.
        if self.empty:
            self.findings += self._by_others
        self._check_chain()

    @property
    def empty(self) -> bool:
        return not self._versions

    @property
    def of_another_root(self) -> bool:
        """Whether there are directories, and all of them are by a root that was not given: nothing more can be read
        from the file, neither for it nor against it."""
        return self.empty and bool(self._by_others)

    def knows(self, node: str) -> bool:
        """Whether any directory here has an entry of the node."""
        return any(node in version.entries for version in self._versions.values())

    def was_revoked(self, node: str) -> bool:
        """Whether any directory here says that the node was revoked, or let in anew after it had been."""
        entries = [version.entries[node] for version in self._versions.values() if node in version.entries]
        return any(entry.status == pb.NODE_STATUS_REVOKED or entry.re_enrolments for entry in entries)

    def signing_key(self, node: str, key_id: str) -> KnownKey | None:
        """The node's key as the newest directory that names it has it: that one knows of later revocations."""
        for number in sorted(self._versions, reverse=True):
            entry = self._versions[number].entries.get(node)
            if entry is not None and (key := _key_of(entry, key_id)) is not None:
                return key
        return None

    def check_named(self, version: int, hash_: bytes, where: str) -> None:
        """A seal names a directory: is it the one that is here under this version?"""
        known = self._versions.get(version)
        if known is None:
            if version and version not in self._absent:
                self._absent.add(version)
                self.findings.append(found("DIRECTORY_VERSION_ABSENT", where, version=version))
        elif known.hash != hash_:
            self.findings.append(found("DIRECTORY_FORKED", where, version=version))

    def _follow(self, root_changes: Iterable[bytes]) -> None:
        """Believes the root keys that follow a pinned one, each signed by the one before it."""
        try:
            changes = [pb.RootKey.FromString(change) for change in root_changes]
        except DecodeError:
            self.findings.append(found("MALFORMED_BUNDLE", "root keys", detail="not a root key"))
            return
        for change in changes:
            new_id = key_id_of(ED25519, change.public_key)
            for key_id, key in list(self._roots.items()):
                statement = pae(ROOT_KEY_DOMAIN, change.suite.encode(), change.public_key, key_id.encode())
                if change.suite == ED25519 and verify(ED25519, key, change.previous_root_signature, statement):
                    self._roots[new_id] = change.public_key

    def _take(self, evidence: evidence_pb2.DirectoryEvidence, where: str) -> None:
        try:
            version = self._whole(evidence, where) if evidence.whole else self._by_head(evidence, where)
        except (DecodeError, ValueError, zlib.error):
            self.findings.append(found("MALFORMED_BUNDLE", where, detail="not a directory"))
            return
        if version is None:
            return
        known = self._versions.setdefault(version.version, version)
        if known.hash != version.hash:
            self.findings.append(found("DIRECTORY_FORKED", where, version=version.version))
        known.entries.update(version.entries)

    def _by_head(self, evidence: evidence_pb2.DirectoryEvidence, where: str) -> _Version | None:
        head = pb.DirectoryHead.FromString(evidence.head)
        signed = head_signed_bytes(evidence.head)
        if not self._by_root(evidence.key_id, evidence.head_signature, signed, head.version, where):
            return None
        entries = {}
        for node in evidence.nodes:
            path = split_path(node.path)
            root = root_from_path(entry_leaf(node.entry), node.index, head.count, path) if path is not None else None
            if root is None or root != head.merkle_root:
                self.findings.append(found("DIRECTORY_ENTRY_UNPROVED", where, version=head.version))
                continue
            entry = pb.NodeEntry.FromString(node.entry)
            entries[entry.node] = entry
        return _Version(head.version, head.directory_hash, head.previous_hash, entries)

    def _whole(self, evidence: evidence_pb2.DirectoryEvidence, where: str) -> _Version | None:
        """A directory of a release that made no heads."""
        unpacker = zlib.decompressobj()
        content = unpacker.decompress(evidence.whole, WHOLE_BYTES_MAX)
        if unpacker.unconsumed_tail:
            raise ValueError("larger than the limit")
        signed = pb.SignedDirectory.FromString(content)
        directory = pb.Directory.FromString(signed.directory)
        over = pae(DIRECTORY_SIGNATURE_DOMAIN, signed.directory)
        if not self._by_root(signed.key_id, signed.signature, over, directory.version, where):
            return None
        entries = [pb.NodeEntry.FromString(entry) for entry in entry_bytes(signed.directory)]
        return _Version(
            directory.version,
            directory_hash(signed.directory),
            directory.previous_hash,
            {entry.node: entry for entry in entries},
        )

    def _by_root(self, key_id: str, signature: bytes, signed: bytes, version: int, where: str) -> bool:
        root = self._roots.get(key_id)
        if root is None:
            self._by_others.append(found("ROOT_WRONG", where, version=version, key_id=key_id[:64]))
            return False
        if not verify(ED25519, root, signature, signed):
            self.findings.append(found("DIRECTORY_SIGNATURE_BAD", where, version=version))
            return False
        return True

    def _check_chain(self) -> None:
        for number, version in self._versions.items():
            previous = self._versions.get(number - 1)
            if previous is not None and version.previous_hash != previous.hash:
                self.findings.append(found("DIRECTORY_FORKED", "directories", version=number - 1))


def _key_of(entry: pb.NodeEntry, key_id: str) -> KnownKey | None:
    signing = {key.key_id: key for key in entry.keys if key.use == pb.KEY_USE_SIGNING}
    key = signing.get(key_id)
    if key is None or key_id_of(key.suite, key.public_key) != key_id:
        return None
    breaks_us = [broken.at_us for broken in entry.re_enrolments]
    begins = [min(other.valid_from_us for other in signing.values()), *breaks_us]
    return KnownKey(
        entry.node,
        key_id,
        key.suite,
        key.public_key,
        key.valid_from_us,
        key.valid_until_us,
        anew=any(key.valid_from_us >= at_us for at_us in breaks_us),
        continued=key.valid_from_us in begins or _signed_by_former(entry.node, key, signing),
    )


def _signed_by_former(node: str, key: pb.NodeKey, signing: Mapping[str, pb.NodeKey]) -> bool:
    """Whether a signing key that the node had before says that this one is its next."""
    signer = signing.get(key.signed_by)
    if signer is None or signer.key_id == key.key_id or key_id_of(signer.suite, signer.public_key) != signer.key_id:
        return False
    statement = pae(
        NODE_KEY_DOMAIN,
        node.encode(),
        b"signing",
        key.suite.encode(),
        key.public_key,
        key.previous_key_id.encode(),
        key.signed_by.encode(),
    )
    return verify(signer.suite, signer.public_key, key.previous_key_signature, statement)


def split_path(path: bytes) -> Sequence[bytes] | None:
    """The hashes of a path; None where the bytes are none."""
    if len(path) % HASH_BYTES or len(path) > HASH_BYTES * PATH_HASHES_MAX:
        return None
    return [path[start : start + HASH_BYTES] for start in range(0, len(path), HASH_BYTES)]

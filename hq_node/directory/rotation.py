"""A node replaces its keys: heard, proved, named beside the former ones, and the former ones ended when nothing is
sealed by them any more."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from common.directory.continuity import rotation_bytes
from common.directory.model import Directory, KeyUse, NodeEntry, NodeKey, NodeStatus
from common.directory.rotation import KeyRotation, NextKey
from common.ids import HQ
from common.security import tls
from common.security.signing import verify
from hq_node.directory.authority import Authority, AuthorityLimits
from hq_node.directory.commands import RetireKeys, RotateKeys
from hq_node.directory.model import (
    Enrolment,
    EnrolmentKeys,
    KeyInUse,
    KeyRotationNotSigned,
    KeyRotationOutOfDate,
    NodeNotActive,
)
from hq_node.directory.publishing import (
    DirectoryWork,
    is_named,
    issue_certificate,
    publish,
    publish_entry,
    require_current,
    require_published,
)

CERTIFICATE_OVERLAP_US_MIN = 600_000_000
"""A replaced certificate is good for at least so long: the node may just be dialling with it."""
RETIRING_GRACE_US = 300_000_000
"""A replaced key ends so long after it was found that nothing is sealed by it any more."""


@dataclass(frozen=True, slots=True)
class KeysRotated:
    """What came of a rotation: the certificate (PEM; empty where none was asked for) and the directory that names the
    keys (a serialised SignedDirectory). Both are empty while that directory waits for the root's signature."""

    tls_certificate: bytes
    signed_directory: bytes = field(repr=False)
    directory_version: int


def rotate_keys(command: RotateKeys, uow: DirectoryWork, authority: Authority) -> KeysRotated:
    """Names a node's next keys beside its former ones. The same wish again changes nothing and gets the same answer.

    Raises NodeNotActive, KeyRotationNotSigned, KeyRotationOutOfDate, KeyInUse, CertificateRequestInvalid,
    FederationNotFounded.
    """
    directory = require_current(uow, authority)
    entry = directory.node(command.wish.node)
    if entry is None or not entry.active:
        raise NodeNotActive(node=command.wish.node)
    # The directory's time never goes back, though the clock may have been set back: each key begins after the former.
    now_us = max(uow.now_us, directory.issued_at_us)
    signer = _signer(command, entry, now_us)
    published = require_published(uow, authority)
    new = _new_keys(command.wish, entry, signer, directory, published)
    certificate, renewed = _certificate(command.wish, entry, uow, authority)
    if new or renewed:
        listed = tuple(key.listed(signer.key_id, now_us) for key in new)
        entry = replace(entry, keys=(*entry.keys, *listed))
        if renewed:
            entry = _with_certificate(entry, certificate, uow.now_us + certificate_overlap_us(authority.limits))
        directory = publish_entry(directory, entry, uow, authority)
        _remember(command.wish, new, certificate, uow)
    published = require_published(uow, authority)  # Perhaps another one by now.
    named = {key.key_id for key in known.keys} if (known := published.node(command.wish.node)) is not None else set()
    if not {key.key_id for key in command.wish.keys} <= named or not is_named(
        published, command.wish.node, signer.key_id, certificate
    ):
        return KeysRotated(b"", b"", directory.version)
    return KeysRotated(certificate, uow.directories.latest().SerializeToString(), directory.version)


def certificate_overlap_us(limits: AuthorityLimits) -> int:
    """For how long a replaced certificate is good beside its successor."""
    return max(limits.key_overlap_us, CERTIFICATE_OVERLAP_US_MIN)


def retire_keys(_command: RetireKeys, uow: DirectoryWork, authority: Authority) -> int:
    """Ends former keys that stood beside newer ones for long enough, and by which nothing is on its way any more: what
    was sealed cannot be sealed anew, so a key whose seals have not all arrived stays. Returns how many ended."""
    directory, published = require_current(uow, authority), require_published(uow, authority)
    ended, entries = 0, []
    # What a revoked node has not acknowledged will never arrive.
    peers = {entry.node for entry in directory.nodes if entry.status is not NodeStatus.REVOKED}
    for entry in directory.nodes:
        keys = tuple(_retired(key, entry, published, peers, uow, authority) for key in entry.keys)
        ended += sum(key is not before for key, before in zip(keys, entry.keys, strict=True))
        entries.append(replace(entry, keys=keys))
    if ended:
        publish(directory, entries, directory.region_lists, uow, authority)
    return ended


def overlap_is_over(key: NodeKey, entry: NodeEntry, now_us: int, overlap_us: int) -> bool:
    """Whether a key is open, and a newer one has stood beside it for long enough."""
    newest = entry.newest(key.use)
    superseded = key.open and newest is not None and newest.key_id != key.key_id
    return superseded and newest is not None and now_us >= newest.valid_from_us + overlap_us


def _retired(
    key: NodeKey, entry: NodeEntry, published: Directory, peers: set[str], uow: DirectoryWork, authority: Authority
) -> NodeKey:
    if entry.node not in peers:
        return key
    if not overlap_is_over(key, entry, uow.now_us, authority.limits.key_overlap_us):
        return key
    newest = entry.newest(key.use)
    assert newest is not None, "there is a newer one"
    known = published.node(entry.node)
    if known is None or all(other.key_id != newest.key_id for other in known.keys):
        return key  # The newer one waits for the root's signature: nobody works with it yet.
    # A node that has sealed by a key never goes back to a former one. So it need not be the newest: where a node has
    # replaced its key twice, and has had nothing to say since, the one before those two ends all the same.
    later = {other.key_id for other in entry.keys if other.use is key.use and other.valid_from_us > key.valid_from_us}
    if key.use is KeyUse.SIGNING and not uow.seals.only_by(entry.node, later, peers):
        return key
    # What is admitted in this very transaction, by this replica or another, is still under the former key.
    grace_us = min(authority.limits.key_overlap_us, RETIRING_GRACE_US)
    # Nor before what the hub has admitted since the last directory, though the clock may have been set back.
    return replace(key, valid_until_us=max(uow.now_us, published.issued_at_us, key.valid_from_us) + grace_us + 1)


def _signer(command: RotateKeys, entry: NodeEntry, now_us: int) -> NodeKey:
    """The listed, valid key that signed the wish."""
    for key in entry.keys:
        if key.use is KeyUse.SIGNING and key.key_id == command.wish.signed_by and key.valid_at(now_us):
            if verify(key.suite, key.public_key, command.signature, rotation_bytes(command.rotation)):
                return key
            break
    raise KeyRotationNotSigned(node=entry.node)


def _new_keys(
    wish: KeyRotation, entry: NodeEntry, signer: NodeKey, directory: Directory, published: Directory
) -> list[NextKey]:
    """The keys that the directory does not name yet, each proved and each in the place of the newest of its use."""
    listed = {key.key_id for key in entry.keys}
    new = [key for key in wish.keys if key.key_id not in listed]
    # A key that waits for the root's signature has not taken the place of the one that the node signs by.
    newest_signer = (published.node(entry.node) or entry).newest(KeyUse.SIGNING)
    if new and (newest_signer is None or newest_signer.key_id != signer.key_id):
        # A key that was replaced, though it may still be good for what is on its way, names no further ones.
        raise KeyRotationOutOfDate(node=entry.node)
    for key in new:
        newest = entry.newest(key.use)
        if newest is None or newest.key_id != key.previous_key_id:
            raise KeyRotationOutOfDate(node=entry.node)
        if not key.is_proved(entry.node, signer):
            raise KeyRotationNotSigned(node=entry.node)
        for other in directory.nodes:
            if other.node != entry.node and any(key.key_id == theirs.key_id for theirs in other.keys):
                raise KeyInUse(node=entry.node, other=other.node)
    return new


def _certificate(wish: KeyRotation, entry: NodeEntry, uow: DirectoryWork, authority: Authority) -> tuple[bytes, bool]:
    """The certificate that is asked for, and whether it is new: for the same wish the same is given again."""
    if not wish.tls_certificate_request:
        return b"", False
    enrolment = uow.enrolments.get(entry.node)
    if enrolment is not None and enrolment.tls_certificate_request == wish.tls_certificate_request:
        return enrolment.tls_certificate, False
    own = uow.server_certificates.get(wish.tls_certificate_request) if entry.node == HQ else None
    if own is not None:
        return own, False
    # An earlier release did not store HQ's own: after a crash it gets another certificate for the same key.
    current = (entry.tls_fingerprint, entry.former_tls_fingerprint) if entry.node == HQ else (entry.tls_fingerprint,)
    if wish.former_tls_fingerprint not in current:
        raise KeyRotationOutOfDate(node=entry.node)
    certificate = issue_certificate(entry.node, wish.tls_certificate_request, uow, authority)
    if entry.node == HQ:
        uow.server_certificates.put(wish.tls_certificate_request, certificate)
    return certificate, True


def _with_certificate(entry: NodeEntry, certificate: bytes, former_until_us: int) -> NodeEntry:
    return replace(
        entry,
        tls_fingerprint=tls.fingerprint(certificate),
        former_tls_fingerprint=entry.tls_fingerprint,
        former_tls_until_us=former_until_us,
    )


def _remember(wish: KeyRotation, new: list[NextKey], certificate: bytes, uow: DirectoryWork) -> None:
    """The node's enrolment is one of its newest keys."""
    enrolment: Enrolment | None = uow.enrolments.get(wish.node)
    if enrolment is None:
        return
    keys = {key.use: key.public_key for key in new}
    enrolled = EnrolmentKeys(
        signing=keys.get(KeyUse.SIGNING, enrolment.keys.signing),
        private_bodies=keys.get(KeyUse.PRIVATE_BODIES, enrolment.keys.private_bodies),
        tls=tls.requested_key_bytes(wish.tls_certificate_request, wish.node) if certificate else enrolment.keys.tls,
    )
    enrolment = replace(enrolment, keys=enrolled)
    if certificate:
        enrolment = replace(
            enrolment, tls_certificate=certificate, tls_certificate_request=wish.tls_certificate_request
        )
    uow.enrolments.put(enrolment)

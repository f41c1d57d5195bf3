"""How nodes join: found, invite, hear the request, approve, publish. The authority is bound when HQ starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from cryptography.hazmat.primitives import serialization

from common.directory import invitation as invitations
from common.directory.model import Directory, KeyUse, NodeEntry, NodeKey, NodeStatus, ReEnrolment, RootKey
from common.directory.proof import enrolment_proof_bytes
from common.directory.regions import DEFAULT_REGIONS, HQ_NAME_EN, HQ_NAME_ZH, PROVINCES
from common.directory.signing import root_in_force
from common.ids import HQ
from common.messaging.link_resume import LinkResume
from common.security import tls
from common.security.reader import HPKE_X25519
from common.security.signing import ED25519, key_id_of, verify
from hq_node.directory.authority import Authority
from hq_node.directory.ceilings import remove_ceiling, set_ceiling
from hq_node.directory.commands import (
    ApproveNode,
    ExportDraft,
    FoundFederation,
    ImportSigned,
    InviteNode,
    NameNextRoot,
    PublishDirectory,
    RemoveCeiling,
    RequestEnrolment,
    ResumeNode,
    RetireKeys,
    RevokeNode,
    RotateKeys,
    RotateRoot,
    SetCeiling,
    SignDraft,
    SuspendNode,
    TakeBackDirectory,
)
from hq_node.directory.events import EnrolmentRequested
from hq_node.directory.model import (
    Enrolment,
    EnrolmentKeys,
    EnrolmentNotFound,
    EnrolmentState,
    FederationAlreadyFounded,
    Invitation,
    InvitationInvalid,
    InvitationValidityRefused,
    KeyInUse,
    KeyRevoked,
    NodeRevoked,
    ProofOfPossessionInvalid,
    UnknownProvince,
    secret_digest,
)
from hq_node.directory.publishing import (
    DirectoryWork,
    is_named,
    issue_certificate,
    publish,
    publish_entry,
    published_directory,
    require_current,
    require_published,
)
from hq_node.directory.roots import name_next_root, rotate_root
from hq_node.directory.rotation import retire_keys, rotate_keys
from hq_node.directory.signing_desk import export_draft, import_signed, sign_draft
from hq_node.directory.standing import resume_node, revoke_node, suspend_node
from hq_node.directory.taking_back import take_back_directory

HOUR_US = 3_600_000_000


@dataclass(frozen=True, slots=True)
class NodeInvited:
    """What the operator hands over: the invitation as text. It is shown once and stored nowhere."""

    node: str
    expires_at_us: int
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class EnrolmentAnswer:
    """How far a node has come. Once approved: its certificate (PEM), the SignedDirectory's bytes, and where to dial."""

    state: EnrolmentState
    tls_certificate: bytes = b""
    signed_directory: bytes = field(default=b"", repr=False)
    link_address: str = ""
    resume: LinkResume | None = None
    """Where the link goes on, for a node that was enrolled anew."""


@dataclass(frozen=True, slots=True)
class NodeApproved:
    """A node that is in the directory from that version on. `tls_fingerprint`: of its certificate."""

    node: str
    signing_key_id: str
    tls_fingerprint: bytes
    directory_version: int


def handlers(authority: Authority) -> dict[type, Callable[[Any, Any], Any]]:
    """The handlers by command, bound to the authority: for the dispatcher."""
    return {
        FoundFederation: partial(found_federation, authority=authority),
        InviteNode: partial(invite_node, authority=authority),
        RequestEnrolment: partial(request_enrolment, authority=authority),
        ApproveNode: partial(approve_node, authority=authority),
        PublishDirectory: partial(publish_directory, authority=authority),
        SuspendNode: partial(suspend_node, authority=authority),
        ResumeNode: partial(resume_node, authority=authority),
        RevokeNode: partial(revoke_node, authority=authority),
        SetCeiling: partial(set_ceiling, authority=authority),
        RemoveCeiling: partial(remove_ceiling, authority=authority),
        RotateKeys: partial(rotate_keys, authority=authority),
        RetireKeys: partial(retire_keys, authority=authority),
        RotateRoot: partial(rotate_root, authority=authority),
        NameNextRoot: partial(name_next_root, authority=authority),
        ExportDraft: partial(export_draft, authority=authority),
        ImportSigned: partial(import_signed, authority=authority),
        SignDraft: partial(sign_draft, authority=authority),
        TakeBackDirectory: partial(take_back_directory, authority=authority),
    }


def found_federation(command: FoundFederation, uow: DirectoryWork, authority: Authority) -> Directory:
    """Publishes version 1: HQ alone, and the default regions. Repeated with the same keys it changes nothing.

    Raises FederationAlreadyFounded.
    """
    signing_key_id = key_id_of(ED25519, command.signing_public_key)
    current = published_directory(uow, authority)
    if current is not None:
        if current.signing_key(HQ, signing_key_id, uow.now_us) is None:
            raise FederationAlreadyFounded
        return current
    entry = NodeEntry(
        node=HQ,
        name_zh=HQ_NAME_ZH,
        name_en=HQ_NAME_EN,
        status=NodeStatus.ACTIVE,
        keys=first_keys(command.signing_public_key, command.private_body_public_key, uow.now_us),
        tls_fingerprint=command.tls_fingerprint,
    )
    return publish(None, [entry], dict(DEFAULT_REGIONS), uow, authority)


def invite_node(command: InviteNode, uow: DirectoryWork, authority: Authority) -> NodeInvited:
    """Makes the node's invitation; an earlier one ends. Raises UnknownProvince, InvitationValidityRefused."""
    if command.node not in PROVINCES:
        raise UnknownProvince(node=command.node[:20])
    valid_us = command.valid_us or authority.limits.invitation_valid_us
    if not 0 < valid_us <= authority.limits.invitation_valid_us_max:
        raise InvitationValidityRefused(hours_max=authority.limits.invitation_valid_us_max // HOUR_US)
    secret = authority.entropy(invitations.SECRET_BYTES)
    expires_at_us = uow.now_us + valid_us
    uow.invitations.put(
        Invitation(
            node=command.node,
            secret_digest=secret_digest(command.node, secret),
            expires_at_us=expires_at_us,
            invited_at_us=uow.now_us,
            invited_by=command.invited_by,
        )
    )
    text = invitations.encode_invitation(
        invitations.Invitation(
            node=command.node,
            address=authority.enrolment_address,
            secret=secret,
            root_public_key=root_in_force(authority.root_public_key, _roots(uow, authority)),
            tls_authority=tls.pem_to_der(authority.tls.certificate_pem),
            expires_at_us=expires_at_us,
        )
    )
    return NodeInvited(command.node, expires_at_us, text)


def request_enrolment(command: RequestEnrolment, uow: DirectoryWork, authority: Authority) -> EnrolmentAnswer:
    """Hears a node that asks to join, and tells it how far it has come; the same request may be repeated.

    Raises InvitationInvalid, InvitationExpired, InvitationUsed, ProofOfPossessionInvalid, CertificateRequestInvalid,
    KeyInUse, KeyRevoked, NodeAlreadyEnrolled, NodeRevoked, FederationNotFounded.

    A revoked node may ask with new keys, by an invitation made after its revocation. An enrolled one may ask with the
    keys it has, by a new invitation: it is given a new certificate, since its old one may have run out.
    """
    invitation = uow.invitations.get(command.node)
    if invitation is None:
        raise InvitationInvalid(node=command.node)
    invitation.require_secret(command.invitation_secret)
    keys = _proved_keys(command)
    directory = require_current(uow, authority)
    entry = directory.node(command.node)
    revoked = entry is not None and entry.status is NodeStatus.REVOKED
    known = uow.enrolments.get(command.node)
    if entry is not None and revoked:
        _require_new_keys(entry, keys, invitation)
    elif known is not None:
        known.require_same_keys(keys)
    used = invitation.use(keys, uow.now_us)
    if used is not invitation:
        uow.invitations.put(used)
    if known is not None and known.approved and not revoked:
        if invitation.invited_at_us > known.approved_at_us:
            known, directory = _renew_certificate(known, directory, command, uow, authority)
        return _approved_answer(known, uow, authority)
    _require_unused_key(directory, command.node, keys.signing_key_id)
    if known is None or known.keys != keys:
        uow.enrolments.put(
            Enrolment(
                node=command.node,
                state=EnrolmentState.WAITING,
                keys=keys,
                tls_certificate_request=command.tls_certificate_request,
                software_version=command.software_version,
                requested_at_us=uow.now_us,
            )
        )
        uow.record(EnrolmentRequested(command.node, keys.signing_key_id))
    return EnrolmentAnswer(EnrolmentState.WAITING)


def approve_node(command: ApproveNode, uow: DirectoryWork, authority: Authority) -> NodeApproved:
    """Lets a waiting node in: its certificate, its entry, the next version of the directory. Repeating changes nothing.

    Raises EnrolmentNotFound, ApprovedKeyDiffers, KeyInUse, FederationNotFounded.
    """
    enrolment = uow.enrolments.get(command.node)
    if enrolment is None:
        raise EnrolmentNotFound(node=command.node)
    enrolment.require_key(command.signing_key_id)
    directory = require_current(uow, authority)
    if not enrolment.approved:
        _require_unused_key(directory, command.node, enrolment.keys.signing_key_id)
        certificate = issue_certificate(enrolment.node, enrolment.tls_certificate_request, uow, authority)
        enrolment = enrolment.approve(certificate, command.approved_by, uow.now_us)
        uow.enrolments.put(enrolment)
        former = directory.node(command.node)
        # Its former keys have ended by then, though the clock may have been set back since.
        ended_us = max((key.valid_until_us for key in former.keys), default=0) if former is not None else 0
        now_us = max(uow.now_us, directory.issued_at_us, ended_us)
        entry = _entry_of(enrolment, former, now_us)
        directory = publish_entry(directory, entry, uow, authority)
    return NodeApproved(
        node=command.node,
        signing_key_id=enrolment.keys.signing_key_id,
        tls_fingerprint=tls.fingerprint(enrolment.tls_certificate),
        directory_version=directory.version,
    )


def publish_directory(command: PublishDirectory, uow: DirectoryWork, authority: Authority) -> Directory:
    """Publishes the same content anew, valid from now. What waits for the root's signature already is valid from its
    next export. Raises FederationNotFounded."""
    current = require_current(uow, authority)
    if uow.drafts.get() is not None and not authority.holds_root_of(current):
        return current
    return publish(current, current.nodes, current.region_lists, uow, authority)


def _proved_keys(command: RequestEnrolment) -> EnrolmentKeys:
    tls_key = tls.requested_key(command.tls_certificate_request, command.node)
    proved = enrolment_proof_bytes(
        command.node,
        command.invitation_secret,
        command.signing_public_key,
        command.private_body_public_key,
        command.tls_certificate_request,
    )
    if not verify(ED25519, command.signing_public_key, command.proof_of_possession, proved):
        raise ProofOfPossessionInvalid(node=command.node)
    encoded = tls_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return EnrolmentKeys(command.signing_public_key, command.private_body_public_key, encoded)


def _roots(uow: DirectoryWork, authority: Authority) -> tuple[RootKey, ...]:
    directory = published_directory(uow, authority)
    return () if directory is None else directory.roots


def _renew_certificate(
    known: Enrolment, directory: Directory, command: RequestEnrolment, uow: DirectoryWork, authority: Authority
) -> tuple[Enrolment, Directory]:
    """An enrolled node with a new invitation and its old keys: only its certificate is new."""
    entry = directory.node(known.node)
    assert entry is not None, "an approved node is in the directory"
    certificate = issue_certificate(known.node, command.tls_certificate_request, uow, authority)
    renewed = replace(known, tls_certificate=certificate, approved_at_us=uow.now_us)
    uow.enrolments.put(renewed)
    entry = replace(entry, tls_fingerprint=tls.fingerprint(certificate))
    return renewed, publish_entry(directory, entry, uow, authority)


def _require_new_keys(entry: NodeEntry, keys: EnrolmentKeys, invitation: Invitation) -> None:
    """A revoked node comes back with nothing of its old keys, and by an invitation made since."""
    if invitation.invited_at_us < entry.status_since_us:
        raise NodeRevoked(node=entry.node)
    offered = {key_id_of(ED25519, keys.signing), key_id_of(HPKE_X25519, keys.private_bodies)}
    if any(key.key_id in offered for key in entry.keys):
        raise KeyRevoked(node=entry.node)


def _approved_answer(enrolment: Enrolment, uow: DirectoryWork, authority: Authority) -> EnrolmentAnswer:
    """How far an approved node has come: all the way once the root has signed a directory that names its keys."""
    published = require_published(uow, authority)
    if not is_named(published, enrolment.node, enrolment.keys.signing_key_id, enrolment.tls_certificate):
        return EnrolmentAnswer(EnrolmentState.WAITING)
    entry = published.node(enrolment.node)
    return EnrolmentAnswer(
        state=EnrolmentState.APPROVED,
        tls_certificate=enrolment.tls_certificate,
        signed_directory=uow.directories.latest().SerializeToString(),
        link_address=authority.link_address,
        resume=uow.seals.resume_of(enrolment.node) if entry is not None and entry.re_enrolments else None,
    )


def _require_unused_key(directory: Directory, node: str, signing_key_id: str) -> None:
    for entry in directory.nodes:
        if entry.node != node and any(key.key_id == signing_key_id for key in entry.keys):
            raise KeyInUse(node=node, other=entry.node)


def _entry_of(enrolment: Enrolment, former: NodeEntry | None, now_us: int) -> NodeEntry:
    """The entry of a node that was let in; where it was in the directory before, the break is said for good."""
    province = PROVINCES[enrolment.node]
    keys = first_keys(enrolment.keys.signing, enrolment.keys.private_bodies, now_us)
    re_enrolments: tuple[ReEnrolment, ...] = ()
    if former is not None:
        before = former.newest(KeyUse.SIGNING)
        broken = ReEnrolment(now_us, keys[0].key_id, before.key_id if before else "", enrolment.approved_by)
        keys, re_enrolments = (*former.keys, *keys), (*former.re_enrolments, broken)
    return NodeEntry(
        node=enrolment.node,
        name_zh=province.name_zh,
        name_en=province.name_en,
        status=NodeStatus.ACTIVE,
        keys=keys,
        tls_fingerprint=tls.fingerprint(enrolment.tls_certificate),
        status_since_us=now_us if former is not None else 0,
        status_reason="enrolled anew" if former is not None else "",
        status_by=enrolment.approved_by if former is not None else "",
        re_enrolments=re_enrolments,
    )


def first_keys(signing: bytes, private_bodies: bytes, now_us: int) -> tuple[NodeKey, ...]:
    uses = ((KeyUse.SIGNING, ED25519, signing), (KeyUse.PRIVATE_BODIES, HPKE_X25519, private_bodies))
    return tuple(NodeKey(key_id_of(suite, key), use, suite, key, valid_from_us=now_us) for use, suite, key in uses)

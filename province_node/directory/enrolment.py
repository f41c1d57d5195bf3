"""How a province joins: it reads the invitation, proves its keys to HQ, waits for approval, and stores what it got.

Every step may be repeated after a crash: the keys are made once and stay, HQ answers the same request the same way, and
the result is written as one file at the very end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import grpc
import grpc.aio

from common.clock import Clock
from common.directory.invitation import Invitation, decode_invitation
from common.directory.model import check_own_entry
from common.directory.proof import enrolment_proof_bytes
from common.directory.signing import DirectoryNotByRoot, open_directory, verify_directory
from common.errors import Fault, Refusal, TemporaryFault
from common.gen.quanwang.federation.v1 import enrolment_pb2 as pb
from common.gen.quanwang.federation.v1 import enrolment_pb2_grpc as pb_grpc
from common.ids import ID_BYTES
from common.link.handshake import HASH_BYTES, NUMBER_MAX
from common.messaging.link_resume import LinkResume, Place
from common.rpc.status import LANGUAGE_KEY, reason_code_of
from common.security import tls
from common.security.key_protection import Passphrase, no_passphrase
from common.security.keyring import NODE_USES, Keyring, KeyringMissing
from common.security.private_files import make_private_directory, read_private, write_private
from common.security.token import KeyToken
from province_node.directory.membership import Membership, MembershipDamaged, NotEnrolled, trusted_root

CALL_TIMEOUT_S = 10.0
WAIT_FIRST_US = 1_000_000
WAIT_LONGEST_US = 30_000_000

_AWAY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
# gRPC says these in words alone: a handshake that failed has the status of a network that is down.
_OUT_OF_DATE = ("certificate has expired", "certificate is not yet valid")
_NOT_HQ = ("CERTIFICATE_VERIFY_FAILED", "Hostname Verification Check failed")
_DETAIL_CHARACTERS_MAX = 200

Sleep = Callable[[float], Awaitable[None]]


class InvitationForAnotherNode(Refusal):
    """The invitation names another node than this one."""

    en = "The invitation is for node {invited}, but this is node {node}."
    zh = "该邀请码属于节点 {invited}，而本节点为 {node}。"


class OtherFederation(Refusal):
    """The node belongs to a federation already; it cannot be in two."""

    en = "This node belongs to another federation already. Use a data directory of its own for a new one."
    zh = "本节点已属于另一个联邦。如需加入新的联邦，请使用独立的数据目录。"


class HqUnreachable(TemporaryFault):
    """Nobody answers at HQ's address, or HQ cannot answer for now."""

    en = "HQ cannot be reached at {address} ({detail}). Check the address and the network; then enrol again."
    zh = "无法连接总部 {address}（{detail}）。请检查地址和网络后重新执行入网。"


class HqNotAuthentic(Fault):
    """Whoever answers at HQ's address is not the HQ that made the invitation. The invitation was not shown to it."""

    en = "What answers at {address} is not the HQ that made the invitation. The invitation was not sent. Tell HQ."
    zh = "{address} 的应答方不是签发该邀请码的总部，邀请码未发出。请通知总部。"


class HqCertificateOutOfDate(Fault):
    """HQ's certificate is not valid at the time that this node's clock shows."""

    en = "The certificate of HQ at {address} is not valid now. Check the clock of this machine; then ask HQ."
    zh = "总部 {address} 的证书当前不在有效期内。请先检查本机时钟，再联系总部。"


NEW_KEYS_NOTE = "new-keys-for"
"""The file in which stands which signing key was made for coming back, until the node has come back with it."""
KEY_REVOKED = "KEY_REVOKED"
"""HQ's reason for refusing a key that it has ended."""


class EnrolmentRefused(Refusal):
    """HQ said no. `reason_code` is HQ's; the detail is in the language that was asked for."""

    en = "HQ refused the enrolment ({reason_code}): {detail}"
    zh = "总部拒绝入网申请（{reason_code}）：{detail}"


class ApprovalPending(TemporaryFault):
    """HQ has heard the request, but no operator approved it yet."""

    en = "Node {node} waits for an operator of HQ to approve its key {signing_key_id}. Enrol again later."
    zh = "节点 {node} 正在等待总部操作员批准其密钥 {signing_key_id}，请稍后重新执行入网。"


class EnrolmentAnswerUnusable(Fault):
    """HQ approved, but what it sent does not fit this node."""

    en = "HQ's answer cannot be used: {detail}."
    zh = "总部的应答不可用：{detail}。"


@dataclass(frozen=True, slots=True)
class EnrolmentOptions:
    """How to wait. `wait_us_max`: how long to go on asking, in microseconds (0: once). Language: of HQ's messages."""

    wait_us_max: int = 0
    language: str = "zh"
    on_waiting: Callable[[str], None] | None = None
    """Called once with the signing key id, which the operator at HQ compares."""
    passphrase: Passphrase = no_passphrase
    """Of the keys, where they are encrypted."""
    token: KeyToken | None = None
    """Where the keys live, if they are no files."""
    new_keys: bool = False
    """Whether to offer keys that are made for coming back, since those that there are may have been stolen."""
    resume: Callable[[LinkResume], None] | None = None
    """Puts the node's link where HQ says that it goes on, when it was enrolled anew. Before the membership is there."""


async def enrol(
    invitation_text: str,
    node: str,
    data_dir: Path,
    software_version: str,
    clock: Clock,
    options: EnrolmentOptions,
    sleep: Sleep = asyncio.sleep,
) -> Membership:
    """Joins the federation as `node` and stores the membership in `data_dir`. Safe to repeat after any failure.

    Raises InvitationUnreadable, InvitationForAnotherNode, OtherFederation, HqUnreachable, HqNotAuthentic,
    HqCertificateOutOfDate, EnrolmentRefused, ApprovalPending, EnrolmentAnswerUnusable; DirectoryNotByRoot,
    DirectoryExpired, OwnEntryWrong, CertificateUnusable; and what the keyring raises.
    """
    invitation = decode_invitation(invitation_text)
    if invitation.node != node:
        raise InvitationForAnotherNode(invited=invitation.node, node=node)
    make_private_directory(data_dir)
    known = _known_membership(invitation, data_dir)
    keyring = _load_or_create_keyring(data_dir, options)
    if options.new_keys:
        keyring = _with_keys_to_come_back(keyring, data_dir)

    async def ask() -> pb.EnrolResponse:
        request = enrolment_request(invitation, keyring, software_version)
        return await _ask_until_approved(request, invitation, keyring, clock, options, sleep)

    try:
        response = await ask()
    except EnrolmentRefused as refused:
        if not options.new_keys or refused.facts["reason_code"] != KEY_REVOKED:
            raise
        # Those that were made have been in use, and ended, since: the note was left behind.
        (data_dir / NEW_KEYS_NOTE).unlink(missing_ok=True)
        keyring = _with_keys_to_come_back(keyring, data_dir)
        response = await ask()
    membership = checked_membership(response, invitation, keyring, clock.now_us())
    trusted = trusted_root(data_dir) if known is None else known.root_public_key
    if trusted is not None:
        membership = _continued(trusted, membership)
    if response.HasField("node_sealed") and options.resume is not None:
        options.resume(resume_of(response))
    membership.save(data_dir)
    (data_dir / NEW_KEYS_NOTE).unlink(missing_ok=True)
    return membership


def resume_of(response: pb.EnrolResponse) -> LinkResume:
    """Where HQ says that the link goes on. Raises EnrolmentAnswerUnusable."""
    places = (response.node_sealed, response.node_received)
    if any(len(place.seal_hash) != HASH_BYTES or len(place.incarnation) != ID_BYTES for place in places):
        raise EnrolmentAnswerUnusable(detail="node_sealed")
    if any(max(place.seal_number, place.sequence) > NUMBER_MAX for place in places):
        raise EnrolmentAnswerUnusable(detail="node_sealed")
    return LinkResume(*(Place(p.incarnation, p.seal_number, p.sequence, p.seal_hash) for p in places))


def enrolment_request(invitation: Invitation, keyring: Keyring, software_version: str) -> pb.EnrolRequest:
    """What the node says to HQ, with the proof that the keys are its own."""
    certificate_request = tls.certificate_request(keyring.tls_key, invitation.node)
    private_body_public_key = keyring.private_body_keys.reader(invitation.node).public_key
    proved = enrolment_proof_bytes(
        invitation.node,
        invitation.secret,
        keyring.signer.public_key,
        private_body_public_key,
        certificate_request,
    )
    return pb.EnrolRequest(
        node=invitation.node,
        invitation_secret=invitation.secret,
        signing_public_key=keyring.signer.public_key,
        private_body_public_key=private_body_public_key,
        tls_certificate_request=certificate_request,
        proof_of_possession=keyring.signer.sign(proved),
        software_version=software_version,
    )


def checked_membership(response: pb.EnrolResponse, invitation: Invitation, keyring: Keyring, now_us: int) -> Membership:
    """What HQ's approval makes of this node, after checking every part of it against the invitation and own keys.

    Raises EnrolmentAnswerUnusable, DirectoryNotByRoot, DirectoryExpired, MalformedDirectory, OwnEntryWrong,
    CertificateUnusable.
    """
    if not response.link_address:
        raise EnrolmentAnswerUnusable(detail="link_address")
    membership = Membership(
        node=invitation.node,
        link_address=response.link_address,
        root_public_key=invitation.root_public_key,
        tls_authority_pem=tls.der_to_pem(invitation.tls_authority),
        tls_certificate_pem=tls.der_to_pem(response.tls_certificate),
        signed_directory=response.directory.SerializeToString(),
    )
    tls.require_issued_for(
        membership.tls_certificate_pem,
        membership.tls_authority_pem,
        membership.node,
        keyring.tls_key.public_key(),
    )
    directory = verify_directory(response.directory, invitation.root_public_key, now_us)
    check_own_entry(directory, membership.own_keys(keyring))
    return membership


async def _ask_until_approved(
    request: pb.EnrolRequest,
    invitation: Invitation,
    keyring: Keyring,
    clock: Clock,
    options: EnrolmentOptions,
    sleep: Sleep,
) -> pb.EnrolResponse:
    give_up_us = clock.monotonic_us() + options.wait_us_max
    wait_us = WAIT_FIRST_US
    told = False
    while True:
        try:
            response = await _ask(request, invitation, options.language)
            if response.state == pb.ENROLMENT_STATE_APPROVED:
                return response
            if response.state != pb.ENROLMENT_STATE_WAITING_FOR_APPROVAL:
                raise EnrolmentAnswerUnusable(detail="state")
            failure: TemporaryFault = ApprovalPending(node=invitation.node, signing_key_id=keyring.signer.key_id)
            if options.on_waiting is not None and not told:
                options.on_waiting(keyring.signer.key_id)
                told = True
        except HqUnreachable as unreachable:
            failure = unreachable
        left_us = give_up_us - clock.monotonic_us()
        if left_us <= 0:
            raise failure
        await sleep(min(wait_us, left_us) / 1e6)
        wait_us = min(2 * wait_us, WAIT_LONGEST_US)


async def _ask(request: pb.EnrolRequest, invitation: Invitation, language: str) -> pb.EnrolResponse:
    """Asks HQ once, over a connection on which only the HQ that made the invitation can answer."""
    credentials = tls.enrolment_channel_credentials(tls.der_to_pem(invitation.tls_authority))
    async with grpc.aio.secure_channel(invitation.address, credentials, options=tls.hq_name_options()) as channel:
        try:
            response: pb.EnrolResponse = await pb_grpc.EnrolmentServiceStub(channel).Enrol(
                request, timeout=CALL_TIMEOUT_S, metadata=((LANGUAGE_KEY, language),)
            )
            return response
        except grpc.aio.AioRpcError as error:
            raise _explained(error, invitation.address) from error


def _explained(error: grpc.aio.AioRpcError, address: str) -> Fault | Refusal:
    reason_code = reason_code_of(error)
    if error.code() in _AWAY:
        words = error.details() or error.code().name
        if any(sign in words for sign in _OUT_OF_DATE):
            return HqCertificateOutOfDate(address=address)
        if any(sign in words for sign in _NOT_HQ):
            return HqNotAuthentic(address=address)
        said = words.rpartition(": ")[2].rstrip("]})")
        return HqUnreachable(address=address, detail=reason_code or said[:_DETAIL_CHARACTERS_MAX])
    if reason_code:
        return EnrolmentRefused(reason_code=reason_code, detail=error.details())
    return EnrolmentAnswerUnusable(detail=error.code().name)


def _load_or_create_keyring(data_dir: Path, options: EnrolmentOptions) -> Keyring:
    try:
        return Keyring.load(data_dir, options.passphrase, options.token)
    except KeyringMissing:
        return Keyring.create(data_dir, hq=False, token=options.token)


def _with_keys_to_come_back(keyring: Keyring, data_dir: Path) -> Keyring:
    """The keyring with keys that were made for coming back, once: whoever repeats the enrolment offers the same, also
    by another invitation, since HQ may have let them in already and its answer been lost.

    None that lay there before will do, though HQ never heard of it: what a rotation left unfinished was stolen with the
    rest.
    """
    note = data_dir / NEW_KEYS_NOTE
    if note.exists() and read_private(note) == keyring.signer.key_id.encode():
        return keyring
    keyring = keyring.with_new_keys(data_dir, NODE_USES)
    write_private(note, keyring.signer.key_id.encode())
    return keyring


def _known_membership(invitation: Invitation, data_dir: Path) -> Membership | None:
    """The membership that there is. HQ may have replaced its root key since; then its authority is what tells before
    anything is said to it, and its directory afterwards. Raises OtherFederation."""
    try:
        membership = Membership.load(data_dir)
    except (NotEnrolled, MembershipDamaged):
        return None
    same_root = membership.root_public_key == invitation.root_public_key
    same_authority = tls.pem_to_der(membership.tls_authority_pem) == invitation.tls_authority
    if membership.node != invitation.node or not (same_root or same_authority):
        raise OtherFederation
    return membership


def _continued(trusted: bytes, membership: Membership) -> Membership:
    """The new membership, which trusts the root key that the node has trusted so far: the directories that it took
    under that key stay good, and every newer one must come from it. Raises OtherFederation."""
    try:
        open_directory(membership.signed(), trusted)
    except DirectoryNotByRoot:
        raise OtherFederation from None
    return replace(membership, root_public_key=trusted)

"""Invitations and enrolments: who may ask to join, with what keys, and how far they have come."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from enum import StrEnum

from common.errors import Refusal
from common.security.encoding import tagged_digest
from common.security.signing import ED25519, key_id_of

INVITATION_SECRET_DOMAIN = b"quanwang/invitation-secret/v1"
ENROLMENT_KEYS_DOMAIN = b"quanwang/enrolment-keys/v1"

NOT_USED = b""


class UnknownProvince(Refusal):
    """The code is not that of a province."""

    en = "{node} is not the code of a province (GB/T 2260: 11 to 65)."
    zh = "{node} 不是有效的省份代码（GB/T 2260，11 至 65）。"


class InvitationValidityRefused(Refusal):
    """An invitation shall not be open for so long."""

    en = "An invitation can be valid for at most {hours_max} hours."
    zh = "邀请码的有效期最长为 {hours_max} 小时。"


class InvitationInvalid(Refusal):
    """No such invitation: never made, replaced by a newer one, or for another node. Which of these is not said."""

    en = "The invitation is not valid for node {node}. It may have been replaced by a newer one; ask HQ."
    zh = "该邀请码对节点 {node} 无效，可能已被新的邀请码取代，请联系总部。"


class InvitationExpired(Refusal):
    """The invitation was not used in time."""

    en = "The invitation of node {node} has expired. Ask HQ for a new one."
    zh = "节点 {node} 的邀请码已过期，请向总部申请新的邀请码。"


class InvitationUsed(Refusal):
    """The invitation was used before, with other keys."""

    en = "The invitation of node {node} was used before, with other keys. If that was not you, tell HQ at once."
    zh = "节点 {node} 的邀请码已被其他密钥使用。如非本人操作，请立即通知总部。"


class ProofOfPossessionInvalid(Refusal):
    """Whoever asks did not show that it holds the keys it names."""

    en = "The request of node {node} does not prove that it holds the keys it names."
    zh = "节点 {node} 的请求未能证明其持有所列密钥。"


class KeyInUse(Refusal):
    """Two nodes must not share a key: one could speak for the other. A copied data directory does this."""

    en = "The signing key of node {node} is that of node {other}. Give this node a data directory of its own."
    zh = "节点 {node} 的签名密钥与节点 {other} 相同，请为本节点使用独立的数据目录。"


class NodeAlreadyEnrolled(Refusal):
    """The node is in the directory, with other keys."""

    en = "Node {node} is enrolled already, with other keys."
    zh = "节点 {node} 已入网，且密钥不同。"


class NodeRevoked(Refusal):
    """The node was cut off."""

    en = "Node {node} was revoked."
    zh = "节点 {node} 已被吊销。"


class NodeNotInDirectory(Refusal):
    """The code is not that of a province in the directory."""

    en = "Node {node} is not in the directory."
    zh = "目录中没有节点 {node}。"


class NodeNotSuspended(Refusal):
    """Only a suspended node can be resumed."""

    en = "Node {node} is {status}, not suspended."
    zh = "节点 {node} 的状态为 {status}，并未暂停。"


class ReasonMissing(Refusal):
    """What shuts a node out, or lets it in again, is recorded with its reason."""

    en = "Say why, in at most {characters_max} characters: the directory records it."
    zh = "请说明原因（不超过 {characters_max} 字），目录将予以记录。"


class NodeNotActive(Refusal):
    """Only a node that takes part replaces its keys."""

    en = "Node {node} does not take part at present; its keys are not replaced."
    zh = "节点 {node} 当前未启用，不能轮换密钥。"


class CertificateNotPermitted(Refusal):
    """Whoever asks does not come with a certificate that the directory names for the node."""

    en = "The certificate is not one that the directory names for node {node}."
    zh = "所用证书不是目录为节点 {node} 记载的证书。"


class KeyRotationNotSigned(Refusal):
    """Whoever asks for new keys did not show that it holds the node's key in force, or the new ones."""

    en = "The rotation of keys of node {node} is not signed by its key in force. Nothing was changed."
    zh = "节点 {node} 的密钥轮换请求未由其现行密钥签名，未做任何更改。"


class KeyRotationOutOfDate(Refusal):
    """The rotation replaces keys that have been replaced since: an old one that came again, or one made too late."""

    en = "The rotation of keys of node {node} replaces keys that are not its newest. Nothing was changed."
    zh = "节点 {node} 的密钥轮换请求所替换的并非其最新密钥，未做任何更改。"


class RootKeyNotHeld(Refusal):
    """The next directory needs a root key that HQ does not hold."""

    en = "HQ does not hold the federation's root key ({key_id}) that signs directories."
    zh = "总部未持有用于签署目录的联邦根密钥（{key_id}）。"


class NextRootNotSigned(Refusal):
    """A root key says that it is the next one, and the one in force does not."""

    en = "The next root key is not signed by the one in force ({key_id}). Nothing was changed."
    zh = "新的根密钥未由现行根密钥（{key_id}）签名，未做任何更改。"


class NothingToSign(Refusal):
    """No change of the directory waits for the root."""

    en = "No change of the directory waits for the root's signature."
    zh = "没有等待根密钥签名的目录变更。"


class ExportUnknown(Refusal):
    """No form of the draft with that hash was given out, or a version has been published since."""

    en = "No draft with the hash {hash} was exported for the next version. `directory show` lists those that were."
    zh = "下一版本的草稿中没有导出过哈希为 {hash} 的文件。可用 `directory show` 查看已导出的草稿。"


class SignedDirectoryUnexpected(Refusal):
    """What was signed is not what HQ gave out to be signed, or was overtaken."""

    en = (
        "The signed directory (version {version}, {hash}) is not a draft that HQ exported for its next version "
        "({expected}). Nothing was changed. Export the draft again and have that signed."
    )
    zh = (
        "已签名的目录（版本 {version}，{hash}）不是总部为下一版本（{expected}）导出的草稿，未做任何更改。"
        "请重新导出草稿并签名。"
    )


class KeyRevoked(Refusal):
    """A key of a revoked node does not come back."""

    en = "A key of node {node} was revoked before; enrol with new keys (enrol --new-keys)."
    zh = "节点 {node} 的密钥此前已被吊销，请使用新密钥入网（enrol --new-keys）。"


class EnrolmentNotFound(Refusal):
    """Nobody waits for approval under that code."""

    en = "Node {node} has not asked to join."
    zh = "节点 {node} 尚未申请入网。"


class ApprovedKeyDiffers(Refusal):
    """The operator approves a key, but another one waits."""

    en = (
        "Node {node} waits with the signing key {waiting}, not {approved}. Compare again; somebody else may have asked."
    )
    zh = "节点 {node} 等待批准的签名密钥为 {waiting}，而非 {approved}。请重新核对，可能有人冒名申请。"


class FederationAlreadyFounded(Refusal):
    """There is a directory already, with other keys for HQ."""

    en = "The federation was founded before, with other keys for HQ."
    zh = "联邦此前已建立，且总部密钥不同。"


class FederationNotFounded(Refusal):
    """There is no directory yet."""

    en = "The federation has not been founded yet. Initialise HQ first."
    zh = "联邦尚未建立，请先初始化总部节点。"


def secret_digest(node: str, secret: bytes) -> bytes:
    """What HQ keeps of an invitation's secret. The secret is 32 random bytes, so a plain digest gives nothing away."""
    return tagged_digest(INVITATION_SECRET_DOMAIN, node.encode("utf-8"), secret)


@dataclass(frozen=True, slots=True)
class EnrolmentKeys:
    """The public keys that a node asks to join with; the TLS key as DER SubjectPublicKeyInfo."""

    signing: bytes
    private_bodies: bytes
    tls: bytes

    @property
    def digest(self) -> bytes:
        return tagged_digest(ENROLMENT_KEYS_DOMAIN, self.signing, self.private_bodies, self.tls)

    @property
    def signing_key_id(self) -> str:
        return key_id_of(ED25519, self.signing)


@dataclass(frozen=True, slots=True)
class Invitation:
    """The one invitation of a node that counts. `used_by`: digest of the keys it was used with, NOT_USED before."""

    node: str
    secret_digest: bytes
    expires_at_us: int
    invited_at_us: int
    invited_by: str
    used_by: bytes = NOT_USED

    def require_secret(self, secret: bytes) -> None:
        """Raises InvitationInvalid. Takes the same time wherever the secrets differ."""
        if not hmac.compare_digest(self.secret_digest, secret_digest(self.node, secret)):
            raise InvitationInvalid(node=self.node)

    def use(self, keys: EnrolmentKeys, now_us: int) -> Invitation:
        """The invitation as used with `keys`; the same keys may use it again, at any time, to hear how far they are.

        Raises InvitationUsed, InvitationExpired.
        """
        if self.used_by != NOT_USED:
            if not hmac.compare_digest(self.used_by, keys.digest):
                raise InvitationUsed(node=self.node)
            return self
        if now_us >= self.expires_at_us:
            raise InvitationExpired(node=self.node)
        return replace(self, used_by=keys.digest)


class EnrolmentState(StrEnum):
    """How far a node has come."""

    WAITING = "waiting"
    APPROVED = "approved"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A node that asked to join. `tls_certificate` (PEM) and the approval's time and operator once it is approved."""

    node: str
    state: EnrolmentState
    keys: EnrolmentKeys
    tls_certificate_request: bytes
    software_version: str
    requested_at_us: int
    approved_at_us: int = 0
    approved_by: str = ""
    tls_certificate: bytes = b""

    @property
    def approved(self) -> bool:
        return self.state is EnrolmentState.APPROVED

    def require_same_keys(self, keys: EnrolmentKeys) -> None:
        """Raises NodeAlreadyEnrolled when the node was approved with other keys."""
        if self.approved and not hmac.compare_digest(self.keys.digest, keys.digest):
            raise NodeAlreadyEnrolled(node=self.node)

    def require_key(self, signing_key_id: str) -> None:
        """Raises ApprovedKeyDiffers unless `signing_key_id` is the one that waits, or empty."""
        if signing_key_id and signing_key_id != self.keys.signing_key_id:
            raise ApprovedKeyDiffers(node=self.node, waiting=self.keys.signing_key_id, approved=signing_key_id)

    def approve(self, certificate: bytes, approved_by: str, now_us: int) -> Enrolment:
        """The enrolment as approved, with the certificate (PEM) that was issued."""
        return replace(
            self,
            state=EnrolmentState.APPROVED,
            tls_certificate=certificate,
            approved_by=approved_by,
            approved_at_us=now_us,
        )


class CeilingFieldUnknown(Refusal):
    """Nothing of the record has that name; whoever misspells a field must not believe it hidden."""

    code = "CEILING_FIELD_NOT_FOUND"
    en = "There is no field {subject}, so there is nothing to limit. Fields: {fields}, or * for all."
    zh = "不存在字段 {subject}，无可限定。可用字段：{fields}，或用 * 表示全部。"


class CeilingSubjectUnknown(Refusal):
    """Nobody needs such a permission, or there are no such records."""

    code = "CEILING_SUBJECT_NOT_FOUND"
    en = (
        "No node knows {subject}, so there is nothing to limit. `roles permissions` lists HQ's permissions; those of "
        "provinces stand in docs/access-control.md."
    )
    zh = "没有节点使用 {subject}，无可限定。总部的权限见 `roles permissions`，各省的权限见 docs/access-control.md。"


class CeilingNotFound(Refusal):
    """There is nothing to take away."""

    en = "There is no ceiling on {subject} for {node} (*: all provinces). `access ceilings list` shows those there are."
    zh = "{subject} 对 {node}（* 表示各省）没有上限。可用 `access ceilings list` 查看。"


class TooManyCeilings(Refusal):
    """The directory would grow too long."""

    en = "There are {most} ceilings at most. Set one for all provinces in place of one for each."
    zh = "上限最多 {most} 条。请对各省统一设置，而不是逐省设置。"

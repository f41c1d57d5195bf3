"""An invitation: what an HQ operator hands to a new node out of band, as one line of text.

    quanwang-invitation:1:<base64url of the protobuf message>:<8 hexadecimal digits>

The digits are a check against mistyping, not against forgery: an invitation is a secret, and is handed over as one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass, field

from google.protobuf.message import DecodeError

from common.errors import Refusal
from common.gen.quanwang.federation.v1 import enrolment_pb2 as pb
from common.ids import NODE_PATTERN

SECRET_BYTES = 32
ROOT_PUBLIC_KEY_BYTES = 32
INVITATION_CHARACTERS_MAX = 8_192
ADDRESS_CHARACTERS_MAX = 300

_PREFIX = "quanwang-invitation"
_VERSION = "1"


class InvitationUnreadable(Refusal):
    """Base of the reasons for which a text is no invitation."""

    en = "This is not an invitation."
    zh = "这不是有效的邀请码。"


class NotAnInvitation(InvitationUnreadable):
    """The text is something else, or a part of it is missing."""

    en = "This is not an invitation: it must be one line, quanwang-invitation:1:…:…, copied in full."
    zh = "这不是邀请码：应为完整复制的一行文本 quanwang-invitation:1:…:…。"


class InvitationVersionUnknown(InvitationUnreadable):
    """The invitation was made by a release that this one does not understand."""

    en = "The invitation has format version {version}; this release reads version 1. Upgrade this node."
    zh = "邀请码的格式版本为 {version}，当前软件只支持版本 1，请升级本节点。"


class InvitationMistyped(InvitationUnreadable):
    """The check digits do not fit: a character is missing or wrong."""

    en = "The invitation was not copied correctly (its check digits do not fit). Copy the whole line again."
    zh = "邀请码复制有误（校验码不符），请重新完整复制。"


class InvitationContentInvalid(InvitationUnreadable):
    """The invitation was copied correctly, but what it says cannot be used."""

    en = "The invitation says something unusable: {detail}. Ask HQ for a new one."
    zh = "邀请码内容不可用：{detail}。请向总部申请新的邀请码。"


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a new node must know to reach HQ and to believe it. Prints itself without the secret."""

    node: str
    address: str
    """host:port of the enrolment service."""
    secret: bytes = field(repr=False)
    root_public_key: bytes
    """Ed25519, 32 bytes."""
    tls_authority: bytes
    """The certificate (DER) of the authority that HQ's server certificate is by."""
    expires_at_us: int


def encode_invitation(invitation: Invitation) -> str:
    """The invitation as one line of text."""
    message = pb.Invitation(
        node=invitation.node,
        address=invitation.address,
        secret=invitation.secret,
        root_public_key=invitation.root_public_key,
        tls_authority=invitation.tls_authority,
        expires_at_us=invitation.expires_at_us,
    )
    encoded = base64.urlsafe_b64encode(message.SerializeToString()).rstrip(b"=").decode("ascii")
    return f"{_PREFIX}:{_VERSION}:{encoded}:{_check_digits(encoded)}"


def decode_invitation(text: str) -> Invitation:
    """Reads an invitation; line breaks and spaces that came in by copying do not matter.

    Raises an InvitationUnreadable that names what is wrong; never anything else, whatever the text is.
    """
    if len(text) > INVITATION_CHARACTERS_MAX:
        raise NotAnInvitation
    parts = "".join(text.split()).split(":")
    if parts[0] != _PREFIX or len(parts) < 2:
        raise NotAnInvitation
    if parts[1] != _VERSION:
        raise InvitationVersionUnknown(version=parts[1][:20])
    if len(parts) != 4 or not parts[2]:
        raise NotAnInvitation
    if parts[3].lower() != _check_digits(parts[2]):
        raise InvitationMistyped
    try:
        content = base64.b64decode(parts[2] + "=" * (-len(parts[2]) % 4), altchars=b"-_", validate=True)
        message = pb.Invitation.FromString(content)
    except (binascii.Error, ValueError, DecodeError) as error:
        raise InvitationContentInvalid(detail="protobuf") from error
    return _checked(message)


def _checked(message: pb.Invitation) -> Invitation:
    host, _, port = message.address.rpartition(":")
    usable = {
        "node": NODE_PATTERN.fullmatch(message.node) is not None,
        "address": len(message.address) <= ADDRESS_CHARACTERS_MAX
        and host != ""
        and port.isascii()
        and port.isdecimal()
        and len(port) <= 5,
        "secret": len(message.secret) == SECRET_BYTES,
        "root_public_key": len(message.root_public_key) == ROOT_PUBLIC_KEY_BYTES,
        "tls_authority": len(message.tls_authority) > 0,
        "expires_at_us": message.expires_at_us > 0,
    }
    for name, good in usable.items():
        if not good:
            raise InvitationContentInvalid(detail=name)
    return Invitation(
        node=message.node,
        address=message.address,
        secret=message.secret,
        root_public_key=message.root_public_key,
        tls_authority=message.tls_authority,
        expires_at_us=message.expires_at_us,
    )


def _check_digits(encoded: str) -> str:
    # The text may hold anything, unpaired surrogates included.
    content = f"{_PREFIX}:{_VERSION}:{encoded}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).hexdigest()[:8]

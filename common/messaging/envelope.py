"""Envelopes: built once by the node where a message begins, parsed by all others, never re-encoded."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from google.protobuf.message import DecodeError

from common.errors import REASON_CODE_CHARACTERS_MAX, REASON_CODE_PATTERN, Fault
from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.ids import HQ, ID_BYTES, NODE_PATTERN

HEADER_DOMAIN = b"quanwang/header/v1"
"""Before the header's bytes when they are hashed."""

HEADER_BYTES_MAX = 4_096
BODY_BYTES_MAX = 262_144
PRIVATE_BODY_BYTES_MAX = 262_144
MESSAGE_TYPE_CHARACTERS_MAX = 128
_MESSAGE_TYPE_PATTERN = re.compile(rf"[A-Za-z0-9_.]{{1,{MESSAGE_TYPE_CHARACTERS_MAX}}}")

PROTOCOL_VERSION = 1


class MalformedEnvelope(Fault):
    """The bytes are not an envelope, or their digests do not agree."""

    en = "Malformed envelope: {detail}."
    zh = "报文格式错误：{detail}。"


class BodyAltered(MalformedEnvelope):
    """The header is one, but the body or private body that came with it is not the one that it signs."""

    en = "Altered envelope: {detail}."
    zh = "报文内容已被更改：{detail}。"


@dataclass(slots=True)
class Envelope:
    """An envelope: the exact bytes, and what its header says."""

    header: bytes
    body: bytes
    private_body: bytes
    routing: pb.Routing
    routing_bytes: bytes
    digest: bytes
    private_body_missing: bool = False
    """The header names a private body, but none came with it: it was purged, or somebody took it away."""
    leg: bytes = field(default=b"", compare=False, repr=False)
    """Filled by `leg_of`, which is asked a dozen times about each message."""

    @property
    def size(self) -> int:
        return len(self.header) + len(self.body) + len(self.private_body)


def is_withdraw(routing: pb.Routing) -> bool:
    """Whether a message is the hub's wish that home end a leg. (A Cancel is an origin's wish, and goes to the hub.)"""
    return routing.phase == pb.PHASE_CANCEL and routing.source == HQ and routing.destination != HQ


def header_digest(header: bytes) -> bytes:
    """What answers, stamps and leaves refer to a message by."""
    return hashlib.sha256(HEADER_DOMAIN + header).digest()


def build(routing: pb.Routing, body: bytes = b"", private_body: bytes = b"", routing_bytes: bytes = b"") -> Envelope:
    """A new envelope. Give `routing_bytes` when the private body was already encrypted for exactly these."""
    routing_bytes = routing_bytes or routing.SerializeToString()
    header = pb.EnvelopeHeader(
        routing=routing_bytes,
        body_digest=hashlib.sha256(body).digest() if body else b"",
        private_body_digest=hashlib.sha256(private_body).digest() if private_body else b"",
    ).SerializeToString()
    return Envelope(header, body, private_body, routing, routing_bytes, header_digest(header))


def parse(header: bytes, body: bytes, private_body: bytes, digest: bytes = b"") -> Envelope:
    """Reads an envelope as it came. Raises MalformedEnvelope (BodyAltered); never anything else, whatever the bytes
    are.

    `digest` is the header's, where the caller has computed it already. A private body may be absent where the header
    names one: it may have been purged.
    """
    if len(header) > HEADER_BYTES_MAX or len(body) > BODY_BYTES_MAX or len(private_body) > PRIVATE_BODY_BYTES_MAX:
        raise MalformedEnvelope(detail="larger than the limit")
    try:
        outer = pb.EnvelopeHeader.FromString(header)
        routing_bytes = outer.routing
        routing = pb.Routing.FromString(routing_bytes)
    except DecodeError as error:
        raise MalformedEnvelope(detail="not a header") from error
    if outer.body_digest != (hashlib.sha256(body).digest() if body else b""):
        raise BodyAltered(detail="the body is not the one that was signed")
    if private_body and outer.private_body_digest != hashlib.sha256(private_body).digest():
        raise BodyAltered(detail="the private body is not the one that was signed")
    if len(routing.message_id) != ID_BYTES or len(routing.request_id) != ID_BYTES:
        raise MalformedEnvelope(detail="message_id and request_id must be 16 bytes")
    if not NODE_PATTERN.fullmatch(routing.source) or not NODE_PATTERN.fullmatch(routing.destination):
        raise MalformedEnvelope(detail="source and destination must be node codes of two digits")
    if not NODE_PATTERN.fullmatch(routing.leg_destination):
        raise MalformedEnvelope(detail="leg_destination must be a node code of two digits")
    if is_withdraw(routing) and not NODE_PATTERN.fullmatch(routing.reply_to):
        raise MalformedEnvelope(detail="reply_to of a withdrawal must be a node code of two digits")
    if routing.reason_code and not REASON_CODE_PATTERN.fullmatch(routing.reason_code):
        raise MalformedEnvelope(detail=f"reason_code must be at most {REASON_CODE_CHARACTERS_MAX} of A-Z, 0-9 and _")
    if routing.message_type and not _MESSAGE_TYPE_PATTERN.fullmatch(routing.message_type):
        raise MalformedEnvelope(
            detail=f"message_type must be at most {MESSAGE_TYPE_CHARACTERS_MAX} letters, digits, _ and ."
        )
    missing = bool(outer.private_body_digest) and not private_body
    return Envelope(header, body, private_body, routing, routing_bytes, digest or header_digest(header), missing)

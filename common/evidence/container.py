"""An evidence file: 8 bytes that say what it is, the length of what follows, and a serialised Bundle.

The length tells a file that was cut short from one that never said more.
"""

from __future__ import annotations

from google.protobuf.message import DecodeError

from common.evidence.findings import Finding, Refuted, found
from common.gen.quanwang.evidence.v1 import evidence_pb2 as pb
from common.messaging.raw_fields import bytes_fields

MAGIC = b"QWEVID1\n"
FAMILY = MAGIC[:6]
LENGTH_BYTES = 8

EVIDENCE_BYTES_MAX = 16_777_216
PARTS_MAX = 20_000
"""Envelopes, seals, statements and directories together."""


def pack(bundle: pb.Bundle) -> bytes:
    """The file of a bundle."""
    content = bundle.SerializeToString(deterministic=True)
    return MAGIC + len(content).to_bytes(LENGTH_BYTES, "big") + content


def unpack(data: bytes) -> pb.Bundle:
    """The bundle of a file; none of it is checked yet. Raises Refuted with what is wrong with the file."""
    if len(data) > EVIDENCE_BYTES_MAX:
        raise _refuted("FILE_TOO_LARGE", bytes=len(data), bytes_max=EVIDENCE_BYTES_MAX)
    if not data.startswith(FAMILY[: len(data)]) or not data:
        raise _refuted("NOT_EVIDENCE")
    head = len(MAGIC) + LENGTH_BYTES
    if len(data) < head:
        raise _refuted("FILE_TRUNCATED", bytes=len(data), expected=head)
    if not data.startswith(MAGIC):
        raise _refuted("FORMAT_UNKNOWN")
    expected = head + int.from_bytes(data[len(MAGIC) : head], "big")
    if len(data) < expected:
        raise _refuted("FILE_TRUNCATED", bytes=len(data), expected=expected)
    if len(data) > expected:
        raise _refuted("FILE_TOO_LONG", bytes=len(data), expected=expected)
    return _parse(data[head:])


def _parse(content: bytes) -> pb.Bundle:
    try:
        for count, _ in enumerate(bytes_fields(content)):
            if count > PARTS_MAX:
                raise _refuted("TOO_MANY_PARTS", parts_max=PARTS_MAX)
        return pb.Bundle.FromString(content)
    except (ValueError, DecodeError) as error:
        raise _refuted("MALFORMED_BUNDLE", detail="not a Bundle") from error


def _refuted(code: str, **facts: object) -> Refuted:
    finding: Finding = found(code, "file", **facts)
    return Refuted(finding)

"""A rotation of keys as bytes, and back."""

from __future__ import annotations

from google.protobuf.message import DecodeError

from common.directory.model import KeyUse
from common.directory.rotation import SUITES, KeyRotation, NextKey
from common.errors import Refusal
from common.gen.quanwang.federation.v1 import directory_pb2, enrolment_pb2
from common.ids import NODE_PATTERN

ROTATION_BYTES_MAX = 16_384
CERTIFICATE_REQUEST_BYTES_MAX = 4_096
PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64
KEY_ID_CHARACTERS_MAX = 64

_USE = {directory_pb2.KEY_USE_SIGNING: KeyUse.SIGNING, directory_pb2.KEY_USE_PRIVATE_BODIES: KeyUse.PRIVATE_BODIES}
_USE_TO_WIRE = {use: value for value, use in _USE.items()}


class MalformedKeyRotation(Refusal):
    """The bytes are no rotation, or a part of it has an impossible length."""

    en = "The rotation of keys is malformed: {part}."
    zh = "密钥轮换请求格式错误：{part}。"


def encode_rotation(rotation: KeyRotation) -> bytes:
    """The same rotation always gives the same bytes."""
    message = enrolment_pb2.KeyRotation(
        node=rotation.node,
        signed_by=rotation.signed_by,
        tls_certificate_request=rotation.tls_certificate_request,
        former_tls_fingerprint=rotation.former_tls_fingerprint,
    )
    for key in rotation.keys:
        message.keys.add(
            use=_USE_TO_WIRE[key.use],
            suite=key.suite,
            public_key=key.public_key,
            previous_key_id=key.previous_key_id,
            previous_key_signature=key.signature,
            proof_of_possession=key.proof_of_possession,
        )
    return message.SerializeToString(deterministic=True)


def decode_rotation(rotation: bytes) -> KeyRotation:
    """Raises MalformedKeyRotation; never anything else, whatever the bytes are."""
    _require(len(rotation) <= ROTATION_BYTES_MAX, "size")
    try:
        parsed = enrolment_pb2.KeyRotation.FromString(rotation)
    except DecodeError as error:
        raise MalformedKeyRotation(part="protobuf") from error
    _require(NODE_PATTERN.fullmatch(parsed.node) is not None, "node")
    _require(0 < len(parsed.signed_by) <= KEY_ID_CHARACTERS_MAX, "signed_by")
    _require(len(parsed.tls_certificate_request) <= CERTIFICATE_REQUEST_BYTES_MAX, "tls_certificate_request")
    _require(len(parsed.former_tls_fingerprint) in (0, 32), "former_tls_fingerprint")
    uses = [key.use for key in parsed.keys]
    _require(len(set(uses)) == len(uses) and all(use in _USE for use in uses), "keys")
    return KeyRotation(
        node=parsed.node,
        signed_by=parsed.signed_by,
        keys=tuple(_decode_key(key) for key in parsed.keys),
        tls_certificate_request=parsed.tls_certificate_request,
        former_tls_fingerprint=parsed.former_tls_fingerprint,
    )


def _decode_key(key: enrolment_pb2.NewKey) -> NextKey:
    use = _USE[key.use]
    _require(key.suite == SUITES[use], "suite")
    _require(len(key.public_key) == PUBLIC_KEY_BYTES, "public_key")
    _require(0 < len(key.previous_key_id) <= KEY_ID_CHARACTERS_MAX, "previous_key_id")
    _require(len(key.previous_key_signature) == SIGNATURE_BYTES, "previous_key_signature")
    _require(len(key.proof_of_possession) == (SIGNATURE_BYTES if use is KeyUse.SIGNING else 0), "proof_of_possession")
    return NextKey(
        use=use,
        suite=key.suite,
        public_key=key.public_key,
        previous_key_id=key.previous_key_id,
        signature=key.previous_key_signature,
        proof_of_possession=key.proof_of_possession,
    )


def _require(condition: bool, part: str) -> None:
    if not condition:
        raise MalformedKeyRotation(part=part)

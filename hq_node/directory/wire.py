"""Enrolment requests and answers: protobuf to commands, and back."""

from __future__ import annotations

from common.directory.invitation import SECRET_BYTES
from common.directory.rotation_wire import MalformedKeyRotation, decode_rotation
from common.directory.wire import decode_signed
from common.errors import Refusal
from common.gen.quanwang.federation.v1 import enrolment_pb2 as pb
from common.gen.quanwang.federation.v1 import link_pb2
from common.ids import NODE_PATTERN
from common.messaging.link_resume import Place
from common.security.tls import pem_to_der
from hq_node.directory.commands import RequestEnrolment, RotateKeys
from hq_node.directory.handlers import EnrolmentAnswer
from hq_node.directory.model import EnrolmentState
from hq_node.directory.rotation import KeysRotated

KEY_BYTES = 32
SIGNATURE_BYTES = 64
CERTIFICATE_REQUEST_BYTES_MAX = 4_096
SOFTWARE_VERSION_CHARACTERS_MAX = 100

_STATES = {
    EnrolmentState.WAITING: pb.ENROLMENT_STATE_WAITING_FOR_APPROVAL,
    EnrolmentState.APPROVED: pb.ENROLMENT_STATE_APPROVED,
}


class MalformedEnrolRequest(Refusal):
    """A part of the request is missing or has an impossible length."""

    en = "The enrolment request is malformed: {part}."
    zh = "入网请求格式错误：{part}。"


def enrolment_command(request: pb.EnrolRequest) -> RequestEnrolment:
    """The command in a request. Raises MalformedEnrolRequest."""
    well_formed = {
        "node": NODE_PATTERN.fullmatch(request.node) is not None,
        "invitation_secret": len(request.invitation_secret) == SECRET_BYTES,
        "signing_public_key": len(request.signing_public_key) == KEY_BYTES,
        "private_body_public_key": len(request.private_body_public_key) == KEY_BYTES,
        "tls_certificate_request": 0 < len(request.tls_certificate_request) <= CERTIFICATE_REQUEST_BYTES_MAX,
        "proof_of_possession": len(request.proof_of_possession) == SIGNATURE_BYTES,
        "software_version": len(request.software_version) <= SOFTWARE_VERSION_CHARACTERS_MAX,
    }
    for part, good in well_formed.items():
        if not good:
            raise MalformedEnrolRequest(part=part)
    return RequestEnrolment(
        node=request.node,
        invitation_secret=request.invitation_secret,
        signing_public_key=request.signing_public_key,
        private_body_public_key=request.private_body_public_key,
        tls_certificate_request=request.tls_certificate_request,
        proof_of_possession=request.proof_of_possession,
        software_version=request.software_version,
    )


def rotation_command(request: pb.RotateKeysRequest) -> RotateKeys:
    """The command in a request. Raises MalformedKeyRotation."""
    wish = decode_rotation(request.rotation)
    if len(request.signature) != SIGNATURE_BYTES:
        raise MalformedKeyRotation(part="signature")
    return RotateKeys(wish, request.rotation, request.signature)


def rotation_response(rotated: KeysRotated) -> pb.RotateKeysResponse:
    """The answer as it is sent; the certificate as DER."""
    return pb.RotateKeysResponse(
        tls_certificate=pem_to_der(rotated.tls_certificate) if rotated.tls_certificate else b"",
        directory=decode_signed(rotated.signed_directory) if rotated.signed_directory else None,
    )


def _position(place: Place) -> link_pb2.Position:
    return link_pb2.Position(
        sequence=place.sequence,
        seal_number=place.seal_number,
        seal_hash=place.seal_hash,
        incarnation=place.incarnation,
    )


def enrolment_response(answer: EnrolmentAnswer) -> pb.EnrolResponse:
    """The answer as it is sent; the certificate as DER."""
    if answer.state is not EnrolmentState.APPROVED:
        return pb.EnrolResponse(state=_STATES[answer.state])
    sealed, received = (None, None) if answer.resume is None else map(_position, answer.resume)
    return pb.EnrolResponse(
        state=_STATES[answer.state],
        node_sealed=sealed,
        node_received=received,
        tls_certificate=pem_to_der(answer.tls_certificate),
        directory=decode_signed(answer.signed_directory),
        link_address=answer.link_address,
    )

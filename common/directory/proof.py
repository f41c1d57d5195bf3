"""The bytes by which a node that asks to join proves that the keys are its own: made there, checked at HQ."""

from __future__ import annotations

from common.security.encoding import pae

ENROLMENT_PROOF_DOMAIN = b"quanwang/enrolment/v1"


def enrolment_proof_bytes(
    node: str,
    invitation_secret: bytes,
    signing_public_key: bytes,
    private_body_public_key: bytes,
    tls_certificate_request: bytes,
) -> bytes:
    """What the signing key signs. The secret is among it, so the proof is good for that invitation alone."""
    return pae(
        ENROLMENT_PROOF_DOMAIN,
        node.encode("utf-8"),
        invitation_secret,
        signing_public_key,
        private_body_public_key,
        tls_certificate_request,
    )

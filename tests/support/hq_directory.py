"""Headquarters' own handlers of the directory, for a federation in one thread."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from common.security.signing import Ed25519Signer
from common.security.tls import SERIAL_BYTES, issue_authority
from hq_node.directory.authority import Authority
from hq_node.directory.handlers import handlers as directory_handlers
from tests.support.enrolment import START_US, counted_entropy

YEAR_US = 365 * 86_400_000_000


def handlers(root: Ed25519Signer) -> dict[type, Any]:
    """As HQ's bootstrap binds them; `root` signs."""
    entropy = counted_entropy()
    authority = Authority(
        root_public_key=root.public_key,
        root_signers=lambda: (root,),
        tls=issue_authority(ec.generate_private_key(ec.SECP256R1()), entropy(SERIAL_BYTES), START_US, YEAR_US),
        entropy=entropy,
        enrolment_address="hq.example:7001",
        link_address="hq.example:7002",
    )
    return directory_handlers(authority)

"""Headquarters' own handlers of the directory, as far as they need no certificates, for a federation in one thread."""

from __future__ import annotations

from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from common.security.signing import Ed25519Signer
from common.security.tls import TlsAuthority
from hq_node.directory.authority import Authority
from hq_node.directory.ceilings import remove_ceiling, set_ceiling
from hq_node.directory.commands import RemoveCeiling, SetCeiling, TakeBackDirectory
from hq_node.directory.taking_back import take_back_directory
from tests.support.enrolment import counted_entropy


def handlers(root: Ed25519Signer) -> dict[type, Any]:
    """As HQ's bootstrap binds them; `root` signs."""
    authority = Authority(
        root_public_key=root.public_key,
        root_signers=lambda: (root,),
        tls=TlsAuthority(ec.generate_private_key(ec.SECP256R1()), b""),
        entropy=counted_entropy(),
        enrolment_address="hq.example:7001",
        link_address="hq.example:7002",
    )
    return {
        SetCeiling: partial(set_ceiling, authority=authority),
        RemoveCeiling: partial(remove_ceiling, authority=authority),
        TakeBackDirectory: partial(take_back_directory, authority=authority),
    }

"""Headquarters' own handlers for ceilings, with the root key of a federation in one thread."""

from __future__ import annotations

from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from common.directory.repository import latest
from common.gen.quanwang.federation.v1 import directory_pb2
from common.ids import HQ
from common.security.signing import Ed25519Signer
from common.security.tls import TlsAuthority
from hq_node.directory.authority import Authority
from hq_node.directory.ceilings import remove_ceiling, set_ceiling
from hq_node.directory.commands import RemoveCeiling, SetCeiling
from tests.support.enrolment import counted_entropy
from tests.support.federation import Federation
from tests.support.stores import Databases

ROOT = Ed25519Signer(b"r" * 32)
"""That of every federation in one thread."""


def limiting_federation(databases: Databases) -> Federation:
    """A federation whose HQ can set ceilings; all are connected."""
    federation = Federation(databases, handlers())
    assert federation.root.public_key == ROOT.public_key
    federation.connect()
    return federation


def handlers() -> dict[type, Any]:
    """As HQ's bootstrap binds them."""
    authority = Authority(
        root_public_key=ROOT.public_key,
        root_signers=lambda: (ROOT,),
        tls=TlsAuthority(ec.generate_private_key(ec.SECP256R1()), b""),
        entropy=counted_entropy(),
        enrolment_address="hq.example:7001",
        link_address="hq.example:7002",
    )
    return {
        SetCeiling: partial(set_ceiling, authority=authority),
        RemoveCeiling: partial(remove_ceiling, authority=authority),
    }


def published(federation: Federation) -> directory_pb2.SignedDirectory:
    """The directory that HQ published last."""
    connection = federation.cores[HQ].connection
    signed = latest(connection)
    connection.rollback()
    assert signed is not None
    return signed


def limit(federation: Federation, subject: str, most: str, *nodes: str) -> None:
    """HQ's operator sets a ceiling; the provinces take the directory over their links."""
    federation.execute(HQ, SetCeiling(subject, most, "directive 7", nodes))
    federation.publish(published(federation))


def lift(federation: Federation, subject: str, *nodes: str) -> None:
    """HQ's operator takes one away."""
    federation.execute(HQ, RemoveCeiling(subject, "directive 8", nodes))
    federation.publish(published(federation))

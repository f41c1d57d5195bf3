"""The keys and certificates with which every run begins, made once in a process; later ones come from the seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from common.directory.model import NodeEntry, NodeStatus
from common.directory.regions import PROVINCES
from common.ids import HQ
from common.security import keyring as keyrings
from common.security import tls
from common.security.keyring import HQ_USES, NODE_USES, Keyring, KeyringUse
from common.security.private_keys import PrivateKey
from hq_node.directory.handlers import first_keys
from tests.simulation.schedule import SECOND_US, STARTED_AT_US

YEAR_US = 365 * 86_400 * SECOND_US

_CURVE = ec.SECP256R1()


@dataclass(frozen=True, slots=True)
class FirstKeys:
    """A node's first keys, its certificate (PEM) and the request (DER) that it is by, and its entry."""

    keyring: Keyring
    certificate: bytes
    certificate_request: bytes
    entry: NodeEntry


@cache
def authority() -> tls.TlsAuthority:
    """HQ's authority for certificates."""
    key = _make(KeyringUse.TLS_AUTHORITY, Random("tls-authority").randbytes)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return tls.issue_authority(key, bytes(range(20)), STARTED_AT_US - YEAR_US, 20 * YEAR_US)


@cache
def first_keys_of(node: str) -> FirstKeys:
    """The first keys of a node, the same in every run."""
    entropy = Random(f"first keys of {node}").randbytes
    keys: dict[KeyringUse, tuple[PrivateKey, ...]] = {
        use: (_make(use, entropy),) for use in (HQ_USES if node == HQ else NODE_USES)
    }
    if node == HQ:
        keys[KeyringUse.TLS_AUTHORITY] = (authority().key,)
    keyring = Keyring(keys)
    request, began_us = tls.certificate_request(keyring.tls_key, node), STARTED_AT_US - 86_400 * SECOND_US
    serial = entropy(tls.SERIAL_BYTES)
    if node == HQ:
        public_key = keyring.tls_key.public_key()
        certificate = tls.issue_server_certificate(authority(), public_key, HQ, (), serial, began_us, 2 * YEAR_US)
    else:
        certificate = tls.issue_client_certificate(authority(), request, node, serial, began_us, 2 * YEAR_US)
    reader = keyring.private_body_keys.reader(node)
    entry = NodeEntry(
        node=node,
        name_zh=PROVINCES[node].name_zh if node != HQ else node,
        name_en=PROVINCES[node].name_en if node != HQ else node,
        status=NodeStatus.ACTIVE,
        keys=first_keys(keyring.signer.public_key, reader.public_key, began_us),
        tls_fingerprint=tls.fingerprint(certificate),
    )
    return FirstKeys(keyring, certificate, request, entry)


@contextmanager
def drawn_keys(random: Random) -> Iterator[None]:
    """While it lasts, the product's new keys are drawn from `random`: a seed is all there is to know of a run."""
    before = keyrings._GENERATE
    generators: dict[KeyringUse, Callable[[], PrivateKey]] = {use: _maker(use, random) for use in before}
    keyrings._GENERATE = generators
    try:
        yield
    finally:
        keyrings._GENERATE = before


def _maker(use: KeyringUse, random: Random) -> Callable[[], PrivateKey]:
    return lambda: _make(use, random.randbytes)


def _make(use: KeyringUse, entropy: Callable[[int], bytes]) -> Any:
    content = entropy(32)
    if use in (KeyringUse.TLS, KeyringUse.TLS_AUTHORITY):
        # Below the order of the curve, and not zero.
        return ec.derive_private_key(1 + (int.from_bytes(content, "big") >> 2), _CURVE)
    if use is KeyringUse.PRIVATE_BODIES:
        return X25519PrivateKey.from_private_bytes(content)
    return Ed25519PrivateKey.from_private_bytes(content)

"""A federation to measure, by default HQ, the origin Shanghai and the home Guangdong; keys, certificates, databases."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

import hq_node.core
import province_node.core
from common.clock import SystemClock
from common.core import NodeCore, write_identity
from common.db.engine import METADATA, open_writer, sqlite_url, store_of
from common.directory.model import NO_HASH, Directory, KeyUse, NodeEntry, NodeKey, NodeStatus
from common.ids import HQ, IdSource
from common.security import tls
from common.security.private_bodies import HPKE_X25519, X25519PrivateKeys
from common.security.signing import ED25519, Ed25519Signer
from hq_node.unit_of_work import HqUnitOfWork
from province_node.unit_of_work import ProvinceUnitOfWork
from tests.support.personal_data import make_vault

ORIGIN = "31"
HOME = "44"
NODES = (HQ, ORIGIN, HOME)
HOST = "127.0.0.1"

DATABASES_FILE = "databases.json"
"""Names databases elsewhere, by node."""

SUBSCRIPTIONS = 8_192
"""How many subscriptions of a home take turns; several times the deepest depth, so that no two requests meet on one."""

_YEAR_US = 365 * 86_400_000_000


@dataclass(frozen=True)
class NodeKeys:
    """What one node holds. Keys and certificates are PEM; the rest is hexadecimal."""

    signing: str
    private_bodies: str
    tls_key: str
    client_certificate: str
    server_certificate: str
    incarnation: str

    def signer(self) -> Ed25519Signer:
        return Ed25519Signer(bytes.fromhex(self.signing))

    def private_keys(self) -> X25519PrivateKeys:
        return X25519PrivateKeys([X25519PrivateKey.from_private_bytes(bytes.fromhex(self.private_bodies))])


@dataclass(frozen=True)
class Federation:
    """All of it, as each process of the measurement reads it from a file."""

    made_at_us: int
    authority: str
    nodes: dict[str, NodeKeys]
    homes: list[str]

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Federation:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        nodes = {node: NodeKeys(**keys) for node, keys in content["nodes"].items()}
        return cls(content["made_at_us"], content["authority"], nodes, content["homes"])

    def directory(self) -> Directory:
        """The directory that all of them have."""
        entries = [_entry(node, keys, self.made_at_us) for node, keys in self.nodes.items()]
        return Directory(1, bytes(31) + b"\x01", NO_HASH, self.made_at_us, self.made_at_us + _YEAR_US, entries, {})


def make_federation(nodes: Sequence[str] = NODES, homes: Sequence[str] = (HOME,)) -> Federation:
    """New keys and certificates for all. `homes` are the provinces that have subscriptions."""
    now_us = SystemClock().now_us()
    authority = tls.issue_authority(_tls_key(), os.urandom(tls.SERIAL_BYTES), now_us, _YEAR_US)
    keys = {node: _make_keys(node, authority, now_us) for node in nodes}
    return Federation(now_us, authority.certificate_pem.decode(), keys, list(homes))


def open_core(federation: Federation, node: str, place: Path, **parts: Any) -> NodeCore:
    """A node's core on its own database below `place`, which is made where there is none. `parts`: as build_core's."""
    keys = federation.nodes[node]
    url, clock = database_url(place, node), SystemClock()
    _make_database(url, node, keys, node in federation.homes)
    signer, private_keys, directory = keys.signer(), keys.private_keys(), federation.directory()
    if node == HQ:
        return hq_node.core.build_core(url, signer, private_keys, directory, clock, os.urandom, **parts)
    rest = (signer, private_keys, directory, clock, os.urandom)
    return province_node.core.build_core(url, node, *rest, vault=make_vault(), **parts)


def subscription_ids(home: str) -> list[str]:
    """A home's subscriptions, all in service at first."""
    return [f"{home}-{number:010d}-01" for number in range(SUBSCRIPTIONS)]


def database_url(place: Path, node: str) -> str:
    """Where a node's database is: a file below `place`, unless that names others."""
    named = place / DATABASES_FILE
    if named.exists():
        return str(json.loads(named.read_text(encoding="utf-8"))[node])
    return sqlite_url(str(place / f"{node}.db"))


def _make_database(url: str, node: str, keys: NodeKeys, is_home: bool) -> None:
    clock = SystemClock()
    engine = open_writer(url)
    with engine.connect() as connection:
        if sa.inspect(connection).has_table("node_identity"):
            engine.dispose()
            return
        store = store_of(connection)
        store.begin(connection)
        METADATA.create_all(connection)
        write_identity(connection, node, bytes.fromhex(keys.incarnation), clock.now_us())
        ids = IdSource(clock, os.urandom)
        context: Any = None  # Nothing below asks for the node's context.
        if node == HQ:
            hq = HqUnitOfWork(connection, ids, clock.now_us(), context, lambda _peer: (0, 0))
            hq.order.found("2026-11-02")
            hq.keep_item()
            hq.flush()
        elif is_home:
            rest = (ids, clock.now_us(), context, lambda _peer: (0, 0))
            home = ProvinceUnitOfWork(connection, *rest, vault=make_vault())
            for number, subscription_id in enumerate(subscription_ids(node)):
                home.subscriptions.take_over(
                    subscription_id=subscription_id,
                    customer_number=f"{node}-{number:010d}",
                    service_number=f"138{number:08d}",
                    offering="mobile-128",
                    status="active",
                    status_since_us=clock.now_us(),
                    suspended_reason="",
                    digest=bytes(16),
                )
            home.keep_item()
            home.flush()
        store.commit(connection)
    engine.dispose()


def _make_keys(node: str, authority: tls.TlsAuthority, now_us: int) -> NodeKeys:
    key = _tls_key()
    request = tls.certificate_request(key, node)
    serials = [os.urandom(tls.SERIAL_BYTES) for _ in range(2)]
    client = tls.issue_client_certificate(authority, request, node, serials[0], now_us, _YEAR_US)
    server = tls.issue_server_certificate(
        authority, key.public_key(), node, ["localhost", HOST], serials[1], now_us, _YEAR_US
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return NodeKeys(
        os.urandom(32).hex(), os.urandom(32).hex(), pem.decode(), client.decode(), server.decode(), os.urandom(16).hex()
    )


def _tls_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _entry(node: str, keys: NodeKeys, since_us: int) -> NodeEntry:
    signer = keys.signer()
    [(reader_id, reader_key)] = keys.private_keys().public_keys.items()
    return NodeEntry(
        node,
        node,
        node,
        NodeStatus.ACTIVE,
        (
            NodeKey(signer.key_id, KeyUse.SIGNING, ED25519, signer.public_key, since_us),
            NodeKey(reader_id, KeyUse.PRIVATE_BODIES, HPKE_X25519, reader_key, since_us),
        ),
        tls.fingerprint(keys.client_certificate.encode()),
    )

"""A small federation on paper: HQ, Shanghai and Guangdong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from common.directory.model import KeyUse, NodeEntry, NodeKey, NodeStatus, OwnKeys
from common.directory.regions import DEFAULT_REGIONS
from common.directory.signing import sign_directory
from common.gen.quanwang.federation.v1 import directory_pb2 as pb
from common.security.key_protection import KeyProtection
from common.security.private_bodies import HPKE_X25519, X25519PrivateKeys
from common.security.signing import ED25519, Ed25519Signer
from tests.support.enrolment import Candidate, EnrolmentDesk, HandClock
from tests.support.root_files import PASSPHRASE, Vault, enrol
from tests.support.stores import Databases

NOW_US = 1_800_000_000_000_000
DAY_US = 86_400_000_000


@dataclass
class PaperNode:
    """A node's keys, and what the directory should say about it."""

    node: str
    signer: Ed25519Signer
    private: X25519PrivateKeys
    fingerprint: bytes = field(default=bytes(range(32)))

    def published_keys(self) -> tuple[NodeKey, ...]:
        reader = self.private.reader(self.node)
        return (
            NodeKey(self.signer.key_id, KeyUse.SIGNING, ED25519, self.signer.public_key, NOW_US),
            NodeKey(reader.key_id, KeyUse.PRIVATE_BODIES, HPKE_X25519, reader.public_key, NOW_US),
        )

    def entry(self, status: NodeStatus = NodeStatus.ACTIVE) -> NodeEntry:
        return NodeEntry(
            self.node, f"省{self.node}", f"Node {self.node}", status, self.published_keys(), self.fingerprint
        )

    def own(self) -> OwnKeys:
        reader = self.private.reader(self.node)
        return OwnKeys(self.node, frozenset({self.signer.key_id}), frozenset({reader.key_id}), self.fingerprint)


def paper_node(node: str, seed: int) -> PaperNode:
    key = X25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return PaperNode(node, Ed25519Signer(bytes([seed]) * 32), X25519PrivateKeys([key]))


@pytest.fixture
def now_us() -> int:
    return NOW_US


@pytest.fixture
def root() -> Ed25519Signer:
    return Ed25519Signer(bytes([200]) * 32)


@pytest.fixture
def new_node() -> Callable[[str, int], PaperNode]:
    return paper_node


@pytest.fixture
def hq() -> PaperNode:
    return paper_node("00", 1)


@pytest.fixture
def shanghai() -> PaperNode:
    return paper_node("31", 2)


@pytest.fixture
def guangdong() -> PaperNode:
    return paper_node("44", 3)


@pytest.fixture
def first(
    hq: PaperNode, shanghai: PaperNode, guangdong: PaperNode, root: Ed25519Signer, now_us: int
) -> pb.SignedDirectory:
    entries = [guangdong.entry(), hq.entry(), shanghai.entry()]
    return sign_directory(None, entries, DEFAULT_REGIONS, now_us, DAY_US, root)


@pytest.fixture(scope="module")
def protection() -> KeyProtection:
    """Made once: deriving a key takes its time on purpose."""
    return KeyProtection.create(PASSPHRASE)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def desk(tmp_path: Path, databases: Databases, clock: HandClock) -> Iterator[EnrolmentDesk]:
    """HQ with two provinces, a day later."""
    data_dir = tmp_path / "hq"
    data_dir.mkdir(mode=0o700)
    desk = EnrolmentDesk(data_dir, databases.with_tables(), clock)
    desk.found()
    enrol(desk, Candidate("31", seed=3))
    enrol(desk, Candidate("44", seed=4))
    clock.at_us += DAY_US
    yield desk
    desk.close()


@pytest.fixture
def vault(desk: EnrolmentDesk, tmp_path: Path, protection: KeyProtection) -> Vault:
    """Where HQ's root key is kept from now on."""
    vault = Vault(desk, protection)
    vault.take_root_away(tmp_path / "hq")
    return vault

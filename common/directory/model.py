"""The directory as nodes use it: parsed once for each version, then looked up by dictionary on every message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from common.access_control.ceilings import AccessLimits, Ceiling, limits_for
from common.directory.regions import ALL_PROVINCES
from common.errors import Fault
from common.ids import HQ
from common.security.reader import HPKE_X25519, Reader

NO_HASH = bytes(32)
"""In place of the hash of a version before the first."""


class NodeStatus(StrEnum):
    """Whether a node takes part. UNKNOWN stands for a word of a later release, and counts as not taking part."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


class KeyUse(StrEnum):
    """What a public key in the directory is for."""

    SIGNING = "signing"
    PRIVATE_BODIES = "private-bodies"
    UNKNOWN = "unknown"


class DirectoryOlder(Fault):
    """A directory older than the one this node has; a node never goes back."""

    en = "HQ's directory version {new} is older than version {current}, which this node has. It was not taken."
    zh = "总部目录版本 {new} 早于本节点已有的版本 {current}，未予采用。"


class RootWentBack(Fault):
    """The directory does not know a root key by which this node took a directory before."""

    en = (
        "HQ's directory version {new} is signed by a root key that was replaced before version {current}, which this "
        "node has. It was not taken; HQ's operators must explain this."
    )
    zh = (
        "总部目录版本 {new} 所用的根密钥在本节点已有的版本 {current} 之前已被更换，未予采用；须由总部运维人员查明原因。"
    )


class DirectoryForked(Fault):
    """Two directories claim one place in the chain: HQ says different things to different nodes, or was restored."""

    en = (
        "HQ's directory version {new} does not continue version {current}, which this node has. It was not taken; "
        "HQ's operators must explain this."
    )
    zh = "总部目录版本 {new} 与本节点已有的版本 {current} 不衔接，未予采用；须由总部运维人员查明原因。"


class OwnEntryWrong(Fault):
    """The directory says something else about this node than the node itself: somebody could speak in its name."""

    en = "HQ's directory version {version} is wrong about this node ({node}): {detail}. It was not taken."
    zh = "总部目录版本 {version} 对本节点（{node}）的记载有误：{detail_zh}。未予采用。"


@dataclass(frozen=True, slots=True)
class NodeKey:
    """A public key of a node, valid from `valid_from_us` until before `valid_until_us` (0: open)."""

    key_id: str
    use: KeyUse
    suite: str
    public_key: bytes
    valid_from_us: int
    valid_until_us: int = 0
    previous_key_signature: bytes = b""
    """By the signing key `signed_by` over `common.directory.continuity.key_statement`; empty for a first key."""
    previous_key_id: str = ""
    signed_by: str = ""

    @property
    def open(self) -> bool:
        """Whether nothing has set it an end."""
        return self.valid_until_us == 0

    def valid_at(self, at_us: int) -> bool:
        return self.valid_from_us <= at_us and (self.valid_until_us == 0 or at_us < self.valid_until_us)


@dataclass(frozen=True, slots=True)
class RootKey:
    """A root key that took the place of the one before, which signed it."""

    suite: str
    public_key: bytes
    since_us: int
    previous_root_signature: bytes


@dataclass(frozen=True, slots=True)
class ReEnrolment:
    """A break in a node's line of keys: it was let in anew, with keys that none of its former ones signed."""

    at_us: int
    signing_key_id: str
    former_signing_key_id: str
    approved_by: str


@dataclass(frozen=True, slots=True)
class NodeEntry:
    """What the directory says about one node.

    `tls_fingerprint`: SHA-256 of its TLS certificate (DER); the former one is good beside it until
    `former_tls_until_us`.
    `status_since_us`, `status_reason`, `status_by`: since when, why and by which operator the status is what it is.
    """

    node: str
    name_zh: str
    name_en: str
    status: NodeStatus
    keys: tuple[NodeKey, ...]
    tls_fingerprint: bytes = b""
    former_tls_fingerprint: bytes = b""
    former_tls_until_us: int = 0
    status_since_us: int = 0
    status_reason: str = ""
    status_by: str = ""
    re_enrolments: tuple[ReEnrolment, ...] = ()

    @property
    def active(self) -> bool:
        return self.status is NodeStatus.ACTIVE

    @property
    def enrolled_at_us(self) -> int:
        """When the node was enrolled anew for the last time; 0: never."""
        return self.re_enrolments[-1].at_us if self.re_enrolments else 0

    def welcomes(self, fingerprint: bytes, at_us: int) -> bool:
        """Whether the node may come with this TLS certificate."""
        if not self.active or not fingerprint:
            return False
        replaced = fingerprint == self.former_tls_fingerprint and at_us < self.former_tls_until_us
        return replaced or fingerprint == self.tls_fingerprint

    def newest(self, use: KeyUse) -> NodeKey | None:
        """The newest key of a use, whether open or not: of two that began together the one listed last."""
        of_use = [(key.valid_from_us, place) for place, key in enumerate(self.keys) if key.use is use]
        return self.keys[max(of_use)[1]] if of_use else None


@dataclass(frozen=True, slots=True)
class OwnKeys:
    """What a node knows about itself: the public keys it holds by key id, and the fingerprint of its certificate."""

    node: str
    signing: frozenset[str]
    private_bodies: frozenset[str]
    tls_fingerprint: bytes
    tls_renewing: bool = False
    """Whether the node has asked HQ for another certificate and may not have heard the answer."""


class Directory:
    """One version of the directory. Immutable; all times are microseconds since 1970 UTC."""

    __slots__ = (
        "_access_limits",
        "_active_provinces",
        "_nodes",
        "_readers",
        "_regions",
        "_signing_keys",
        "ceilings",
        "hash",
        "issued_at_us",
        "nodes",
        "previous_hash",
        "region_lists",
        "roots",
        "valid_until_us",
        "version",
    )

    def __init__(
        self,
        version: int,
        hash: bytes,
        previous_hash: bytes,
        issued_at_us: int,
        valid_until_us: int,
        nodes: Iterable[NodeEntry],
        regions: Mapping[str, tuple[str, ...]],
        roots: Iterable[RootKey] = (),
        ceilings: Iterable[Ceiling] = (),
    ) -> None:
        self.roots = tuple(roots)
        self.ceilings = tuple(ceilings)
        self._access_limits: dict[str, AccessLimits] = {}
        self.version = version
        self.hash = hash
        self.previous_hash = previous_hash
        self.issued_at_us = issued_at_us
        self.valid_until_us = valid_until_us
        self.nodes = tuple(nodes)
        self.region_lists = dict(regions)
        self._nodes = {entry.node: entry for entry in self.nodes}
        self._signing_keys = {
            (entry.node, key.key_id): key for entry in self.nodes for key in entry.keys if key.use is KeyUse.SIGNING
        }
        self._readers = {entry.node: self._newest_reader(entry) for entry in self.nodes if entry.active}
        self._active_provinces = tuple(sorted(e.node for e in self.nodes if e.active and e.node != HQ))
        served = [e.node for e in self.nodes if e.status in (NodeStatus.ACTIVE, NodeStatus.SUSPENDED) and e.node != HQ]
        self._regions = {
            name: tuple(node for node in members if node in served) for name, members in self.region_lists.items()
        }
        self._regions[ALL_PROVINCES] = tuple(sorted(served))

    def __repr__(self) -> str:
        return f"Directory(version={self.version}, nodes={len(self.nodes)}, hash={self.hash.hex()[:16]})"

    def node(self, node_id: str) -> NodeEntry | None:
        """What is said about a node, whatever its status; None for one that never was in the federation."""
        return self._nodes.get(node_id)

    def is_active(self, node_id: str) -> bool:
        entry = self._nodes.get(node_id)
        return entry is not None and entry.active

    def signing_key(self, node: str, key_id: str, at_us: int) -> tuple[str, bytes] | None:
        """Suite and public key by which `node` may sign at `at_us`; None unless it is active and the key valid then.

        A key from before the node was enrolled anew is none, whatever a clock, or its thief, says of the time.
        """
        key = self._signing_keys.get((node, key_id))
        if key is None or not key.valid_at(at_us) or not self._nodes[node].active:
            return None
        return (key.suite, key.public_key) if not self.from_before_re_enrolment(node, key_id) else None

    def from_before_re_enrolment(self, node: str, key_id: str) -> bool:
        """Whether the node had this signing key before it was enrolled anew, the last time that it was."""
        key = self._signing_keys.get((node, key_id))
        return key is not None and key.valid_from_us < self._nodes[node].enrolled_at_us

    def last_moment_us(self, node: str, key_id: str) -> int | None:
        """The last moment at which this signing key was good; None: its end is not set, or it is not known."""
        key = self._signing_keys.get((node, key_id))
        return key.valid_until_us - 1 if key is not None and not key.open else None

    def good_moment_us(self, node: str, key_id: str, at_us: int, apart_us: int) -> int:
        """The moment nearest to `at_us` at which this signing key was good, where that is no further than two clocks
        may be `apart_us`; else `at_us`. For what was said long ago: of its time, only what the sayer's clock showed is
        left."""
        key = self._signing_keys.get((node, key_id))
        if key is None or key.valid_at(at_us):
            return at_us
        nearest = (
            max(at_us, key.valid_from_us) if key.open else min(max(at_us, key.valid_from_us), key.valid_until_us - 1)
        )
        return nearest if abs(nearest - at_us) <= apart_us else at_us

    def past_signing_key(self, node: str, key_id: str, at_us: int) -> tuple[str, bytes] | None:
        """The same, whatever has become of the node since: for what the hub admitted at `at_us`.

        A revocation closes the node's keys at its own moment, so nothing admitted after it verifies here either.
        """
        key = self._signing_keys.get((node, key_id))
        return (key.suite, key.public_key) if key is not None and key.valid_at(at_us) else None

    def private_body_reader(self, node: str) -> Reader | None:
        """For whom to encrypt what `node` shall read: its newest open key. None for a node that is not active."""
        return self._readers.get(node)

    def region(self, name: str) -> tuple[str, ...] | None:
        """The provinces to address in a region (ALL_PROVINCES is one); None where no region has that name.

        Suspended provinces are among them: their legs are refused by the hub, where people see it, rather than left
        out silently. Provinces that have not enrolled, or are revoked, are not.
        """
        return self._regions.get(name)

    @property
    def region_names(self) -> tuple[str, ...]:
        """The names under which provinces can be addressed together, in alphabetical order."""
        return tuple(sorted(self._regions))

    def active_provinces(self) -> tuple[str, ...]:
        """All active nodes but HQ, by code."""
        return self._active_provinces

    def access_limits(self, node: str) -> AccessLimits:
        """What a node may give its people at most; one and the same object as long as this directory is in force."""
        limits = self._access_limits.get(node)
        if limits is None:
            limits = self._access_limits.setdefault(node, limits_for(self.ceilings, node))
        return limits

    def expired(self, now_us: int) -> bool:
        """Whether HQ should have published a newer one by now. A node goes on with the last valid one that it has."""
        return now_us >= self.valid_until_us

    def _newest_reader(self, entry: NodeEntry) -> Reader | None:
        usable = [
            (key.valid_from_us, place, key)
            for place, key in enumerate(entry.keys)
            if key.use is KeyUse.PRIVATE_BODIES
            and key.suite == HPKE_X25519
            and (key.valid_until_us == 0 or key.valid_until_us > self.issued_at_us)
        ]
        if not usable:
            return None
        newest = max(usable)[2]
        return Reader(entry.node, newest.key_id, newest.public_key)


def accept(current: Directory | None, new: Directory) -> bool:
    """Whether `new` (its signature and validity already checked) takes the place of `current`.

    False: it is the same. Raises DirectoryOlder, DirectoryForked, RootWentBack. What `new` makes of the nodes is for
    `common.directory.continuity.check_continuity` to judge.

    The next version must name the hash of this one. Versions in between may be missing: a directory is the whole
    current document, and HQ sends a node that was away only the newest. What the missing ones said cannot be checked
    here, but HQ cannot profit from it: it can never again show this node a version at or below the one it took, and
    every seal names version and hash of the sealer's directory, so two nodes that were told different things find out.
    """
    if current is None:
        return True
    if new.version < current.version:
        raise DirectoryOlder(new=new.version, current=current.version)
    if new.version == current.version:
        if new.hash != current.hash:
            raise DirectoryForked(new=new.version, current=current.version)
        return False
    follows = new.version > current.version + 1 or new.previous_hash == current.hash
    if not follows or new.issued_at_us < current.issued_at_us:
        raise DirectoryForked(new=new.version, current=current.version)
    if new.roots[: len(current.roots)] != current.roots:
        raise RootWentBack(new=new.version, current=current.version)
    return True


def check_past(current: Directory, older: Directory, beside: Iterable[Directory]) -> None:
    """Judges a directory (by the root) from before `current`. It is not taken, but may have been on its way when a
    newer one came another way. `beside`: what is stored of its version and of those before and after it.

    Raises DirectoryForked where it cannot have come before `current`. What lies between versions that this node never
    had cannot be told from a fork; see `accept`.
    """
    fits = older.issued_at_us <= current.issued_at_us and current.roots[: len(older.roots)] == older.roots
    for other in beside:
        if other.version == older.version:
            fits &= other.hash == older.hash
        elif other.version == older.version + 1:
            fits &= other.previous_hash == older.hash
        elif other.version == older.version - 1:
            fits &= older.previous_hash == other.hash
    if not fits:
        raise DirectoryForked(new=older.version, current=current.version)


def check_own_entry(directory: Directory, own: OwnKeys, current: Directory | None = None) -> None:
    """Raises OwnEntryWrong unless the directory names this node with its own keys, and no others.

    A key that is not the node's own would let HQ, or whoever holds HQ's root key, speak in the node's name. A key that
    `current`, the directory that the node works by, named before is known, though the node may have done away with it;
    so is one that ended before the node was enrolled anew.
    """
    entry = directory.node(own.node)
    wrong: tuple[str, str] | None = None
    if entry is None:
        wrong = "it is not listed", "未列出本节点"
    else:
        foreign = _foreign_keys(entry, own, current)
        uses = {key.use for key in entry.keys if key.open}
        certificate_good = entry.tls_fingerprint == own.tls_fingerprint or (
            own.tls_renewing and entry.former_tls_fingerprint == own.tls_fingerprint
        )
        if foreign:
            wrong = "it lists a key that is not this node's", "列出了不属于本节点的密钥"
        elif entry.active and not {KeyUse.SIGNING, KeyUse.PRIVATE_BODIES} <= uses:
            wrong = "a key is missing", "缺少密钥"
        elif entry.active and not certificate_good:
            wrong = "it names another TLS certificate", "记载了其他 TLS 证书"
    if wrong:
        raise OwnEntryWrong(version=directory.version, node=own.node, detail=wrong[0], detail_zh=wrong[1])


def _foreign_keys(entry: NodeEntry, own: OwnKeys, current: Directory | None) -> list[NodeKey]:
    known_entry = current.node(own.node) if current is not None else None
    known = {key.key_id for key in known_entry.keys} if known_entry is not None else set()
    enrolled_anew_us = entry.re_enrolments[-1].at_us if entry.re_enrolments else 0
    held = {KeyUse.SIGNING: own.signing, KeyUse.PRIVATE_BODIES: own.private_bodies}
    return [
        key
        for key in entry.keys
        if key.use in held
        and key.key_id not in held[key.use]
        and key.key_id not in known
        and not 0 < key.valid_until_us <= enrolled_anew_us
    ]

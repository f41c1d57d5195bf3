"""The directory as bytes, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from google.protobuf.message import DecodeError

from common.access_control.ceilings import Ceiling
from common.directory.ceilings_wire import decode_ceilings, encode_ceilings
from common.directory.head import directory_hash
from common.directory.malformed import MalformedDirectory
from common.directory.model import (
    NO_HASH,
    Directory,
    KeyUse,
    NodeEntry,
    NodeKey,
    NodeStatus,
    ReEnrolment,
    RootKey,
)
from common.directory.regions import ALL_PROVINCES
from common.gen.quanwang.federation.v1 import directory_pb2 as pb
from common.ids import HQ, NODE_PATTERN
from common.security.signing import key_id_of

DIRECTORY_BYTES_MAX = 1_048_576
KEYS_PER_NODE_MAX = 32
REGIONS_MAX = 256
NAME_CHARACTERS_MAX = 100
PUBLIC_KEY_BYTES_MAX = 4_096
SIGNATURE_BYTES_MAX = 8_192
KEY_ID_CHARACTERS_MAX = 64
ROOTS_MAX = 64
RE_ENROLMENTS_MAX = 64
REASON_CHARACTERS_MAX = 500
OPERATOR_CHARACTERS_MAX = 100

_STATUS = {
    pb.NODE_STATUS_ACTIVE: NodeStatus.ACTIVE,
    pb.NODE_STATUS_SUSPENDED: NodeStatus.SUSPENDED,
    pb.NODE_STATUS_REVOKED: NodeStatus.REVOKED,
}
_STATUS_TO_WIRE = {status: value for value, status in _STATUS.items()}
_USE = {pb.KEY_USE_SIGNING: KeyUse.SIGNING, pb.KEY_USE_PRIVATE_BODIES: KeyUse.PRIVATE_BODIES}
_USE_TO_WIRE = {use: value for value, use in _USE.items()}


def decode_signed(signed: bytes) -> pb.SignedDirectory:
    """A SignedDirectory from its bytes; its signature is not checked. Raises MalformedDirectory."""
    if len(signed) > DIRECTORY_BYTES_MAX:
        raise MalformedDirectory(detail="larger than the limit")
    try:
        return pb.SignedDirectory.FromString(signed)
    except DecodeError as error:
        raise MalformedDirectory(detail="not a signed directory") from error


def decode_directory(directory: bytes) -> Directory:
    """Reads a directory. Raises MalformedDirectory; never anything else, whatever the bytes are."""
    if len(directory) > DIRECTORY_BYTES_MAX:
        raise MalformedDirectory(detail="larger than the limit")
    try:
        parsed = pb.Directory.FromString(directory)
    except DecodeError as error:
        raise MalformedDirectory(detail="not a directory") from error
    _require(parsed.version >= 1, "the version is not positive")
    _require(len(parsed.previous_hash) == len(NO_HASH), "the hash of the version before has not 32 bytes")
    _require((parsed.version == 1) == (parsed.previous_hash == NO_HASH), "the first version alone has none before it")
    _require(0 < parsed.issued_at_us < parsed.valid_until_us, "the times are not in order")
    _require(len(parsed.regions) <= REGIONS_MAX, "too many regions")
    nodes = [_decode_node(node) for node in parsed.nodes]
    names = [node.node for node in nodes]
    _require(len(set(names)) == len(names), "a node is listed twice")
    _require(HQ in names, "HQ is not listed")
    _require(len(parsed.roots) <= ROOTS_MAX, "too many root keys")
    keys = [key.public_key for node in nodes for key in node.keys if key.use is KeyUse.SIGNING]
    _require(len(set(keys)) == len(keys), "a signing key is listed twice")
    return Directory(
        version=parsed.version,
        hash=directory_hash(directory),
        previous_hash=parsed.previous_hash,
        issued_at_us=parsed.issued_at_us,
        valid_until_us=parsed.valid_until_us,
        nodes=nodes,
        regions=_decode_regions(parsed.regions),
        roots=[_decode_root(root) for root in parsed.roots],
        ceilings=decode_ceilings(parsed.ceilings),
    )


def encode_directory(
    version: int,
    previous_hash: bytes,
    issued_at_us: int,
    valid_until_us: int,
    nodes: Iterable[NodeEntry],
    regions: Mapping[str, tuple[str, ...]],
    roots: Iterable[RootKey] = (),
    ceilings: Iterable[Ceiling] = (),
) -> bytes:
    """The bytes of a new directory; nodes, regions and ceilings in the order of their names."""
    directory = pb.Directory(
        version=version, previous_hash=previous_hash, issued_at_us=issued_at_us, valid_until_us=valid_until_us
    )
    for entry in sorted(nodes, key=lambda node: node.node):
        encoded = directory.nodes.add(
            node=entry.node,
            name_zh=entry.name_zh,
            name_en=entry.name_en,
            status=_STATUS_TO_WIRE[entry.status],
            tls_fingerprint=entry.tls_fingerprint,
            former_tls_fingerprint=entry.former_tls_fingerprint,
            former_tls_until_us=entry.former_tls_until_us,
            status_since_us=entry.status_since_us,
            status_reason=entry.status_reason,
            status_by=entry.status_by,
        )
        for key in entry.keys:
            encoded.keys.add(
                key_id=key.key_id,
                use=_USE_TO_WIRE[key.use],
                suite=key.suite,
                public_key=key.public_key,
                valid_from_us=key.valid_from_us,
                valid_until_us=key.valid_until_us,
                previous_key_signature=key.previous_key_signature,
                previous_key_id=key.previous_key_id,
                signed_by=key.signed_by,
            )
        for broken in entry.re_enrolments:
            encoded.re_enrolments.add(
                at_us=broken.at_us,
                signing_key_id=broken.signing_key_id,
                former_signing_key_id=broken.former_signing_key_id,
                approved_by=broken.approved_by,
            )
    for root in roots:
        directory.roots.add(
            suite=root.suite,
            public_key=root.public_key,
            since_us=root.since_us,
            previous_root_signature=root.previous_root_signature,
        )
    for name, members in sorted(regions.items()):
        directory.regions.add(name=name, nodes=members)
    directory.ceilings.extend(encode_ceilings(ceilings))
    return directory.SerializeToString(deterministic=True)


def _decode_node(entry: pb.NodeEntry) -> NodeEntry:
    _require(NODE_PATTERN.fullmatch(entry.node) is not None, "a node's code has not two digits")
    _require(max(len(entry.name_zh), len(entry.name_en)) <= NAME_CHARACTERS_MAX, "a node's name is too long")
    _require(len(entry.keys) <= KEYS_PER_NODE_MAX, "a node has too many keys")
    for fingerprint in (entry.tls_fingerprint, entry.former_tls_fingerprint):
        _require(len(fingerprint) in (0, 32), "a fingerprint has not 32 bytes")
    _require(len(entry.status_reason) <= REASON_CHARACTERS_MAX, "a reason is too long")
    _require(len(entry.status_by) <= OPERATOR_CHARACTERS_MAX, "an operator's name is too long")
    _require(min(entry.former_tls_until_us, entry.status_since_us) >= 0, "a time is negative")
    _require(len(entry.re_enrolments) <= RE_ENROLMENTS_MAX, "a node was enrolled anew too often")
    keys = tuple(_decode_key(key) for key in entry.keys)
    _require(len({key.key_id for key in keys}) == len(keys), "a key is listed twice")
    status = _STATUS.get(entry.status, NodeStatus.UNKNOWN)
    if status is NodeStatus.REVOKED:
        _require(all(key.valid_until_us for key in keys), "a revoked node has an open key")
    return NodeEntry(
        node=entry.node,
        name_zh=entry.name_zh,
        name_en=entry.name_en,
        status=status,
        keys=keys,
        tls_fingerprint=entry.tls_fingerprint,
        former_tls_fingerprint=entry.former_tls_fingerprint,
        former_tls_until_us=entry.former_tls_until_us,
        status_since_us=entry.status_since_us,
        status_reason=entry.status_reason,
        status_by=entry.status_by,
        re_enrolments=tuple(_decode_re_enrolment(broken) for broken in entry.re_enrolments),
    )


def _decode_re_enrolment(broken: pb.ReEnrolment) -> ReEnrolment:
    _require(broken.at_us > 0, "an enrolment anew has no time")
    for key_id in (broken.signing_key_id, broken.former_signing_key_id):
        _require(len(key_id) <= KEY_ID_CHARACTERS_MAX, "a key's id is too long")
    _require(len(broken.approved_by) <= OPERATOR_CHARACTERS_MAX, "an operator's name is too long")
    return ReEnrolment(broken.at_us, broken.signing_key_id, broken.former_signing_key_id, broken.approved_by)


def _decode_root(root: pb.RootKey) -> RootKey:
    _require(0 < len(root.public_key) <= PUBLIC_KEY_BYTES_MAX, "a root key has no usable length")
    _require(0 < len(root.previous_root_signature) <= SIGNATURE_BYTES_MAX, "a root key is not signed")
    _require(root.since_us > 0, "a root key has no beginning")
    return RootKey(root.suite, root.public_key, root.since_us, root.previous_root_signature)


def _decode_key(key: pb.NodeKey) -> NodeKey:
    _require(0 < len(key.public_key) <= PUBLIC_KEY_BYTES_MAX, "a public key has no usable length")
    _require(key.key_id == key_id_of(key.suite, key.public_key), "a key's id does not belong to its bytes")
    _require(key.valid_from_us >= 0 and key.valid_until_us >= 0, "a key's validity is negative")
    _require(len(key.previous_key_signature) <= SIGNATURE_BYTES_MAX, "a key's proof is too long")
    for key_id in (key.previous_key_id, key.signed_by):
        _require(len(key_id) <= KEY_ID_CHARACTERS_MAX, "a key's id is too long")
    return NodeKey(
        key_id=key.key_id,
        use=_USE.get(key.use, KeyUse.UNKNOWN),
        suite=key.suite,
        public_key=key.public_key,
        valid_from_us=key.valid_from_us,
        valid_until_us=key.valid_until_us,
        previous_key_signature=key.previous_key_signature,
        previous_key_id=key.previous_key_id,
        signed_by=key.signed_by,
    )


def _decode_regions(regions: Iterable[pb.Region]) -> dict[str, tuple[str, ...]]:
    decoded: dict[str, tuple[str, ...]] = {}
    for region in regions:
        _require(0 < len(region.name) <= NAME_CHARACTERS_MAX, "a region's name has no usable length")
        _require(region.name not in decoded and region.name != ALL_PROVINCES, "a region is listed twice")
        _require(all(NODE_PATTERN.fullmatch(node) for node in region.nodes), "a region's node has not two digits")
        _require(len(set(region.nodes)) == len(region.nodes), "a region lists a node twice")
        decoded[region.name] = tuple(region.nodes)
    return decoded


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise MalformedDirectory(detail=otherwise)

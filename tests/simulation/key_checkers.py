"""What must hold of keys and of the directory when a run is over. Computed from the stored bytes, not by the product;
but for evidence, which is exactly what the product claims to prove."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from random import Random

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from common.evidence.findings import MISSING, WRONG
from common.evidence.legs import Leg
from common.evidence.verifier import verify_evidence
from common.gen.quanwang.federation.v1 import directory_pb2, envelope_pb2, seal_pb2
from common.ids import HQ, format_id, format_leg, link_name
from hq_node.hub.model import HOME_LOST
from tests.simulation.chains import directory_of, keys_of
from tests.simulation.checkers import Ended
from tests.simulation.evidence import EMPTY, encoded, tagged

SKEW_US = 300_000_000
"""How far the protocol lets the clocks of two nodes differ where a key has only just begun, or ended."""
WAITS_US = 3_000_000
EVIDENCE_REQUESTS = 2

SHUT_OUT_REASONS = frozenset({"SOURCE_NOT_ACTIVE", "DESTINATION_UNKNOWN", "NODE_NOT_ACTIVE", "READER_UNKNOWN"})
"""Why a leg is refused while a node does not take part."""
KEY_REASONS = frozenset(
    {
        "ORIGIN_UNKNOWN",
        "ORIGIN_PROOF_INVALID",
        "ORIGIN_PROOF_MISSING",
        "ORIGIN_DIRECTORY_FORKED",
        "DIRECTORY_STALE",
    }
)
"""Why a leg would be refused if a key were replaced too early, too late, or not heard of."""
UNREADABLE = "PRIVATE_REQUEST_UNREADABLE"
"""Why home refuses a request whose private body it cannot open."""


def directories_chain(ended: Ended) -> Iterator[str]:
    """HQ's directories are one chain, each signed by the root of its time, each root by the one before; and whatever a
    province has is one of them, byte for byte."""
    published = ended.nodes[HQ].directories
    root, previous, roots = ended.world.root_public_key, EMPTY, 0
    for place, (version, (signed_bytes, stored_hash)) in enumerate(published.items(), start=1):
        signed, directory = directory_pb2.SignedDirectory.FromString(signed_bytes), directory_of(signed_bytes)
        if version != place or directory.version != version or directory.previous_hash != previous:
            yield f"version {directory.version} at place {place} does not continue the one before"
        for successor in directory.roots[roots:]:
            statement = encoded(
                b"quanwang/root-key/v1", successor.suite.encode(), successor.public_key, _key_id(root).encode()
            )
            if not _good(root, successor.previous_root_signature, statement):
                yield f"version {version}: a root key that the former one did not sign"
            root = successor.public_key
        if len(directory.roots) < roots:
            yield f"version {version}: a root key was taken back"
        roots = len(directory.roots)
        if not _good(root, signed.signature, encoded(b"quanwang/directory/v1", signed.directory)):
            yield f"version {version} is not signed by the root key of its time"
        previous = tagged(b"quanwang/directory-hash/v1", signed.directory)
        if stored_hash != previous:
            yield f"version {version} is stored under another hash"
    for node, snapshot in ended.nodes.items():
        for version, (signed_bytes, _) in snapshot.directories.items():
            if published.get(version, (b"", b""))[0] != signed_bytes:
                yield f"{node} has another version {version} than HQ published"
        if max(snapshot.directories) != max(published):
            yield f"{node} ended by version {max(snapshot.directories)}, HQ published {max(published)}"


def breaks_kept(ended: Ended) -> Iterator[str]:
    """What was said of a node for good is never taken back: enrolments anew, and the ends of keys; and a key that comes
    without an enrolment anew is signed by one that the node had."""
    seen: dict[str, list[bytes]] = {}
    keys: dict[tuple[str, str], directory_pb2.NodeKey] = {}
    for version, (signed_bytes, _) in ended.nodes[HQ].directories.items():
        for entry in directory_of(signed_bytes).nodes:
            broken = [item.SerializeToString(deterministic=True) for item in entry.re_enrolments]
            before = seen.get(entry.node, [])
            if broken[: len(before)] != before:
                yield f"version {version}: that {entry.node} was enrolled anew is forgotten"
            seen[entry.node] = broken
            moments = {item.at_us for item in entry.re_enrolments}
            for key in entry.keys:
                known = keys.get((entry.node, key.key_id))
                if known is None:
                    first = version == 1 or key.valid_from_us in moments
                    if not first and not _continued(entry.node, key, keys):
                        yield f"version {version}: key {key.key_id} of {entry.node} is signed by none that it had"
                elif known.valid_until_us and not 0 < key.valid_until_us <= known.valid_until_us:
                    yield f"version {version}: the end of key {key.key_id} of {entry.node} was put off"
            keys.update({(entry.node, key.key_id): key for key in entry.keys})


def keys_in_force(ended: Ended) -> Iterator[str]:
    """Nothing was received that was sealed by a key which was not good then: by the receiver's clock (a batch may wait
    between being proved and being received), or where clocks differ, by the sealer's. HQ's word is never earlier than
    the directory by which it judged; so where its clock was set back, the moment is that of the directory, and what it
    revokes after that ends at a moment that had been before."""
    keys = keys_of(ended.nodes[HQ])
    issued_us = {
        version: directory_of(signed).issued_at_us for version, (signed, _) in ended.nodes[HQ].directories.items()
    }
    for node, snapshot in ended.nodes.items():
        for link, batches in snapshot.received(node).items():
            sealer = link.split(">")[0]
            for number, batch in batches:
                seal = seal_pb2.Seal.FromString(seal_pb2.SealedBatch.FromString(batch).seal.seal)
                received_us = snapshot.stored_at_us[link, number]
                if node == HQ:
                    received_us = max(received_us, issued_us.get(seal.directory_version, 0))
                key = keys.get((sealer, seal.key_id))
                moments = [received_us, received_us - WAITS_US, seal.sealed_at_us]
                since_us = received_us - WAITS_US - ended.world.set_back_us[node]
                if node == HQ and key is not None and key.good_between(since_us, received_us):
                    continue
                near = abs(received_us - seal.sealed_at_us) <= SKEW_US
                if number <= ended.world.restored.received_again.get((node, link), 0):
                    # Taken back long after it was said: judged by when it was said.
                    near, moments = True, [seal.sealed_at_us]
                if key is None or not any(key.good_at(at_us) for at_us in (moments if near else moments[:2])):
                    yield f"{node} received {link} {number} under key {seal.key_id}, which was not good"


def keys_replaced_harm_nothing(ended: Ended) -> Iterator[str]:
    """No request fails because keys were replaced or directories published; none because a node was shut out, where no
    node was."""
    shut_out = any(ended.world.faults.counts[fault] for fault in ("node_suspended", "node_lost", "node_restored"))
    for origin, leg in ended.asked():
        code = leg["reason_code"]
        if code in KEY_REASONS or (code in SHUT_OUT_REASONS and not shut_out):
            yield f"{format_leg(leg['leg_id'])} of {origin} ended {leg['state']}: {code}"


def private_bodies_open(ended: Ended) -> Iterator[str]:
    """A private body is read by whoever it was encrypted for, though the key was replaced while it was on its way; but
    for a key that was lost with all that its node had."""
    for origin, leg in ended.asked():
        home = leg["destination"]
        lost = ended.lost_database(home) or home in ended.world.restored.keys_lost
        if leg["reason_code"] == UNREADABLE and not lost:
            yield f"{format_leg(leg['leg_id'])} of {origin} could not be read at home"


def evidence_proves(ended: Ended) -> Iterator[str]:
    """What was accepted is proved afterwards, from the root alone: of some requests, at HQ and at the origin."""
    random = Random(f"{ended.world.seed}/evidence")
    # What the hub refused before it admitted it, or never saw, leaves nothing to prove; nor does what HQ asked and
    # ended before it was sealed for anybody.
    hub = ended.nodes[HQ].hub
    candidates = sorted(
        {
            (origin, leg["request_id"])
            for origin, leg in ended.asked()
            if leg["hub_position"] and (origin != HQ or hub[leg["leg_id"]]["forwarded_at_us"])
        }
    )
    # What HQ asked itself and ended because home was lost it says to nobody under a seal.
    ended_here = {leg["request_id"] for origin, leg in ended.asked() if (origin, leg["reason_code"]) == (HQ, HOME_LOST)}
    for origin, request_id in random.sample(candidates, min(EVIDENCE_REQUESTS, len(candidates))):
        for node in {HQ, origin}:
            file = ended.world.export_evidence(node, request_id)
            verdict = verify_evidence(file, [ended.world.root_public_key])
            said = {finding.code for finding in verdict.findings if finding.severity in (MISSING, WRONG)}
            if "ANSWER_NOT_WITNESSED" in said and not _all_witnessed(ended, origin, verdict.legs):
                said -= {"ANSWER_NOT_WITNESSED", "KEY_VALIDITY_UNPROVED"}
            if request_id in ended_here:
                said -= {"ANSWER_MISSING"}
            if origin == HQ and ended.world.losses.came_back:
                # The witness may have come after the revocation.
                said -= {"KEY_VALIDITY_UNPROVED"}
            if said:
                yield f"evidence of {format_id(request_id)} at {node} is {verdict.verdict}: {sorted(said)}"


def _all_witnessed(ended: Ended, origin: str, legs: list[Leg]) -> bool:
    """Whether HQ has sealed, for each home whose answer it relayed to nobody, that it received the answer: of what HQ
    asked itself, or ended before because home was lost. Its witness comes with its next seal for home; until then home
    alone dates its answer, by a clock that may be wrong."""
    journal = ended.nodes[HQ].journal
    for leg in legs:
        if origin != HQ and not leg.home_lost:
            continue
        answers = [
            statement.seal.seal.seal_number
            for statement in leg.statements
            if statement.seal.node == leg.destination
            and statement.message is not None
            and statement.message.routing.phase == envelope_pb2.PHASE_FINAL
        ]
        batches = journal.get(link_name(HQ, leg.destination), [])
        newest = seal_pb2.SealedBatch.FromString(batches[-1][1]).seal.seal if batches else b""
        if answers and seal_pb2.Seal.FromString(newest).witnessed_seal_number < min(answers):
            return False
    return True


def _continued(node: str, key: directory_pb2.NodeKey, keys: dict[tuple[str, str], directory_pb2.NodeKey]) -> bool:
    use = {directory_pb2.KEY_USE_SIGNING: b"signing", directory_pb2.KEY_USE_PRIVATE_BODIES: b"private-bodies"}[key.use]
    signer = keys.get((node, key.signed_by))
    statement = encoded(
        b"quanwang/node-key/v1",
        node.encode(),
        use,
        key.suite.encode(),
        key.public_key,
        key.previous_key_id.encode(),
        key.signed_by.encode(),
    )
    return signer is not None and _good(signer.public_key, key.previous_key_signature, statement)


def _key_id(public_key: bytes) -> str:
    return f"ed25519:{hashlib.sha256(public_key).hexdigest()[:16]}"


def _good(public_key: bytes, signature: bytes, signed: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed)
    except InvalidSignature:
        return False
    return True


KEY_CHECKERS = (
    directories_chain,
    breaks_kept,
    keys_in_force,
    keys_replaced_harm_nothing,
    private_bodies_open,
    evidence_proves,
)

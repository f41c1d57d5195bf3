"""Writes the protocol's test vectors (tests/vectors/*.json), or checks that they are what the code makes.

python3 scripts/make_vectors.py           writes them
python3 scripts/make_vectors.py --check   fails where a file differs

All keys are fixed. HPKE is randomised, so the private body is made once: a file that opens to the same text stays.
"""

import json
import os
import sys

import _environment

NOW_US = 1_800_000_000_000_000
VECTORS = os.path.join(_environment.ROOT, "tests", "vectors")


def main(arguments):
    sys.path.insert(0, _environment.ROOT)
    wrong = []
    for name, make in makers().items():
        path = os.path.join(VECTORS, name + ".json")
        stored = read(path)
        content = make(json.loads(stored) if stored else None)
        text = json.dumps(content, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
        if text == stored:
            continue
        if "--check" in arguments:
            wrong.append(name)
        else:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
    for name in wrong:
        print(f"tests/vectors/{name}.json is not what the code makes; run scripts/make_vectors.py")
    return 1 if wrong else 0


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def makers():
    return {
        "header": lambda _stored: header_vector(),
        "trees": lambda _stored: tree_vectors(),
        "seals": lambda _stored: seal_vectors(),
        "batch": lambda _stored: batch_vector(),
        "directory": lambda _stored: directory_vector(),
        "evidence": lambda _stored: evidence_vector(),
        "enrolment": lambda _stored: enrolment_vectors(),
        "private_body": private_body_vector,
    }


def signer(node):
    from common.security.signing import Ed25519Signer

    return Ed25519Signer(node.encode() * 16)


def envelope():
    from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
    from common.messaging.envelope import build

    routing = pb.Routing(
        message_id=bytes.fromhex("01a3185c500070008000000000000001"),
        source="31",
        destination="44",
        request_id=bytes.fromhex("01a3185c500070008000000000000002"),
        phase=pb.PHASE_REQUEST,
        message_class=pb.MESSAGE_CLASS_WORK_ORDER,
        message_type="quanwang.subscriptions.v1.SuspendSubscription",
        protocol_version=1,
        time_to_live_ms=3_600_000,
        directory_version=1,
        actor=pb.Actor(
            operator="kefu-7",
            channel="counter",
            customer_authentication=pb.CUSTOMER_AUTHENTICATION_SERVICE_PASSWORD,
        ),
        created_at_us=NOW_US,
        leg_destination="44",
    )
    return build(routing, b"\x0a\x0544-S1")


def header_vector():
    made = envelope()
    return {
        "body": made.body.hex(),
        "header": made.header.hex(),
        "header_digest": made.digest.hex(),
        "leg_id": (made.routing.request_id + b"3144").hex(),
        "routing": made.routing_bytes.hex(),
    }


def tree_vectors():
    from common.messaging.seal import MerkleTree, leaf, leaf_prefix, stamp_digest

    link = "31>00"
    digests = [bytes([number]) * 32 for number in range(8)]
    leaves = [leaf(leaf_prefix(link), 1 + number, digest) for number, digest in enumerate(digests)]
    trees = []
    for count in (1, 2, 3, 5, 8):
        tree = MerkleTree(leaves[:count])
        paths = [[part.hex() for part in tree.path(index)] for index in range(count)]
        trees.append({"count": count, "paths": paths, "root": tree.root.hex()})
    stamped = leaf(leaf_prefix("00>44"), 7, digests[1], stamp_digest(b"stamp"))
    return {
        "first_sequence": 1,
        "header_digests": [digest.hex() for digest in digests],
        "leaves": [each.hex() for each in leaves],
        "link": link,
        "stamped_leaf": {
            "header_digest": digests[1].hex(),
            "leaf": stamped.hex(),
            "link": "00>44",
            "sequence": 7,
            "stamp": b"stamp".hex(),
            "stamp_digest": stamp_digest(b"stamp").hex(),
        },
        "trees": trees,
    }


def seal_of(node, link, leaves, **fields):
    from common.gen.quanwang.federation.v1 import seal_pb2 as pb
    from common.messaging.seal import NO_HASH, MerkleTree, sign_seal

    content = {
        "node": node,
        "incarnation": node.encode() * 8,
        "link": link,
        "epoch": 1,
        "seal_number": 1,
        "previous_hash": NO_HASH,
        "first_sequence": 1,
        "count": len(leaves),
        "merkle_root": MerkleTree(leaves).root,
        "sealed_at_us": NOW_US,
        "directory_version": 1,
        "directory_hash": bytes(32),
        "witnessed_seal_hash": NO_HASH,
    }
    content.update(fields)
    return sign_seal(pb.Seal(**content), signer(node))


def seal_vectors():
    from common.messaging.seal import leaf, leaf_prefix, seal_hash, signed_bytes

    chain, previous = [], bytes(32)
    for number in (1, 2, 3):
        leaves = [leaf(leaf_prefix("31>00"), number, bytes([number]) * 32)]
        signed = seal_of("31", "31>00", leaves, seal_number=number, first_sequence=number, previous_hash=previous)
        previous = seal_hash(signed)
        chain.append(
            {
                "hash": previous.hex(),
                "seal": signed.seal.hex(),
                "signature": signed.signature.hex(),
                "signed_bytes": signed_bytes(signed.seal).hex(),
            }
        )
    return {"chain": chain, "key_id": signer("31").key_id, "public_key": signer("31").public_key.hex()}


def batch_vector():
    """What HQ sends to Guangdong: a request of Shanghai with the proof of its origin and a stamp, and a Withdraw."""
    from common.gen.quanwang.federation.v1 import envelope_pb2, seal_pb2
    from common.messaging.envelope import build
    from common.messaging.seal import MerkleTree, leaf, leaf_prefix, seal_hash, stamp_digest

    spoken = envelope()
    at_origin = [leaf(leaf_prefix("31>00"), 1 + n, d) for n, d in enumerate((b"a" * 32, b"b" * 32, spoken.digest))]
    origin_seal = seal_of("31", "31>00", at_origin)
    proof = seal_pb2.OriginProof(seal_hash=seal_hash(origin_seal), sequence=3, path=MerkleTree(at_origin).path(2))
    stamp = seal_pb2.Stamp(
        request_id=spoken.routing.request_id,
        destination="44",
        message_digest=spoken.digest,
        hub_position=7,
        business_date="2027-01-15",
        admitted_at_us=NOW_US,
        time_left_ms=3_599_000,
        verdict=seal_pb2.VERDICT_ADMITTED,
        directory_version=1,
    ).SerializeToString()
    relayed = seal_pb2.Entry(header=spoken.header, body=spoken.body, stamp=stamp, origin=proof)
    withdraw = build(
        envelope_pb2.Routing(
            message_id=bytes.fromhex("01a3185c500070008000000000000003"),
            source="00",
            destination="44",
            request_id=spoken.routing.request_id,
            phase=envelope_pb2.PHASE_CANCEL,
            message_class=envelope_pb2.MESSAGE_CLASS_CONTROL,
            protocol_version=1,
            in_reply_to=spoken.routing.message_id,
            request_digest=spoken.digest,
            outcome=envelope_pb2.OUTCOME_EXPIRED,
            reason_code="EXPIRED",
            leg_destination="44",
            reply_to="31",
        )
    )
    entries = [relayed, seal_pb2.Entry(header=withdraw.header)]
    prefix = leaf_prefix("00>44")
    leaves = [leaf(prefix, 1, spoken.digest, stamp_digest(stamp)), leaf(prefix, 2, withdraw.digest)]
    signed = seal_of("00", "00>44", leaves)
    batch = seal_pb2.SealedBatch(seal=signed, entries=entries, origin_seals=[origin_seal])
    return {
        "batch": batch.SerializeToString().hex(),
        "keys": {node: signer(node).public_key.hex() for node in ("00", "31")},
        "link": "00>44",
        "seal_hash": seal_hash(signed).hex(),
    }


def directory_vector():
    from common.directory.model import KeyUse, NodeEntry, NodeKey, NodeStatus
    from common.directory.signing import open_directory, sign_directory
    from common.security.signing import ED25519

    root = signer("rt")
    entries = [
        NodeEntry(
            node,
            name_zh,
            name_en,
            NodeStatus.ACTIVE,
            (NodeKey(signer(node).key_id, KeyUse.SIGNING, ED25519, signer(node).public_key, NOW_US),),
            bytes(range(32)),
        )
        for node, name_zh, name_en in (("00", "总部", "Headquarters"), ("31", "上海", "Shanghai"))
    ]
    versions, previous = [], None
    for _number in (1, 2):
        signed = sign_directory(previous, entries, {"east-china": ("31",)}, NOW_US, 86_400_000_000, root)
        previous = open_directory(signed, root.public_key)
        versions.append(
            {
                "directory": signed.directory.hex(),
                "hash": previous.hash.hex(),
                "head": signed.head.hex(),
                "head_signature": signed.head_signature.hex(),
                "signature": signed.signature.hex(),
            }
        )
    return {"key_id": root.key_id, "root_public_key": root.public_key.hex(), "versions": versions}


def evidence_vector():
    """One completed request: Shanghai asked, HQ stamped, Guangdong answered, HQ relayed."""
    from common.directory.head import entry_bytes, entry_tree
    from common.directory.model import KeyUse, NodeEntry, NodeKey, NodeStatus
    from common.directory.signing import sign_directory
    from common.evidence.container import pack
    from common.gen.quanwang.evidence.v1 import evidence_pb2
    from common.gen.quanwang.federation.v1 import envelope_pb2, seal_pb2
    from common.messaging.envelope import build
    from common.messaging.seal import MerkleTree, leaf, leaf_prefix, sign_seal, stamp_digest
    from common.security.signing import ED25519

    root, nodes = signer("rt"), ("00", "31", "44")
    entries = [
        NodeEntry(
            node,
            node,
            node,
            NodeStatus.ACTIVE,
            (NodeKey(signer(node).key_id, KeyUse.SIGNING, ED25519, signer(node).public_key, 1),),
            bytes(range(32)),
        )
        for node in nodes
    ]
    signed = sign_directory(None, entries, {}, NOW_US, 86_400_000_000, root)
    head = evidence_pb2.DirectoryEvidence(head=signed.head, head_signature=signed.head_signature, key_id=signed.key_id)
    listed = entry_bytes(signed.directory)
    for index, entry in enumerate(listed):
        head.nodes.add(index=index, entry=entry, path=b"".join(entry_tree(listed).path(index)))
    asked = envelope()
    answer = build(
        envelope_pb2.Routing(
            message_id=bytes.fromhex("01a3185c500070008000000000000003"),
            source="44",
            destination="31",
            leg_destination="44",
            request_id=asked.routing.request_id,
            phase=envelope_pb2.PHASE_FINAL,
            outcome=envelope_pb2.OUTCOME_COMPLETED,
            message_class=envelope_pb2.MESSAGE_CLASS_WORK_ORDER,
            message_type=asked.routing.message_type,
            protocol_version=1,
            in_reply_to=asked.routing.message_id,
            request_digest=asked.digest,
            created_at_us=NOW_US + 3,
        ),
        b"\x0a\x0544-S1",
    )

    def stamp(message, verdict, **fields):
        return seal_pb2.Stamp(
            request_id=asked.routing.request_id,
            destination="44",
            message_digest=message.digest,
            hub_position=7,
            business_date="2027-01-15",
            admitted_at_us=NOW_US + 1,
            forwarded_at_us=NOW_US + 1,
            verdict=verdict,
            directory_version=1,
            **fields,
        ).SerializeToString()

    bundle = evidence_pb2.Bundle(request_id=asked.routing.request_id, exported_by="00", exported_at_us=NOW_US + 9)
    bundle.directories.append(head)
    for message in (asked, answer):
        bundle.envelopes.add(header=message.header, body=message.body)
    said = (
        ("31", "00", asked, 1, b""),
        ("00", "44", asked, 1, stamp(asked, seal_pb2.VERDICT_ADMITTED, time_left_ms=3_600_000)),
        ("44", "00", answer, 2, b""),
        ("00", "31", answer, 2, stamp(answer, seal_pb2.VERDICT_RELAYED, answered_at_us=NOW_US + 4)),
    )
    for number, (node, peer, message, envelope_number, stamped) in enumerate(said):
        link = node + ">" + peer
        leaves = [leaf(leaf_prefix(link), 5 + place, bytes([place]) * 32) for place in range(3)]
        leaves[1] = leaf(leaf_prefix(link), 6, message.digest, stamp_digest(stamped))
        tree = MerkleTree(leaves)
        seal = seal_pb2.Seal(
            node=node,
            incarnation=node.encode() * 8,
            link=link,
            epoch=1,
            seal_number=3,
            previous_hash=bytes(32),
            first_sequence=5,
            count=3,
            merkle_root=tree.root,
            sealed_at_us=NOW_US + 1 + number,
            directory_version=1,
            directory_hash=hash_of_directory(signed.directory),
        )
        bundle.seals.append(sign_seal(seal, signer(node)))
        bundle.statements.add(
            seal=number, sequence=6, path=b"".join(tree.path(1)), envelope=envelope_number, stamp=stamped
        )
    return {
        "decided": {"by": "44", "outcome": "completed"},
        "file": pack(bundle).hex(),
        "root_public_key": root.public_key.hex(),
    }


def hash_of_directory(directory):
    from common.directory.head import directory_hash

    return directory_hash(directory)


def enrolment_vectors():
    from common.directory.invitation import Invitation, encode_invitation
    from common.directory.proof import enrolment_proof_bytes

    invitation = Invitation(
        node="31",
        address="hq.example:7001",
        secret=b"s" * 32,
        root_public_key=signer("rt").public_key,
        tls_authority=b"DER of a certificate",
        expires_at_us=NOW_US,
    )
    parts = ("31", b"s" * 32, signer("31").public_key, b"p" * 32, b"DER of a certificate request")
    proved = enrolment_proof_bytes(*parts)
    return {
        "invitation": {
            "address": invitation.address,
            "expires_at_us": invitation.expires_at_us,
            "node": "31",
            "root_public_key": invitation.root_public_key.hex(),
            "secret": invitation.secret.hex(),
            "text": encode_invitation(invitation),
            "tls_authority": invitation.tls_authority.hex(),
        },
        "proof_of_possession": {
            "node": parts[0],
            "secret": parts[1].hex(),
            "signing_public_key": parts[2].hex(),
            "private_body_public_key": parts[3].hex(),
            "certificate_request": parts[4].hex(),
            "signature": signer("31").sign(proved).hex(),
            "signed_bytes": proved.hex(),
        },
    }


def private_body_vector(stored):
    """Kept where it still opens; made anew only where it does not."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from common.errors import QuanwangError
    from common.security.private_bodies import X25519PrivateKeys, decrypt_private_body, encrypt_private_body

    routing, text = envelope().routing_bytes, "手机号 13800138000".encode()
    secrets = {node: node.encode() * 16 for node in ("31", "44")}
    keys = {node: X25519PrivateKeys([X25519PrivateKey.from_private_bytes(secret)]) for node, secret in secrets.items()}
    body = bytes.fromhex(stored["private_body"]) if stored else b""
    try:
        good = all(decrypt_private_body(body, routing, node, keys[node]) == text for node in keys)
    except QuanwangError:
        good = False
    if not good:
        body = encrypt_private_body(text, routing, [keys[node].reader(node) for node in keys])
    return {
        "key_ids": {node: keys[node].reader(node).key_id for node in keys},
        "private_body": body.hex(),
        "private_keys": {node: secret.hex() for node, secret in secrets.items()},
        "routing": routing.hex(),
        "text": text.hex(),
    }


if __name__ == "__main__":
    _environment.ensure()
    sys.exit(main(sys.argv[1:]))

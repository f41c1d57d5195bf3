"""Evidence of a small federation, and the means to forge it: any bundle, resealed with any key that a forger holds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import hq_node.web
import province_node.web
from common.directory.head import entry_bytes, entry_tree
from common.evidence.container import pack, unpack
from common.evidence.queries import export_evidence
from common.evidence.verifier import Verdict, verify_evidence
from common.gen.quanwang.evidence.v1 import evidence_pb2 as pb
from common.gen.quanwang.federation.v1 import directory_pb2, envelope_pb2, seal_pb2
from common.ids import HQ, link_name
from common.journal.archive import JournalArchive
from common.messaging.envelope import Envelope, build, header_digest
from common.messaging.seal import NO_HASH, leaf, leaf_prefix, sign_seal, stamp_digest
from common.security.signing import Signer
from tests.support.federation import Federation


def export(
    federation: Federation,
    node: str,
    request_id: bytes,
    *,
    private_bodies: bool = False,
    archive: JournalArchive | None = None,
) -> bytes:
    """The evidence file that a node puts together."""
    core = federation.cores[node]
    role = hq_node.web.ROLE if node == HQ else province_node.web.ROLE
    return export_evidence(
        core.connection,
        role.leg_times,
        core.context,
        archive if archive is not None else JournalArchive(Path("no archive")),
        request_id,
        federation.clock.now_us(),
        private_bodies=private_bodies,
    )


def verify(federation: Federation, file: bytes) -> Verdict:
    """The verdict on a file, with the federation's root key."""
    return verify_evidence(file, [federation.root.public_key])


def codes(verdict: Verdict) -> set[str]:
    """The codes of all findings."""
    return {finding.code for finding in verdict.findings}


class Forgery:
    """A bundle in a forger's hands. Whoever forges holds the keys of the signers that the test gives."""

    def __init__(self, federation: Federation, file: bytes) -> None:
        self.federation = federation
        self.bundle = unpack(file)

    @property
    def file(self) -> bytes:
        return pack(self.bundle)

    def verdict(self) -> Verdict:
        return verify(self.federation, self.file)

    def codes(self) -> set[str]:
        return codes(self.verdict())

    # Finding

    def routing(self, number: int) -> envelope_pb2.Routing:
        header = envelope_pb2.EnvelopeHeader.FromString(self.bundle.envelopes[number].header)
        return envelope_pb2.Routing.FromString(header.routing)

    def envelope_number(self, phase: envelope_pb2.Phase) -> int:
        """The first envelope of a phase."""
        return next(number for number in range(len(self.bundle.envelopes)) if self.routing(number).phase == phase)

    def seal(self, statement: pb.Statement) -> seal_pb2.Seal:
        return seal_pb2.Seal.FromString(self.bundle.seals[statement.seal].seal)

    def statement(self, link: str, *, alone: bool = False) -> pb.Statement:
        """The first statement under a seal of this link (`alone`: a stamp alone)."""
        return next(
            statement
            for statement in self.bundle.statements
            if self.seal(statement).link == link and alone == (statement.envelope == 0)
        )

    # Changing

    def drop(self, statements: Iterable[pb.Statement]) -> None:
        dropped = list(statements)
        kept = [statement for statement in self.bundle.statements if statement not in dropped]
        del self.bundle.statements[:]
        self.bundle.statements.extend(kept)

    def add_entry(self, node: str) -> None:
        """The directory's true entry of one more node, with its proof."""
        signed = self.federation.signed_directory
        entries = entry_bytes(signed.directory)
        names = [entry.node for entry in directory_pb2.Directory.FromString(signed.directory).nodes]
        place = names.index(node)
        path = b"".join(entry_tree(entries).path(place))
        self.bundle.directories[0].nodes.add(index=place, entry=entries[place], path=path)

    def add_envelope(self, envelope: Envelope) -> int:
        """The envelope's number as statements name it."""
        self.bundle.envelopes.add(header=envelope.header, body=envelope.body)
        return len(self.bundle.envelopes)

    def say(
        self, signer: Signer, sealer: str, receiver: str, envelope: int = 0, stamp: bytes = b"", **seal_fields: Any
    ) -> pb.Statement:
        """A statement under a new seal of its own, signed by `signer` in the name of `sealer`."""
        link = link_name(sealer, receiver)
        digest = header_digest(self.bundle.envelopes[envelope - 1].header) if envelope else NO_HASH
        fields: dict[str, Any] = {
            "node": sealer,
            "incarnation": sealer.encode() * 8,
            "link": link,
            "epoch": 1,
            "seal_number": 1_000,
            "previous_hash": NO_HASH,
            "first_sequence": 1_000,
            "count": 1,
            "merkle_root": leaf(leaf_prefix(link), 1_000, digest, stamp_digest(stamp)),
            "sealed_at_us": self.federation.clock.now_us(),
            "directory_version": self.federation.directory.version,
            "directory_hash": self.federation.directory.hash,
        }
        self.bundle.seals.append(sign_seal(seal_pb2.Seal(**(fields | seal_fields)), signer))
        return self.bundle.statements.add(
            seal=len(self.bundle.seals) - 1, sequence=1_000, envelope=envelope, stamp=stamp
        )

    def changed(self, number: int, **fields: object) -> Envelope:
        """An envelope like one of the bundle, with some fields of its routing changed."""
        routing = self.routing(number)
        for name, value in fields.items():
            setattr(routing, name, value)
        return build(routing, self.bundle.envelopes[number].body)

    def changed_stamp(self, stamp: bytes, **fields: object) -> bytes:
        parsed = seal_pb2.Stamp.FromString(stamp)
        for name, value in fields.items():
            setattr(parsed, name, value)
        return parsed.SerializeToString()

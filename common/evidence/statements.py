"""The statements of a bundle: that an envelope and a stamp stand, byte for byte, where a seal says they do."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from common.evidence.findings import Finding, found
from common.evidence.seals import HUB, NODE, GoodSeal
from common.evidence.trust import split_path
from common.gen.quanwang.evidence.v1 import evidence_pb2
from common.gen.quanwang.federation.v1 import envelope_pb2, seal_pb2
from common.messaging.seal import NO_HASH, leaf, leaf_prefix, root_from_path, stamp_digest

HEADER_DOMAIN = b"quanwang/header/v1"
ID_BYTES = 16
STAMP_BYTES_MAX = 1_024


@dataclass(slots=True)
class Message:
    """A well-formed envelope whose bodies fit its header. `proved`: a seal of its source bears it."""

    number: int
    routing: envelope_pb2.Routing
    digest: bytes
    body: bytes
    proved: bool = False
    tried: bool = False
    """A statement under a seal of its source was there, good or not."""


@dataclass(slots=True)
class Statement:
    """A proved statement: its seal is good, and the path leads from it to the seal's root."""

    number: int
    seal: GoodSeal
    sequence: int
    message: Message | None
    stamp: seal_pb2.Stamp | None


class Statements:
    """Checks envelopes and statements. `findings`: what is wrong with them; `proved`: what is not."""

    def __init__(self, bundle: evidence_pb2.Bundle, seals: Sequence[GoodSeal | None]) -> None:
        self._request_id = bundle.request_id
        self._seals = seals
        self.findings: list[Finding] = []
        self.messages = [self._message(number, envelope) for number, envelope in enumerate(bundle.envelopes)]
        self._stamped_wrongly: list[tuple[Message, str, str]] = []
        checked = [self._statement(number, statement) for number, statement in enumerate(bundle.statements)]
        self.proved = [statement for statement in checked if statement is not None]
        self._judge_stamped()
        self._require_sources()

    def _message(self, number: int, envelope: evidence_pb2.EvidenceEnvelope) -> Message | None:
        where = f"message {number}"
        try:
            header = envelope_pb2.EnvelopeHeader.FromString(envelope.header)
            routing = envelope_pb2.Routing.FromString(header.routing)
        except DecodeError:
            return self._bad("MALFORMED_ENVELOPE", where, detail="not a header")
        if len(routing.message_id) != ID_BYTES or len(routing.request_id) != ID_BYTES:
            return self._bad("MALFORMED_ENVELOPE", where, detail="an identity has not 16 bytes")
        if not all(NODE.fullmatch(node) for node in (routing.source, routing.destination, routing.leg_destination)):
            return self._bad("MALFORMED_ENVELOPE", where, detail="a node's code has not two digits")
        if header.body_digest != _digest(envelope.body):
            return self._bad("BODY_ALTERED", where)
        if envelope.private_body and header.private_body_digest != _digest(envelope.private_body):
            return self._bad("PRIVATE_BODY_ALTERED", where)
        if header.private_body_digest and not envelope.private_body:
            self.findings.append(found("PRIVATE_BODY_ABSENT", where))
        if routing.request_id != self._request_id:
            return self._bad("OF_ANOTHER_REQUEST", where, other=routing.request_id.hex())
        digest = hashlib.sha256(HEADER_DOMAIN + envelope.header).digest()
        return Message(number, routing, digest, envelope.body)

    def _statement(self, number: int, statement: evidence_pb2.Statement) -> Statement | None:
        where = f"statement {number}"
        if statement.seal >= len(self._seals) or statement.envelope > len(self.messages):
            return self._bad_statement("MALFORMED_BUNDLE", where, detail="a reference to a part that is not there")
        seal = self._seals[statement.seal]
        if not statement.envelope and not statement.stamp:
            return self._bad_statement("MALFORMED_BUNDLE", where, detail="a statement without message and stamp")
        message = self.messages[statement.envelope - 1] if statement.envelope else None
        if message is not None and (seal is None or message.routing.source == seal.node):
            message.tried = True
        if seal is None or (statement.envelope and message is None):
            return None  # What is wrong with the seal or the envelope was said already.
        if message is not None and not _may_say(message.routing, seal):
            return self._bad_statement(
                "SEAL_OF_ANOTHER_LINK",
                where,
                link=seal.seal.link,
                source=message.routing.source,
                destination=message.routing.destination,
            )
        if statement.stamp and seal.node != HUB:
            return self._bad_statement("STAMP_NOT_BY_HUB", where, node=seal.node)
        if not self._under_seal(statement, seal, message, where):
            return None
        stamp = self._stamp(statement.stamp, where) if statement.stamp else None
        if statement.stamp and stamp is None:
            return None
        if message is not None and message.routing.source == seal.node:
            message.proved = True
        return Statement(number, seal, statement.sequence, message, stamp)

    def _under_seal(
        self, statement: evidence_pb2.Statement, good: GoodSeal, message: Message | None, where: str
    ) -> bool:
        seal, path = good.seal, split_path(statement.path)
        index = statement.sequence - seal.first_sequence
        if not 0 <= index < seal.count:
            self.findings.append(found("SEQUENCE_OUTSIDE_SEAL", where, sequence=statement.sequence))
            return False
        expected = path_length(index, seal.count)
        if path is None or len(path) != expected:
            got = len(statement.path) // 32
            self.findings.append(found("PATH_LENGTH_WRONG", where, got=got, expected=expected))
            return False
        digest = message.digest if message is not None else NO_HASH
        hashed = leaf(leaf_prefix(seal.link), statement.sequence, digest, stamp_digest(statement.stamp))
        if root_from_path(hashed, index, seal.count, path) == seal.merkle_root:
            return True
        if message is None:
            self.findings.append(found("STAMP_ALTERED", where))
        elif statement.stamp:
            self._stamped_wrongly.append((message, where, good.node))
        else:
            self.findings.append(found("HEADER_ALTERED", where, node=good.node))
        return False

    def _stamp(self, stamp: bytes, where: str) -> seal_pb2.Stamp | None:
        try:
            parsed = seal_pb2.Stamp.FromString(stamp)
        except DecodeError:
            parsed = seal_pb2.Stamp()
        wellformed = len(stamp) <= STAMP_BYTES_MAX and len(parsed.request_id) == ID_BYTES
        if not wellformed or not NODE.fullmatch(parsed.destination):
            self.findings.append(found("STAMP_MALFORMED", where))
            return None
        return parsed

    def _judge_stamped(self) -> None:
        """Header and stamp share a leaf. Where the header is proved by its source's own seal, it is the stamp that was
        altered."""
        for message, where, node in self._stamped_wrongly:
            if message.proved and message.routing.source != node:
                self.findings.append(found("STAMP_ALTERED", where))
            else:
                self.findings.append(found("NOT_UNDER_SEAL", where, node=node))

    def _require_sources(self) -> None:
        for message in self.messages:
            if message is not None and not message.tried:
                self.findings.append(
                    found("ORIGIN_PROOF_MISSING", f"message {message.number}", node=message.routing.source)
                )

    def _bad(self, code: str, where: str, **facts: object) -> Message | None:
        self.findings.append(found(code, where, **facts))
        return None

    def _bad_statement(self, code: str, where: str, **facts: object) -> Statement | None:
        self.findings.append(found(code, where, **facts))
        return None


def path_length(index: int, count: int) -> int:
    """How many hashes lead from leaf `index` of `count` to the root."""
    length = 0
    while count > 1:
        length += index ^ 1 < count
        index, count = index >> 1, (count + 1) // 2
    return length


def _may_say(routing: envelope_pb2.Routing, seal: GoodSeal) -> bool:
    """Whether a message of this source and destination can stand under a seal of this link."""
    if seal.node != HUB:
        return routing.source == seal.node
    return routing.destination == seal.receiver


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest() if content else b""

"""Answers on the wire: finals, withdrawals, interims of the legs carried out here."""

from __future__ import annotations

from typing import Any

from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.gen.quanwang.federation.v1 import seal_pb2
from common.messaging.envelope import PROTOCOL_VERSION, Envelope, build, header_digest
from common.requests.envelopes import OUTCOME_VALUES
from common.requests.registry import Answer
from province_node.serving.model import ServingLeg


def final_envelope(leg: ServingLeg, uow: Any, answer: Answer | None = None) -> Envelope:
    """The leg's outcome, bound to the exact request; with the answer where it was completed."""
    body = answer.body.SerializeToString() if answer is not None else b""
    private = answer.private.SerializeToString() if answer is not None and answer.private is not None else b""
    return final_of_bytes(leg, uow, body, private)


def final_of_bytes(leg: ServingLeg, uow: Any, body: bytes = b"", private: bytes = b"") -> Envelope:
    """The same from response messages that are serialised already."""
    routing = _routing(leg, uow, pb.PHASE_FINAL)
    routing.outcome = OUTCOME_VALUES[leg.state]
    routing.reason_code = leg.reason_code
    routing_bytes = routing.SerializeToString()
    return build(routing, body, uow.node.encrypt(private, routing_bytes, leg.source) if private else b"", routing_bytes)


def interim_envelope(leg: ServingLeg, uow: Any) -> Envelope:
    """The leg is being worked on."""
    return build(_routing(leg, uow, pb.PHASE_INTERIM))


def _routing(leg: ServingLeg, uow: Any, phase: int) -> pb.Routing:
    return pb.Routing(
        message_id=uow.ids.new(),
        source=uow.node.node,
        destination=leg.source,
        leg_destination=uow.node.node,
        request_id=leg.request_id,
        phase=phase,  # type: ignore[arg-type]
        message_class=pb.MESSAGE_CLASS_WORK_ORDER,
        message_type=leg.kind,
        protocol_version=PROTOCOL_VERSION,
        in_reply_to=leg.message_id,
        request_digest=leg.request_digest,
        directory_version=uow.node.directory.version,
        created_at_us=uow.now_us,
        received_at_us=leg.received_at_us,
    )


def stored_envelope(stored: bytes) -> Envelope:
    """The stored answer of a leg, byte for byte as it was first given."""
    entry = seal_pb2.Entry.FromString(stored)
    outer = pb.EnvelopeHeader.FromString(entry.header)
    return Envelope(
        entry.header,
        entry.body,
        entry.private_body,
        pb.Routing.FromString(outer.routing),
        outer.routing,
        header_digest(entry.header),
    )

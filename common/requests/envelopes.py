"""Service requests on the wire: envelopes out of what the asking node wishes, and what answers say."""

from __future__ import annotations

from typing import Any

from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.gen.quanwang.federation.v1 import seal_pb2
from common.ids import HQ, parse_id
from common.messaging.envelope import PROTOCOL_VERSION, Envelope, build
from common.requests.commands import SubmitServiceRequest
from common.requests.model import AskedLeg
from common.requests.registry import RequestKind

OUTCOME_NAMES = {
    pb.OUTCOME_COMPLETED: "completed",
    pb.OUTCOME_REJECTED: "rejected",
    pb.OUTCOME_EXPIRED: "expired",
    pb.OUTCOME_CANCELLED: "cancelled",
}
OUTCOME_VALUES = {name: value for value, name in OUTCOME_NAMES.items()}

_AUTHENTICATION_PREFIX = "CUSTOMER_AUTHENTICATION_"
AUTHENTICATIONS = tuple(
    name.removeprefix(_AUTHENTICATION_PREFIX)
    for name in pb.CustomerAuthentication.keys()  # noqa: SIM118 - no mapping: it cannot be iterated.
    if not name.endswith("_UNSPECIFIED")
)
"""The ways to authenticate a customer, by their names without prefix."""
OVERDUE_REASON = "OVERDUE"
"""The reason code of the interim by which the hub tells the origin that the time limit has passed."""


def request_envelope(
    command: SubmitServiceRequest, leg: AskedLeg, kind: RequestKind, time_to_live_ms: int, uow: Any
) -> Envelope:
    """The request for one leg. The private body is encrypted for this leg's destination alone."""
    acting = command.acting
    routing = pb.Routing(
        message_id=uow.ids.new(),
        source=uow.node.node,
        destination=leg.destination,
        leg_destination=leg.destination,
        request_id=leg.request_id,
        phase=pb.PHASE_REQUEST,
        message_class=kind.message_class,  # type: ignore[arg-type]
        message_type=kind.name,
        protocol_version=PROTOCOL_VERSION,
        time_to_live_ms=time_to_live_ms,
        directory_version=uow.node.directory.version,
        region=command.region,
        actor=pb.Actor(
            operator=acting.operator,
            organisation=acting.organisation,
            channel=acting.channel,
            customer_authentication=_AUTHENTICATION_PREFIX + acting.customer_authentication,
            interaction=parse_id(acting.interaction) if acting.interaction else b"",
        ),
        idempotency_key=command.idempotency_key,
        created_at_us=uow.now_us,
    )
    routing_bytes = routing.SerializeToString()
    private = uow.node.encrypt(command.private, routing_bytes, leg.destination) if command.private else b""
    return build(routing, command.body, private, routing_bytes)


def cancel_envelope(leg: AskedLeg, uow: Any) -> Envelope:
    """The origin's wish that a leg be cancelled; it is the hub that decides."""
    return build(
        pb.Routing(
            message_id=uow.ids.new(),
            source=uow.node.node,
            destination=HQ,
            leg_destination=leg.destination,
            request_id=leg.request_id,
            phase=pb.PHASE_CANCEL,
            message_class=pb.MESSAGE_CLASS_CONTROL,
            protocol_version=PROTOCOL_VERSION,
            in_reply_to=leg.message_id,
            request_digest=leg.request_digest,
            reason_code="CANCELLED",
            directory_version=uow.node.directory.version,
            created_at_us=uow.now_us,
        )
    )


def stored_answer(envelope: Envelope) -> bytes:
    """An answer as the leg keeps it: the exact bytes of header, body and private body."""
    return seal_pb2.Entry(
        header=envelope.header, body=envelope.body, private_body=envelope.private_body
    ).SerializeToString()

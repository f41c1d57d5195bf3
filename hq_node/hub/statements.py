"""What the hub says in its own words: stamps, withdrawals, and finals of legs that it ended itself."""

from __future__ import annotations

from typing import Any

from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.gen.quanwang.federation.v1 import seal_pb2
from common.ids import HQ, split_leg_id
from common.messaging.envelope import PROTOCOL_VERSION, Envelope, build
from common.requests.envelopes import OUTCOME_VALUES, OVERDUE_REASON
from hq_node.hub.admission import ADMISSION_RATE_EXCEEDED
from hq_node.hub.model import HubLeg


def admission_stamp(leg: HubLeg, uow: Any, *, forwarded: bool = False) -> bytes:
    """The hub's word on a request: admitted; and, on its way to home, how much of its time is left."""
    return _stamp(
        leg,
        leg.request_digest,
        seal_pb2.VERDICT_ADMITTED,
        uow,
        time_left_ms=max(0, leg.expires_at_us - uow.now_us) // 1000 if forwarded else 0,
    )


def relay_stamp(leg: HubLeg, digest: bytes, answered_at_us: int, uow: Any) -> bytes:
    """The hub's word on an answer that it relays: when the request passed, and when the answer did."""
    return _stamp(leg, digest, seal_pb2.VERDICT_RELAYED, uow, answered_at_us=answered_at_us)


def _stamp(leg: HubLeg, digest: bytes, verdict: int, uow: Any, time_left_ms: int = 0, answered_at_us: int = 0) -> bytes:
    request_id, _, destination = split_leg_id(leg.leg_id)
    return seal_pb2.Stamp(
        request_id=request_id,
        destination=destination,
        message_digest=digest,
        hub_position=leg.hub_position,
        business_date=leg.business_date,
        admitted_at_us=leg.admitted_at_us,
        time_left_ms=time_left_ms,
        verdict=verdict,  # type: ignore[arg-type]
        directory_version=uow.node.directory.version,
        forwarded_at_us=leg.forwarded_at_us,
        answered_at_us=answered_at_us,
    ).SerializeToString()


def withdraw_envelope(leg: HubLeg, uow: Any) -> Envelope:
    """To home: end this leg, unless it has passed its point of no return. Sent once; its first reason stands."""
    routing = _routing(leg, leg.home, pb.PHASE_CANCEL, uow)
    routing.outcome = OUTCOME_VALUES[leg.withdraw]
    routing.reason_code = leg.withdraw.upper()
    routing.reply_to = leg.origin
    return build(routing)


def final_envelope(leg: HubLeg, uow: Any) -> Envelope:
    """To the origin: the hub ended this leg itself, before it was sealed for home."""
    routing = _routing(leg, leg.origin, pb.PHASE_FINAL, uow)
    routing.outcome = OUTCOME_VALUES[leg.state]
    routing.reason_code = leg.reason_code
    if leg.reason_code == ADMISSION_RATE_EXCEEDED:
        routing.retry_after_ms = uow.admissions.retry_after_ms(leg.origin)
    return build(routing)


def overdue_envelope(leg: HubLeg, uow: Any) -> Envelope:
    """To the origin: the time limit has passed, home has not answered yet."""
    routing = _routing(leg, leg.origin, pb.PHASE_INTERIM, uow)
    routing.reason_code = OVERDUE_REASON
    return build(routing)


def _routing(leg: HubLeg, destination: str, phase: int, uow: Any) -> pb.Routing:
    request_id, _, leg_destination = split_leg_id(leg.leg_id)
    return pb.Routing(
        message_id=uow.ids.new(),
        source=HQ,
        destination=destination,
        leg_destination=leg_destination,
        request_id=request_id,
        phase=phase,  # type: ignore[arg-type]
        message_class=pb.MESSAGE_CLASS_CONTROL,
        message_type=leg.kind,
        protocol_version=PROTOCOL_VERSION,
        in_reply_to=leg.message_id,
        request_digest=leg.request_digest,
        directory_version=uow.node.directory.version,
        created_at_us=uow.now_us,
    )

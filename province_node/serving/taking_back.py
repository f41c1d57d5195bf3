"""A leg's outcome as this province had recorded it, taken back: never decided anew.

Where the leg was completed, its effect on this province's own records is brought about once more by the kind's handler.
Whatever that says, the recorded outcome stands; an effect that cannot be brought about is an operator's to look at.
"""

from __future__ import annotations

from typing import Any

from common.alarms.handlers import raise_alarm
from common.errors import Refusal
from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.gen.quanwang.federation.v1 import seal_pb2
from common.ids import format_leg
from common.messaging.envelope import Envelope, parse
from common.messaging.inbox import leg_of
from common.recovery.repository import received_request, settle_received
from common.requests.envelopes import OUTCOME_NAMES, stored_answer
from province_node.serving.commands import TakeBackAnswer
from province_node.serving.handlers import carry_out
from province_node.serving.leg_states import COMPLETED, NONE, TERMINAL, WORKING
from province_node.serving.model import ServingLeg

EFFECT_NOT_REPRODUCED = "EFFECT_NOT_REPRODUCED"


def answer_of(entry: seal_pb2.Entry) -> TakeBackAnswer:
    """The command that takes back an answer, which stands in an own seal."""
    return TakeBackAnswer(entry.header, entry.body, entry.private_body)


def take_back_answer(command: TakeBackAnswer, uow: Any) -> bool:
    """The leg has the state that its answer says. Whether it had not."""
    envelope = parse(command.header, command.body, command.private_body)
    routing = envelope.routing
    leg = uow.serving_legs.get(leg_of(envelope)) or _leg_of(envelope)
    state = OUTCOME_NAMES.get(routing.outcome, WORKING) if routing.phase == pb.PHASE_FINAL else WORKING
    if leg.state in TERMINAL or leg.state == state:
        settle_received(uow, leg.source, leg.message_id)
        return False
    because = _bring_about(leg, uow) if state == COMPLETED and _has_effect(leg, uow) else ""
    answer = stored_answer(envelope) if state in TERMINAL else b""
    leg.take_back(state, routing.reason_code, answer, routing.created_at_us)
    uow.serving_legs.save(leg)
    settle_received(uow, leg.source, leg.message_id)
    if because:
        raise_alarm(uow, EFFECT_NOT_REPRODUCED, format_leg(leg.leg_id), because)
    return True


def _leg_of(answer: Envelope) -> ServingLeg:
    """A leg that is known by its answer alone."""
    routing = answer.routing
    return ServingLeg(
        leg_of(answer),
        routing.destination,
        message_id=routing.in_reply_to,
        request_digest=routing.request_digest,
        kind=routing.message_type,
        received_at_us=routing.received_at_us,
    )


def _has_effect(leg: ServingLeg, uow: Any) -> bool:
    """What people at HQ ask about the node itself changes no record of it; what HQ publishes does."""
    kind = uow.node.kinds.known(leg.kind)
    return kind is None or kind.message_class != pb.MESSAGE_CLASS_MANAGEMENT or bool(kind.by_node_alone)


def _bring_about(leg: ServingLeg, uow: Any) -> str:
    """The effect of a completed leg on this province's records. Why it could not be; empty: it could."""
    request = received_request(uow, leg.source, leg.message_id)
    if leg.state != NONE:
        return "the work went on in steps of this node's own"
    if request is None or request.digest != leg.request_digest:
        return "the request is not in the journal"
    try:
        if carry_out(request, uow) is None:
            return "the work went on in steps of this node's own"
    except Refusal as refusal:
        uow.start_over()
        return f"{refusal.code}: {refusal}"
    return ""

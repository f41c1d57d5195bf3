"""Carrying out what other nodes ask, exactly once, and answering.

Here a refusal becomes an answer: a business rule that says no ends the leg as `rejected` with its reason code. A
fault does not pass here: it is the dispatcher's.
"""

from __future__ import annotations

from typing import Any, Protocol

from common.audit.entry import DONE, AuditEntry
from common.errors import REASON_CODE_CHARACTERS_MAX, REASON_CODE_PATTERN, Refusal
from common.ids import IdSource, format_leg
from common.live.events import HOME, WHOLE, LegFinished
from common.messaging.envelope import Envelope
from common.messaging.inbox import leg_of
from common.messaging.incoming import Incoming
from common.node_context import NodeContext
from common.requests.envelopes import OUTCOME_NAMES, stored_answer
from common.requests.registry import WORKING, Answer, Asked, RequestKind
from common.security.private_bodies import PrivateBodyUnreadable
from province_node.serving.answers import final_envelope, final_of_bytes, interim_envelope, stored_envelope
from province_node.serving.commands import BeginOutsideEffect, FinishLeg, RefuseLeg
from province_node.serving.events import LegAnswered, LegBegun, LegWithdrawn
from province_node.serving.model import ServingLeg, ServingLegNotFound
from province_node.serving.reading import note_reading

UNSUPPORTED = "UNSUPPORTED"
"""The reason for refusing a request of a kind that this node does not serve (it may be older than the asking one)."""


class ServingLegs(Protocol):
    """The legs carried out here."""

    def get(self, leg_id: bytes) -> ServingLeg | None: ...

    def save(self, leg: ServingLeg) -> None: ...


class ServingUnitOfWork(Protocol):
    """What serving needs of the unit of work; the handlers of the kinds need their own."""

    node: NodeContext
    serving_legs: ServingLegs
    ids: IdSource
    now_us: int

    def send_to_hub(self, envelope: Envelope, leg_id: bytes, *, waits_for_credit: bool) -> None: ...

    def record(self, event: Any) -> None: ...

    def start_over(self) -> None: ...

    def audit(self, entry: AuditEntry) -> None: ...


def take_request(incoming: Incoming, uow: ServingUnitOfWork) -> None:
    """A request for this province: carried out, refused, or begun. A leg that has its end already says so again."""
    envelope = _envelope_of(incoming)
    leg = uow.serving_legs.get(leg_of(envelope))
    if leg is not None:
        leg.require_same_request(envelope.routing.message_id, envelope.digest, "Request")
        _say_again(leg, leg.take_request("", uow.now_us), uow)
        return
    leg = _new_leg(envelope, incoming.received_at_us)
    try:
        _require_young(incoming, uow)
        answer = carry_out(envelope, uow)
    except Refusal as refusal:
        uow.start_over()  # Whatever the handler staged before its rule said no.
        note_reading(envelope, refusal.code, "", uow)
        _refuse(leg, refusal.code, uow)
        return
    if answer is None:
        leg.take_request("working", uow.now_us)
        uow.serving_legs.save(leg)
        _send(interim_envelope(leg, uow), leg, uow)
        uow.record(LegBegun(leg.leg_id))
        return
    note_reading(envelope, DONE, answer.customer, uow)
    leg.take_request("done", uow.now_us)
    _answer(leg, final_envelope(leg, uow, answer), uow)


def refuse_request(incoming: Incoming, reason_code: str, uow: ServingUnitOfWork) -> None:
    """A request that cannot be trusted or carried out: the refusal is recorded as the leg's outcome, and answered."""
    envelope = _envelope_of(incoming)
    if uow.serving_legs.get(leg_of(envelope)) is None:
        _refuse(_new_leg(envelope, incoming.received_at_us), reason_code, uow)


def take_withdraw(incoming: Incoming, uow: ServingUnitOfWork) -> None:
    """The hub withdraws a leg: granted before its point of no return, and then for good (a tombstone)."""
    envelope = _envelope_of(incoming)
    reason = OUTCOME_NAMES.get(envelope.routing.outcome, "")
    leg = uow.serving_legs.get(leg_of(envelope))
    if leg is None:
        leg = _tombstone(envelope, uow)
    leg.require_same_request(envelope.routing.in_reply_to, envelope.routing.request_digest, "Withdraw")
    said = leg.withdraw(reason, uow.now_us)
    if "Withdrawn" in said:
        leg.reason_code = envelope.routing.reason_code
        _answer(leg, final_envelope(leg, uow), uow)
        uow.record(LegWithdrawn(leg.leg_id, reason))
    else:
        _say_again(leg, said, uow)


def begin_outside_effect(command: BeginOutsideEffect, uow: ServingUnitOfWork) -> None:
    """The leg passes its point of no return. Raises ServingLegNotFound; UnnamedTransition when it was withdrawn
    before."""
    leg = _leg(command.leg_id, uow)
    leg.begin_outside_effect(uow.now_us)
    uow.serving_legs.save(leg)


def finish_leg(command: FinishLeg, uow: ServingUnitOfWork) -> LegAnswered:
    """Long work is done. Raises ServingLegNotFound; UnnamedTransition when the leg has ended already."""
    leg = _leg(command.leg_id, uow)
    leg.finish("done", uow.now_us)
    _answer(leg, final_of_bytes(leg, uow, command.body, command.private), uow)
    return LegAnswered(leg.leg_id, leg.state)


def refuse_leg(command: RefuseLeg, uow: ServingUnitOfWork) -> LegAnswered:
    """Long work is certainly not done. Raises as finish_leg does; ReasonCodeUnfit for a code that no header may
    carry."""
    if not REASON_CODE_PATTERN.fullmatch(command.reason_code):
        raise ReasonCodeUnfit(given=command.reason_code[:REASON_CODE_CHARACTERS_MAX], most=REASON_CODE_CHARACTERS_MAX)
    leg = _leg(command.leg_id, uow)
    leg.finish("refused", uow.now_us)
    leg.reason_code = command.reason_code
    _answer(leg, final_envelope(leg, uow), uow)
    return LegAnswered(leg.leg_id, leg.state, leg.reason_code)


def carry_out(envelope: Envelope, uow: ServingUnitOfWork) -> Answer | None:
    """The answer of the kind's handler; None when it has only begun. Raises the Refusal of the rule that said no."""
    kind = uow.node.kinds.served(envelope.routing.message_type)
    if kind is None or kind.serve is None:
        raise Unsupported(kind=envelope.routing.message_type)
    event = kind.serve.handle(kind.serve.to_command(_asked(kind, envelope, uow)), uow)
    return None if event is WORKING else kind.serve.answer(event)


def _require_young(incoming: Incoming, uow: ServingUnitOfWork) -> None:
    """What was admitted so long ago that a repetition of it might be known no more. Raises RequestTooOld."""
    stamp = incoming.stamp
    if stamp is not None and stamp.admitted_at_us < uow.now_us - uow.node.limits.message_lifetime_ms * 1000:
        raise RequestTooOld(days=uow.node.limits.message_lifetime_ms // 86_400_000)


def _asked(kind: RequestKind, envelope: Envelope, uow: ServingUnitOfWork) -> Asked:
    private = b""
    if envelope.private_body:
        try:
            private = uow.node.decrypt(envelope)
        except PrivateBodyUnreadable as error:
            raise PrivateRequestUnreadable(reason=error.code) from error
    body, private_message = kind.decode_request(envelope.body, private)
    return Asked(body, private_message, envelope)


def _new_leg(envelope: Envelope, received_at_us: int) -> ServingLeg:
    routing = envelope.routing
    return ServingLeg(
        leg_of(envelope),
        routing.source,
        message_id=routing.message_id,
        request_digest=envelope.digest,
        kind=routing.message_type,
        received_at_us=received_at_us,
    )


def _tombstone(withdraw: Envelope, uow: ServingUnitOfWork) -> ServingLeg:
    """A leg that is withdrawn before its request has taken effect here: known by what the Withdraw says of it."""
    routing = withdraw.routing
    return ServingLeg(
        leg_of(withdraw),
        routing.reply_to,
        message_id=routing.in_reply_to,
        request_digest=routing.request_digest,
        kind=routing.message_type,
        received_at_us=uow.now_us,
    )


def _refuse(leg: ServingLeg, reason_code: str, uow: ServingUnitOfWork) -> None:
    leg.take_request("refused", uow.now_us)
    leg.reason_code = reason_code
    _answer(leg, final_envelope(leg, uow), uow)


def _answer(leg: ServingLeg, envelope: Envelope, uow: ServingUnitOfWork) -> None:
    """Records the answer with the leg, so that the same bytes can be given again, and says it."""
    leg.answer = stored_answer(envelope)
    uow.serving_legs.save(leg)
    _send(envelope, leg, uow)
    named = (leg.leg_id, leg.source, uow.node.kinds.message_class_of(leg.kind), leg.kind, leg.state, leg.reason_code)
    uow.record(LegFinished(HOME, *named, ((WHOLE, leg.received_at_us, leg.ended_at_us),)))


def _say_again(leg: ServingLeg, said: tuple[str, ...], uow: ServingUnitOfWork) -> None:
    if said:
        _send(stored_envelope(leg.answer), leg, uow)


def _send(envelope: Envelope, leg: ServingLeg, uow: ServingUnitOfWork) -> None:
    uow.send_to_hub(envelope, leg.leg_id, waits_for_credit=False)


def _leg(leg_id: bytes, uow: ServingUnitOfWork) -> ServingLeg:
    leg = uow.serving_legs.get(leg_id)
    if leg is None:
        raise ServingLegNotFound(leg=format_leg(leg_id))
    return leg


def _envelope_of(incoming: Incoming) -> Envelope:
    assert incoming.envelope is not None, "only messages come here"
    return incoming.envelope


class Unsupported(Refusal):
    """This node does not serve this kind of request."""

    code = UNSUPPORTED
    en = "This node does not serve requests of the kind {kind}."
    zh = "本节点不支持 {kind} 类型的业务请求。"


class ReasonCodeUnfit(Refusal):
    """The answer would be refused wherever it arrives: its reason is not written as reason codes are."""

    en = "{given!r} is no reason code. Use 1 to {most} capital letters, digits and underscores."
    zh = "{given!r} 不是有效的原因代码，请使用 1 至 {most} 个大写字母、数字或下划线。"


class RequestTooOld(Refusal):
    """The request was admitted longer ago than messages live."""

    en = "The request was admitted more than {days} days ago, which is longer than messages live."
    zh = "该请求受理已超过 {days} 天，超出报文的最长有效期。"


class PrivateRequestUnreadable(Refusal):
    """The request's private body cannot be opened here."""

    en = "The private part of the request cannot be opened: {reason}."
    zh = "无法打开请求中的加密部分：{reason}。"

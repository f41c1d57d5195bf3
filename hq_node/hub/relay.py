"""The hub's work on one message: admit, stamp, decide, forward. Read `relay` top to bottom.

The hub reads headers alone. What it forwards are the origin's bytes, untouched, with the proof of their origin and
its own stamp. That a request is sealed for home and that its leg becomes `forwarded` is one transaction (gate.py).
"""

from __future__ import annotations

from typing import Any

from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.gen.quanwang.federation.v1 import seal_pb2
from common.ids import HQ
from common.live.events import ANSWER, HUB, QUEUE, WHOLE, LegBegan, LegFinished
from common.messaging.envelope import Envelope
from common.messaging.inbox import leg_of, origin_of
from common.messaging.incoming import Incoming
from common.requests.envelopes import OUTCOME_NAMES
from common.state_table import UnnamedTransition
from hq_node.hub.admission import known_class, refusal_of
from hq_node.hub.leg_states import CANCELLED, EXPIRED, HOME, HUB_LEG, ORIGIN
from hq_node.hub.model import Facts, HubLeg
from hq_node.hub.statements import (
    final_envelope,
    overdue_envelope,
    relay_stamp,
    withdraw_envelope,
)

LEGS_DUE_A_GROUP_MAX = 512


def relay(incoming: Incoming, uow: Any) -> None:
    """One message that a province (or HQ itself) said, to wherever it must go."""
    envelope = incoming.envelope
    assert envelope is not None, "only messages come here"
    leg = uow.hub_legs.get(leg_of(envelope)) or _new_leg(envelope)
    phase = envelope.routing.phase
    if phase == pb.PHASE_REQUEST:
        _take_request(leg, incoming, envelope, uow)
    elif phase == pb.PHASE_CANCEL:
        _take_cancel(leg, envelope, uow)
    elif phase in (pb.PHASE_INTERIM, pb.PHASE_FINAL):
        _take_answer(leg, incoming, envelope, uow)
    else:
        raise UnnamedTransition(table=HUB_LEG.name, state=leg.state, event=f"phase {phase}", by=incoming.peer)


def refuse_request(incoming: Incoming, reason_code: str, uow: Any) -> None:
    """A request that cannot even be judged (its processing failed for good): rejected, so that the origin has its
    end."""
    envelope = incoming.envelope
    assert envelope is not None
    if uow.hub_legs.get(leg_of(envelope)) is None:
        leg = _new_leg(envelope)
        leg.take_request(Facts(refusal=reason_code), uow.moment_us)
        _end_at_origin(leg, uow)
        uow.hub_legs.save(leg)


def pass_time_limits(uow: Any) -> int:
    """Ends or withdraws what has passed its time limit. Returns how many legs were looked at."""
    due = uow.hub_legs.due(uow.now_us, LEGS_DUE_A_GROUP_MAX)
    for leg in due:
        row = leg.pass_time_limit(uow.moment_us)
        if "Withdraw(expired) -> home" in row.emits:
            uow.send(leg.home, withdraw_envelope(leg, uow), leg.leg_id)
        if "Overdue -> origin" in row.emits:
            uow.send(leg.origin, overdue_envelope(leg, uow), leg.leg_id)
        if "Final(expired) -> origin" in row.emits:
            _end_at_origin(leg, uow)
        uow.hub_legs.save(leg)
    return len(due)


def end_legs_of_lost_home(home: str, uow: Any) -> int:
    """Ends legs that a revoked home will never answer. Returns how many; there may be more."""
    legs = uow.hub_legs.forwarded_to(home, LEGS_DUE_A_GROUP_MAX)
    for leg in legs:
        leg.force_end(Facts(home_revoked=True), uow.moment_us)
        _end_at_origin(leg, uow)
        uow.hub_legs.save(leg)
    return len(legs)


def _take_request(leg: HubLeg, incoming: Incoming, envelope: Envelope, uow: Any) -> None:
    _require_party(leg, envelope, ORIGIN, incoming.peer, "Request")
    refusal = refusal_of(incoming, envelope, uow) if not leg.admitted_at_us else ""
    row = leg.take_request(Facts(refusal=refusal, request_digest=envelope.digest), uow.moment_us)
    if "Stamp -> origin" in row.emits:
        _admit(leg, envelope.routing.time_to_live_ms, uow.heard_us(incoming), uow)
        uow.stamp(leg.origin, leg.leg_id, leg)
        uow.forward_request(leg.home, envelope, incoming, leg.leg_id)
    elif "Final(rejected) -> origin" in row.emits:
        leg.admitted_at_us = uow.moment_us
        _end_at_origin(leg, uow)
    else:
        _say_again(leg, uow)
        return
    uow.hub_legs.save(leg)


def _take_cancel(leg: HubLeg, envelope: Envelope, uow: Any) -> None:
    _require_party(leg, envelope, ORIGIN, envelope.routing.source, "Cancel")
    row = leg.take_cancel(Facts(outcome=CANCELLED, request_digest=envelope.routing.request_digest), uow.moment_us)
    if "Withdraw(cancelled) -> home" in row.emits:
        uow.send(leg.home, withdraw_envelope(leg, uow), leg.leg_id)
    elif "Final(cancelled) -> origin" in row.emits:
        _end_at_origin(leg, uow)
    elif "stored Final -> origin" in row.emits:
        _say_again(leg, uow)
        return
    uow.hub_legs.save(leg)


def _take_answer(leg: HubLeg, incoming: Incoming, envelope: Envelope, uow: Any) -> None:
    event, outcome = _event_of(envelope)
    _require_party(leg, envelope, HOME, envelope.routing.source, event)
    if envelope.routing.in_reply_to != leg.message_id or envelope.routing.request_digest != leg.request_digest:
        raise UnnamedTransition(table=HUB_LEG.name, state=leg.state, event=f"{event} to another request", by=HOME)
    heard_us = uow.heard_us(incoming)
    row = leg.take_answer(event, Facts(outcome=outcome), heard_us)
    if not row.emits:
        return
    if event != "Interim":
        leg.reason_code = envelope.routing.reason_code
        leg.final_seal_number, leg.final_index = incoming.seal_number, incoming.index
        _tell_end(leg, uow)
    uow.relay_answer(
        leg.origin,
        envelope,
        incoming,
        leg.leg_id,
        relay_stamp(leg, envelope.digest, leg.answered_at_us or heard_us, uow),
    )
    uow.hub_legs.save(leg)


def _admit(leg: HubLeg, time_to_live_ms: int, heard_us: int, uow: Any) -> None:
    """Gives the leg its place in the hub's order, its business date, and its time."""
    if leg.origin != HQ:
        uow.admissions.take(leg.origin)
    leg.hub_position = uow.order.next_position()
    leg.business_date = uow.order.business_date
    leg.admitted_at_us = heard_us
    leg.expires_at_us = leg.due_at_us = uow.now_us + time_to_live_ms * 1000
    uow.record(LegBegan(HUB, leg.leg_id, leg.home, leg.message_class))


def _end_at_origin(leg: HubLeg, uow: Any) -> None:
    """Tells the origin of a leg that the hub ended itself; the same bytes are kept for saying it again."""
    envelope = final_envelope(leg, uow)
    leg.final = seal_pb2.Entry(header=envelope.header, body=envelope.body).SerializeToString()
    uow.send(leg.origin, envelope, leg.leg_id)
    _tell_end(leg, uow)


def _tell_end(leg: HubLeg, uow: Any) -> None:
    """For meters, history and traces."""
    steps = (
        (WHOLE, leg.admitted_at_us, leg.ended_at_us),
        (QUEUE, leg.admitted_at_us, leg.forwarded_at_us),
        (ANSWER, leg.forwarded_at_us, leg.answered_at_us),
    )
    named = (leg.leg_id, leg.home, leg.message_class, leg.kind, leg.state, leg.reason_code)
    uow.record(LegFinished(HUB, *named, steps))


def _say_again(leg: HubLeg, uow: Any) -> None:
    """The stored final once more, the same bytes."""
    if leg.final:
        uow.send_again(leg.origin, leg.final, leg.leg_id)
    else:
        uow.relay_again(leg.origin, leg.home, leg.final_seal_number, leg.final_index, leg.leg_id, leg)


def _event_of(envelope: Envelope) -> tuple[str, str]:
    """The event of table A1 that an answer is, and the outcome it states."""
    if envelope.routing.phase == pb.PHASE_INTERIM:
        return "Interim", ""
    outcome = OUTCOME_NAMES.get(envelope.routing.outcome, "")
    return ("Withdrawn" if outcome in (EXPIRED, CANCELLED) else "Final"), outcome


def _require_party(leg: HubLeg, envelope: Envelope, party: str, speaker: str, event: str) -> None:
    """Each transition is taken only from the party that the table names (G5)."""
    expected = leg.origin if party == ORIGIN else leg.home
    if speaker != expected or envelope.routing.source != expected:
        raise UnnamedTransition(table=HUB_LEG.name, state=leg.state, event=event, by=f"{speaker} (not the {party})")


def _new_leg(envelope: Envelope) -> HubLeg:
    routing = envelope.routing
    return HubLeg(
        leg_of(envelope),
        origin=origin_of(routing),
        home=routing.leg_destination,
        message_id=routing.message_id,
        request_digest=envelope.digest,
        kind=routing.message_type,
        message_class=known_class(routing.message_class),
    )

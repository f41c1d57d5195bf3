"""Legs as HQ had decided them, taken back from its own sealed words: never decided anew.

HQ's words on a leg stand in two journals, that for its origin and that for its home, and come back in any order. So
each word says of the leg what it witnesses, and nothing that is known already is changed by it: all words together make
the same leg, whichever comes first. What no word speaks of is decided when HQ serves, for the first time as far as
anybody can tell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.gen.quanwang.federation.v1 import seal_pb2
from common.ids import HQ, leg_id
from common.messaging.envelope import Envelope, is_withdraw, parse
from common.messaging.inbox import leg_of, origin_of
from common.messaging.incoming import Incoming
from common.messaging.outbox import outbox
from common.recovery.repository import received_request, settle_received, waiting_messages
from common.requests.envelopes import OUTCOME_NAMES, OVERDUE_REASON
from common.requests.handlers import take_stamp
from hq_node.hub.admission import known_class
from hq_node.hub.commands import SettleTakenBack, TakeBackWord, TakeForForwarded
from hq_node.hub.leg_states import ADMITTED, CANCELLED, EXPIRED, FORWARDED, NONE, REJECTED, TERMINAL
from hq_node.hub.model import HOME_LOST, HubLeg

SETTLED_A_GROUP_MAX = 256


def handlers() -> dict[type, Callable[[Any, Any], Any]]:
    """The handlers by command, for the dispatcher."""
    return {
        TakeBackWord: take_back_word,
        TakeForForwarded: take_for_forwarded,
        SettleTakenBack: settle_taken_back,
    }


def word_of(peer: str, entry: seal_pb2.Entry, origin_seals: dict[bytes, seal_pb2.SignedSeal]) -> TakeBackWord:
    """The command that takes back an entry of a batch that HQ sealed for `peer`."""
    seal = origin_seals.get(entry.origin.seal_hash) if entry.HasField("origin") else None
    number, first = 0, 0
    if seal is not None:
        parsed = seal_pb2.Seal.FromString(seal.seal)
        number, first = parsed.seal_number, parsed.first_sequence
    return TakeBackWord(peer, entry.SerializeToString(), number, max(0, entry.origin.sequence - first))


def take_back_word(command: TakeBackWord, uow: Any) -> bool:
    """What one word of HQ's says of a leg is known again. Whether there was such a leg to speak of."""
    entry = seal_pb2.Entry.FromString(command.entry)
    stamp = seal_pb2.Stamp.FromString(entry.stamp) if entry.stamp else None
    if stamp is not None:
        uow.order.witnessed(stamp.hub_position, stamp.business_date)
    if not entry.header:
        leg = None if stamp is None else _stamped_leg(stamp, command.peer, uow)
        if leg is None:
            return False
    else:
        envelope = parse(entry.header, entry.body, entry.private_body)
        leg = _leg_of(envelope, uow)
        _take_envelope(leg, envelope, stamp, command, uow)
    if stamp is not None:
        _take_stamp(leg, stamp, uow)
    uow.hub_legs.save(leg)
    return True


def settle_taken_back(command: SettleTakenBack, uow: Any) -> tuple[str, bytes] | None:
    """Messages that waited for the recovery, and whose outcome was taken back, are through: so many at a time, those
    behind a key. Returns the key of the last that was looked at; None: there are no more."""
    rows = waiting_messages(uow, command.after, SETTLED_A_GROUP_MAX)
    for row in rows:
        envelope = received_request(uow, row.source, row.message_id)
        if envelope is not None and row.source != HQ and _is_through(envelope, row, uow):
            settle_received(uow, row.source, row.message_id)
    return (rows[-1].source, rows[-1].message_id) if rows else None


def take_for_forwarded(command: TakeForForwarded, uow: Any) -> int:
    """What was admitted for a home that gives nothing back may have been sealed for it, and carried out: it is ended by
    home's answer alone, or by force. How many legs; there may be more."""
    legs = uow.hub_legs.of_home(command.home, ADMITTED, SETTLED_A_GROUP_MAX)
    for leg in legs:
        leg.seal(uow.moment_us)
        uow.hub_legs.save(leg)
    return len(legs)


def _is_through(envelope: Envelope, row: Any, uow: Any) -> bool:
    """Whether HQ's words show that it had processed a message of a province. What it is told of answers is known from
    their being relayed; those that were not relayed are taken now, and change nothing where the leg has ended."""
    leg = uow.hub_legs.get(leg_of(envelope))
    if leg is None:
        return False
    if envelope.routing.phase == pb.PHASE_REQUEST:
        if leg.request_digest != envelope.digest or leg.message_id != envelope.routing.message_id:
            return False
        if leg.state == ADMITTED:
            _forward_again(leg, envelope, row, uow)
        return True
    if envelope.routing.phase == pb.PHASE_CANCEL:
        return leg.state in TERMINAL or bool(leg.withdraw)
    return False


def _forward_again(leg: HubLeg, envelope: Envelope, row: Any, uow: Any) -> None:
    """The request was admitted, and is in no seal for home: it waits to be sealed, as it did."""
    waits = sa.select(sa.func.count()).select_from(outbox).where(outbox.c.digest == envelope.digest)
    if not uow.query(waits.where(outbox.c.peer == leg.home)).scalar():
        incoming = Incoming(row.source, row.link, row.seal_number, row.entry_index, 0, envelope)
        uow.forward_request(leg.home, envelope, incoming, leg.leg_id)


def _leg_of(envelope: Envelope, uow: Any) -> HubLeg:
    """The leg that a word is about, as it is known so far."""
    known: HubLeg | None = uow.hub_legs.get(leg_of(envelope))
    if known is not None:
        return known
    routing = envelope.routing
    request: Envelope | None = envelope
    if routing.phase != pb.PHASE_REQUEST:
        request = received_request(uow, origin_of(routing), routing.in_reply_to)
    leg = HubLeg(leg_of(envelope), origin_of(routing), routing.leg_destination, kind=routing.message_type)
    if request is not None:
        _name_request(leg, request)
    else:
        leg.message_id, leg.request_digest = routing.in_reply_to, routing.request_digest
    return leg


def _stamped_leg(stamp: seal_pb2.Stamp, origin: str, uow: Any) -> HubLeg | None:
    """The leg of a stamp alone. Its request was received before; where it is not known any more, nor is the leg."""
    key = leg_id(stamp.request_id, origin, stamp.destination)
    known: HubLeg | None = uow.hub_legs.get(key)
    if known is not None:
        return known
    for row in waiting_messages(uow, None, 2, leg=key):
        request = received_request(uow, row.source, row.message_id)
        if request is not None and request.digest == stamp.message_digest:
            leg = HubLeg(key, origin, stamp.destination)
            _name_request(leg, request)
            return leg
    return None


def _name_request(leg: HubLeg, request: Envelope) -> None:
    routing = request.routing
    leg.message_id, leg.request_digest, leg.kind = routing.message_id, request.digest, routing.message_type
    leg.message_class = known_class(routing.message_class)


def _take_envelope(
    leg: HubLeg, envelope: Envelope, stamp: seal_pb2.Stamp | None, command: TakeBackWord, uow: Any
) -> None:
    routing = envelope.routing
    if routing.phase == pb.PHASE_REQUEST:
        _take_forwarded(leg, envelope, stamp, uow)
    elif is_withdraw(routing):
        _take_withdraw(leg, routing, uow)
    elif routing.source == HQ and routing.phase == pb.PHASE_FINAL:
        _take_own_end(leg, envelope)
    elif routing.source == HQ and routing.reason_code == OVERDUE_REASON:
        leg.overdue, leg.due_at_us = True, 0
    else:
        if routing.phase == pb.PHASE_FINAL and stamp is not None:
            _take_answer(leg, routing, stamp, command)
        settle_received(uow, routing.source, routing.message_id)


def _take_forwarded(leg: HubLeg, envelope: Envelope, stamp: seal_pb2.Stamp | None, uow: Any) -> None:
    """The request stands in a seal for home."""
    _name_request(leg, envelope)
    if stamp is not None:
        leg.forwarded_at_us = stamp.forwarded_at_us
        _set_limit(leg, stamp, envelope.routing.time_to_live_ms)
    if leg.state in (NONE, ADMITTED):
        leg.state = FORWARDED
    settle_received(uow, leg.origin, leg.message_id)
    if leg.origin == HQ and stamp is not None:
        take_stamp(stamp, uow)


def _take_withdraw(leg: HubLeg, routing: pb.Routing, uow: Any) -> None:
    leg.withdraw = leg.withdraw or OUTCOME_NAMES.get(routing.outcome, "")
    leg.withdrawn_at_us = leg.withdrawn_at_us or routing.created_at_us
    if leg.withdraw == EXPIRED:
        # The same transaction told the origin, which may be HQ itself, that the leg is overdue.
        leg.overdue, leg.due_at_us = True, 0
    if leg.origin == HQ:
        _tell_own_side(leg, routing.created_at_us, uow)


def _tell_own_side(leg: HubLeg, at_us: int, uow: Any) -> None:
    """What HQ as the hub had said to itself as the asking node stands in no journal; it follows from the Withdraw."""
    asked = uow.requests.leg(leg.leg_id)
    if asked is None or asked.ended_at_us:
        return
    if leg.withdraw == CANCELLED:
        asked.cancel_asked_at_us = asked.cancel_asked_at_us or at_us
    else:
        asked.note_overdue(at_us)
    uow.requests.save_leg(asked)


def _take_own_end(leg: HubLeg, envelope: Envelope) -> None:
    """HQ ended the leg itself; it has one end, and keeps the bytes by which it said so."""
    if leg.state in TERMINAL:
        return
    routing = envelope.routing
    leg.state, leg.reason_code = OUTCOME_NAMES.get(routing.outcome, REJECTED), routing.reason_code
    leg.ended_at_us, leg.due_at_us = routing.created_at_us, 0
    leg.final = seal_pb2.Entry(header=envelope.header, body=envelope.body).SerializeToString()
    if leg.state == REJECTED and leg.reason_code != HOME_LOST:
        # It was never admitted.
        leg.admitted_at_us = routing.created_at_us


def _take_answer(leg: HubLeg, routing: pb.Routing, stamp: seal_pb2.Stamp, command: TakeBackWord) -> None:
    """Home's answer was relayed: the end of the leg. Its bytes are in the journal in which home said it."""
    if leg.state in TERMINAL:
        return
    leg.state, leg.reason_code = OUTCOME_NAMES.get(routing.outcome, REJECTED), routing.reason_code
    leg.answered_at_us = leg.ended_at_us = stamp.answered_at_us
    leg.final_seal_number, leg.final_index, leg.due_at_us = command.origin_seal_number, command.origin_index, 0


def _take_stamp(leg: HubLeg, stamp: seal_pb2.Stamp, uow: Any) -> None:
    """The leg was admitted: its place in the hub's order, its business date, its moments."""
    leg.hub_position, leg.business_date = stamp.hub_position, stamp.business_date
    leg.admitted_at_us = stamp.admitted_at_us
    leg.forwarded_at_us = leg.forwarded_at_us or stamp.forwarded_at_us
    if not leg.expires_at_us:
        request = received_request(uow, leg.origin, leg.message_id)
        if request is not None:
            _set_limit(leg, stamp, request.routing.time_to_live_ms)
    if leg.state == NONE:
        leg.state = ADMITTED


def _set_limit(leg: HubLeg, stamp: seal_pb2.Stamp, time_to_live_ms: int) -> None:
    """The time limit counts from admission."""
    if not leg.expires_at_us:
        leg.expires_at_us = stamp.admitted_at_us + time_to_live_ms * 1000
        if leg.state not in TERMINAL and not leg.overdue:
            leg.due_at_us = leg.expires_at_us

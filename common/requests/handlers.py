"""Asking: submit, cancel, and take what comes back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Protocol

from common.access_control.actor import Actor, ActorKind
from common.dictionaries.declared import CHANNEL
from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.gen.quanwang.federation.v1 import seal_pb2
from common.ids import HQ, IdSource, format_id, leg_id
from common.live.events import ANSWER, ORIGIN, QUEUE, WHOLE, LegBegan, LegFinished
from common.messaging.envelope import Envelope
from common.messaging.inbox import leg_of
from common.messaging.incoming import Incoming
from common.node_context import NodeContext
from common.operators.reach import reaches_record
from common.requests.commands import CancelServiceRequest, SubmitServiceRequest
from common.requests.envelopes import (
    AUTHENTICATIONS,
    OUTCOME_NAMES,
    OVERDUE_REASON,
    cancel_envelope,
    request_envelope,
    stored_answer,
)
from common.requests.events import CancelAsked, LegEnded, RequestSubmitted
from common.requests.leg_states import OPEN
from common.requests.model import (
    AnswerNotBound,
    AskedLeg,
    DestinationsAndRegion,
    IdempotencyKeyReused,
    NoDestination,
    NotAskedThere,
    QueueFull,
    RegionEmpty,
    RequestAlreadyEnded,
    RequestNotFound,
    ServiceRequest,
    TimeToLiveTooLong,
    TooManyDestinations,
    UnknownAuthentication,
    UnknownDestination,
    UnknownRegion,
    require_interaction,
)
from common.requests.permissions import CANCEL


class Requests(Protocol):
    """The service requests of this node, and their legs."""

    def add(self, request: ServiceRequest) -> None: ...

    def get(self, request_id: bytes) -> ServiceRequest | None: ...

    def by_idempotency_key(self, key: str) -> ServiceRequest | None: ...

    def leg(self, leg_id: bytes) -> AskedLeg | None: ...

    def legs_of(self, request_id: bytes) -> list[AskedLeg]: ...

    def add_leg(self, leg: AskedLeg) -> None: ...

    def save_leg(self, leg: AskedLeg) -> None: ...


class AskingUnitOfWork(Protocol):
    """What asking needs of the unit of work."""

    node: NodeContext
    actor: Actor
    requests: Requests
    ids: IdSource
    now_us: int

    def send_to_hub(self, envelope: Envelope, leg_id: bytes, *, waits_for_credit: bool) -> None: ...

    def waiting_for_hub(self) -> tuple[int, int]: ...

    def record(self, event: Any) -> None: ...


def submit_service_request(command: SubmitServiceRequest, uow: AskingUnitOfWork) -> RequestSubmitted:
    """Stores a request with one leg for each destination and sends it on its way. Raises a Refusal where it cannot
    be."""
    digest = _content_digest(command)
    if command.idempotency_key:
        earlier = uow.requests.by_idempotency_key(command.idempotency_key)
        if earlier is not None:
            return _first_answer_again(earlier, digest, uow)
    kind = uow.node.kinds.asked_as(command.kind, by_node=uow.actor.kind is ActorKind.SYSTEM)
    if command.acting.customer_authentication not in AUTHENTICATIONS:
        raise UnknownAuthentication(given=command.acting.customer_authentication, known=", ".join(AUTHENTICATIONS))
    require_interaction(command.acting.interaction)
    if command.acting.channel:
        uow.node.dictionaries.require(CHANNEL.name, command.acting.channel, uow.now_us)
    destinations = _destinations(command, uow)
    time_to_live_ms = _time_to_live_ms(command, uow)
    _require_room(uow)
    request_id = uow.ids.new()
    uow.requests.add(_request(command, kind.name, request_id, len(destinations), time_to_live_ms, digest, uow))
    for destination in destinations:
        leg = AskedLeg.new(request_id, uow.node.node, destination)
        envelope = request_envelope(command, leg, kind, time_to_live_ms, uow)
        leg.submit(envelope.routing.message_id, envelope.digest, uow.now_us)
        uow.requests.add_leg(leg)
        uow.record(LegBegan(ORIGIN, leg.leg_id, destination, kind.message_class))
        uow.send_to_hub(envelope, leg.leg_id, waits_for_credit=True)
    return RequestSubmitted(request_id, destinations)


def cancel_service_request(command: CancelServiceRequest, uow: AskingUnitOfWork) -> CancelAsked:
    """Asks the hub to cancel the open legs of a request. Raises RequestNotFound (also of one that the actor does not
    reach), NotAskedThere, RequestAlreadyEnded."""
    request = uow.requests.get(command.request_id)
    if request is None or not reaches_record(uow, CANCEL, request.organisation, request.operator):
        raise RequestNotFound(request_id=format_id(command.request_id))
    all_legs = uow.requests.legs_of(command.request_id)
    legs = [leg for leg in all_legs if command.destination in ("", leg.destination)]
    if not legs:
        asked = ", ".join(leg.destination for leg in all_legs)
        raise NotAskedThere(request_id=format_id(command.request_id), destination=command.destination, asked=asked)
    open_legs = [leg for leg in legs if leg.state in OPEN]
    if not open_legs:
        raise RequestAlreadyEnded(request_id=format_id(command.request_id))
    for leg in open_legs:
        if leg.ask_cancel(uow.now_us):
            uow.requests.save_leg(leg)
            # Behind the request, should that one still wait for credit: a Cancel must not overtake it (G3).
            uow.send_to_hub(cancel_envelope(leg, uow), leg.leg_id, waits_for_credit=True)
    return CancelAsked(command.request_id, tuple(leg.destination for leg in open_legs))


def take_stamp(stamp: seal_pb2.Stamp, uow: AskingUnitOfWork) -> None:
    """The hub's word on a request of ours: noted, whatever state the leg is in by now."""
    leg = uow.requests.leg(leg_id(stamp.request_id, uow.node.node, stamp.destination))
    if leg is None or leg.request_digest != stamp.message_digest:
        raise AnswerNotBound(detail="a stamp on a message that this node did not send")
    _note_stamp(leg, stamp, uow)
    uow.requests.save_leg(leg)


def take_answer(incoming: Incoming, uow: AskingUnitOfWork) -> None:
    """An interim or a final for a leg of ours."""
    envelope = incoming.envelope
    assert envelope is not None
    leg = uow.requests.leg(leg_of(envelope))
    if leg is None:
        raise AnswerNotBound(detail="no such leg at this node")
    _require_bound(envelope, leg)
    if incoming.stamp is not None:
        _note_stamp(leg, incoming.stamp, uow)
        if envelope.routing.phase == pb.PHASE_FINAL:
            leg.hub_answered_at_us = incoming.stamp.answered_at_us or leg.hub_answered_at_us
    if envelope.routing.phase == pb.PHASE_INTERIM:
        _take_interim(envelope, leg, uow)
    else:
        _take_final(envelope, leg, uow)
    uow.requests.save_leg(leg)


def _take_interim(envelope: Envelope, leg: AskedLeg, uow: AskingUnitOfWork) -> None:
    if envelope.routing.reason_code == OVERDUE_REASON:
        leg.note_overdue(uow.now_us)
    else:
        leg.note_interim(uow.now_us)


def _take_final(envelope: Envelope, leg: AskedLeg, uow: AskingUnitOfWork) -> None:
    routing = envelope.routing
    outcome = OUTCOME_NAMES.get(routing.outcome, "")
    if not outcome:
        raise AnswerNotBound(detail="a final without an outcome")
    if not leg.end(outcome, routing.reason_code, uow.now_us):
        return
    if routing.source == leg.destination:
        leg.home_received_at_us, leg.home_answered_at_us = routing.received_at_us, routing.created_at_us
    leg.answer = stored_answer(envelope)
    uow.record(LegEnded(leg.request_id, leg.destination, outcome, routing.reason_code))
    uow.record(_finished(leg, routing.message_type, uow))


def _finished(leg: AskedLeg, kind_name: str, uow: AskingUnitOfWork) -> LegFinished:
    message_class = uow.node.kinds.message_class_of(kind_name)
    named = (leg.leg_id, leg.destination, message_class, kind_name, leg.state, leg.reason_code)
    steps = (
        (WHOLE, leg.submitted_at_us, leg.ended_at_us),
        (QUEUE, leg.submitted_at_us, leg.sealed_at_us),
        (ANSWER, leg.sealed_at_us, leg.ended_at_us),
    )
    return LegFinished(ORIGIN, *named, steps)


def _require_bound(envelope: Envelope, leg: AskedLeg) -> None:
    """An answer is bound to the exact request it answers, and comes from the home of the leg; the hub may only end a
    leg without effect, or say that it is late."""
    routing = envelope.routing
    if routing.in_reply_to != leg.message_id or routing.request_digest != leg.request_digest:
        raise AnswerNotBound(detail="it answers another message")
    if routing.source == leg.destination:
        return
    if routing.source != HQ:
        raise AnswerNotBound(detail="it comes from a node that was not asked")
    if routing.outcome == pb.OUTCOME_COMPLETED or routing.phase not in (pb.PHASE_INTERIM, pb.PHASE_FINAL):
        raise AnswerNotBound(detail="the hub cannot answer in place of the home province")


def _note_stamp(leg: AskedLeg, stamp: seal_pb2.Stamp, uow: AskingUnitOfWork) -> None:
    leg.stamped_at_us = leg.stamped_at_us or uow.now_us
    leg.hub_position = leg.hub_position or stamp.hub_position
    leg.business_date = leg.business_date or stamp.business_date
    leg.hub_admitted_at_us = leg.hub_admitted_at_us or stamp.admitted_at_us
    leg.hub_forwarded_at_us = stamp.forwarded_at_us or leg.hub_forwarded_at_us


def _first_answer_again(earlier: ServiceRequest, digest: bytes, uow: AskingUnitOfWork) -> RequestSubmitted:
    if earlier.content_digest != digest:
        raise IdempotencyKeyReused(key=earlier.idempotency_key, request_id=format_id(earlier.request_id))
    legs = uow.requests.legs_of(earlier.request_id)
    return RequestSubmitted(earlier.request_id, tuple(leg.destination for leg in legs), repeated=True)


def _destinations(command: SubmitServiceRequest, uow: AskingUnitOfWork) -> tuple[str, ...]:
    """The nodes to ask, each once: those named, or those of the region by the current directory."""
    directory = uow.node.directory
    if command.region and command.destinations:
        raise DestinationsAndRegion()
    if command.region:
        members = directory.region(command.region)
        if members is None:
            raise UnknownRegion(
                region=command.region, version=directory.version, known=", ".join(directory.region_names)
            )
        active = [member for member in members if member in directory.active_provinces()]
        named = directory.region_lists.get(command.region, members)
        if not active:
            raise RegionEmpty(region=command.region, version=directory.version, members=", ".join(named) or "-")
        return _checked(active, uow)
    for destination in command.destinations:
        if destination not in directory.active_provinces():
            known = ", ".join(sorted(directory.active_provinces())) or "-"
            raise UnknownDestination(destination=destination, version=directory.version, known=known)
    return _checked(command.destinations, uow)


def _checked(named: Sequence[str], uow: AskingUnitOfWork) -> tuple[str, ...]:
    destinations = tuple(dict.fromkeys(named))
    if not destinations:
        raise NoDestination()
    if len(destinations) > uow.node.limits.destinations_max:
        raise TooManyDestinations(most=uow.node.limits.destinations_max, count=len(destinations))
    return destinations


def _time_to_live_ms(command: SubmitServiceRequest, uow: AskingUnitOfWork) -> int:
    limits = uow.node.limits
    given = command.time_to_live_ms or limits.time_to_live_ms_default
    if not 1 <= given <= limits.time_to_live_ms_max:
        raise TimeToLiveTooLong(most=limits.time_to_live_ms_max, given=given)
    return given


def _require_room(uow: AskingUnitOfWork) -> None:
    count, size = uow.waiting_for_hub()
    limits = uow.node.limits
    if count >= limits.waiting_entries_max or size >= limits.waiting_bytes_max:
        raise QueueFull(count=count)


def _request(
    command: SubmitServiceRequest,
    kind: str,
    request_id: bytes,
    legs: int,
    time_to_live_ms: int,
    digest: bytes,
    uow: AskingUnitOfWork,
) -> ServiceRequest:
    acting = command.acting
    return ServiceRequest(
        request_id,
        kind,
        uow.now_us,
        command.region,
        legs,
        time_to_live_ms,
        acting.operator,
        acting.organisation,
        acting.channel,
        acting.customer_authentication,
        command.idempotency_key or None,
        digest,
    )


def _content_digest(command: SubmitServiceRequest) -> bytes:
    """What must be the same for a repeated idempotency key to mean the same request."""
    destinations = ",".join(command.destinations)
    parts = (command.kind, destinations, command.region, str(command.time_to_live_ms))
    digest = hashlib.sha256("\x00".join(parts).encode())
    digest.update(hashlib.sha256(command.body).digest() + hashlib.sha256(command.private).digest())
    return digest.digest()

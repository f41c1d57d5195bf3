"""Taking back, carried out: each step is safe to repeat, so a recovery that was interrupted goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from common.gen.quanwang.federation.v1 import seal_pb2 as pb
from common.ids import leg_id
from common.messaging.envelope import header_digest, parse
from common.messaging.intake import SequenceGap
from common.messaging.links import JOURNAL, LINKS, JournalRow, link_of, new_link
from common.messaging.seal import seal_hash
from common.recovery.commands import EndRecovery, TakeBackBatch, TakeBackCancel, TakeBackRequest
from common.recovery.repository import drop_said, release_waiting
from common.requests.leg_states import OPEN
from common.requests.model import AskedLeg, ServiceRequest

UNKNOWN_CONTENT = bytes(32)
"""The digest of a request's content that only the forgotten part of the database had. No content has it: whoever
repeats the request under its idempotency key is told that the key was used, and for which request."""

_AUTHENTICATION_PREFIX = "CUSTOMER_AUTHENTICATION_"


def handlers() -> dict[type, Callable[[Any, Any], Any]]:
    """The handlers by command, for the dispatcher."""
    return {
        TakeBackBatch: take_back_batch,
        TakeBackRequest: take_back_request,
        TakeBackCancel: take_back_cancel,
        EndRecovery: end_recovery,
    }


def take_back_batch(command: TakeBackBatch, uow: Any) -> bool:
    """An own batch goes into the journal and the cursors behind it. Whether it was missing. Raises SequenceGap."""
    batch = pb.SealedBatch.FromString(command.batch)
    seal = pb.Seal.FromString(batch.seal.seal)
    link = link_of(uow, command.peer)
    if link is None:
        link = new_link(command.peer, seal.incarnation)
        uow.rows(LINKS).insert(link)
    if seal.seal_number <= link.sealed_seal_number:
        return False
    if seal.seal_number != link.sealed_seal_number + 1 or seal.previous_hash != link.sealed_hash:
        raise SequenceGap(link=seal.link, got=seal.seal_number, expected=link.sealed_seal_number)
    uow.rows(JOURNAL).insert(
        JournalRow(seal.link, seal.seal_number, seal.first_sequence, seal.count, uow.now_us, command.batch)
    )
    last = seal.first_sequence + seal.count - 1
    uow.rows(LINKS).update(
        link._replace(
            epoch=max(link.epoch, seal.epoch),
            sealed_seal_number=seal.seal_number,
            sealed_sequence=last,
            sealed_hash=seal_hash(batch.seal),
            # It is the peer who gave it back.
            acked_seal_number=max(link.acked_seal_number, seal.seal_number),
            acked_sequence=max(link.acked_sequence, last),
        )
    )
    drop_said(uow, command.peer, {header_digest(entry.header) for entry in batch.entries if entry.header})
    return True


def take_back_request(command: TakeBackRequest, uow: Any) -> bool:
    """A request and its leg are known again, as they were submitted. Whether they were not."""
    envelope = parse(command.header, command.body, command.private_body)
    routing = envelope.routing
    leg = AskedLeg.new(routing.request_id, uow.node.node, routing.leg_destination)
    if uow.requests.leg(leg.leg_id) is not None:
        uow.requests.note_sealed(leg.leg_id, command.sealed_at_us)
        return False
    if not uow.requests.count_leg(routing.request_id):
        uow.requests.add(_request(routing))
    leg.submit(routing.message_id, envelope.digest, routing.created_at_us)
    leg.sealed_at_us = command.sealed_at_us
    uow.requests.add_leg(leg)
    return True


def take_back_cancel(command: TakeBackCancel, uow: Any) -> bool:
    """That a leg's cancellation was asked for is known again. Whether it was not."""
    routing = parse(command.header, b"", b"").routing
    leg = uow.requests.leg(leg_id(routing.request_id, uow.node.node, routing.leg_destination))
    if leg is None or leg.state not in OPEN or leg.cancel_asked_at_us:
        return False
    leg.cancel_asked_at_us = routing.created_at_us
    uow.requests.save_leg(leg)
    return True


def end_recovery(_command: EndRecovery, uow: Any) -> int:
    """Messages without a recorded outcome are processed from now on. How many there are."""
    return release_waiting(uow)


def _request(routing: Any) -> ServiceRequest:
    actor = routing.actor
    authentication = actor.DESCRIPTOR.fields_by_name["customer_authentication"].enum_type.values_by_number
    named = authentication.get(actor.customer_authentication)
    return ServiceRequest(
        routing.request_id,
        routing.message_type,
        routing.created_at_us,
        routing.region,
        1,
        routing.time_to_live_ms,
        actor.operator,
        actor.organisation,
        actor.channel,
        named.name.removeprefix(_AUTHENTICATION_PREFIX) if named is not None else "",
        routing.idempotency_key or None,
        UNKNOWN_CONTENT,
    )

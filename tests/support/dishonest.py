"""What a dishonest node says: any envelope, and entries as a dishonest hub puts them together."""

from __future__ import annotations

from itertools import count
from typing import Any

from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.gen.quanwang.federation.v1 import seal_pb2
from common.gen.quanwang.subscriptions.v1 import subscriptions_pb2
from common.ids import HQ, leg_id, link_name, split_leg_id
from common.messaging.envelope import Envelope, build
from common.messaging.inbox import leg_of
from common.messaging.origin import entry_with_proof
from common.messaging.outbox import Outgoing
from tests.support.federation import GUANGDONG, SHANGHAI, SUBSCRIPTION, Federation, outgoing_of

SUSPEND = "quanwang.subscriptions.v1.SuspendSubscription"

_numbers = count(1)


def new_id(kind: int = 0x71) -> bytes:
    """An identity that no other has."""
    return bytes([kind]) * 8 + next(_numbers).to_bytes(8, "big")


def message(
    phase: pb.Phase,
    source: str,
    destination: str,
    *,
    leg: bytes = b"",
    body: bytes = b"",
    private_body: bytes = b"",
    **fields: Any,
) -> Envelope:
    """An envelope for a leg (b"": a new request at `destination`), with whatever else it should say."""
    leg = leg or leg_id(new_id(0x72), source, destination)
    routing = pb.Routing(
        message_id=new_id(),
        source=source,
        destination=destination,
        request_id=split_leg_id(leg)[0],
        leg_destination=split_leg_id(leg)[2],
        phase=phase,
        message_class=pb.MESSAGE_CLASS_WORK_ORDER,
        message_type=SUSPEND,
        protocol_version=1,
    )
    routing.MergeFrom(pb.Routing(**fields))
    return build(routing, body, private_body)


def request(source: str = SHANGHAI, destination: str = GUANGDONG, **fields: Any) -> Envelope:
    """A request that an honest node could have made."""
    body = subscriptions_pb2.SuspendSubscriptionRequest(subscription_id=SUBSCRIPTION).SerializeToString()
    actor = pb.Actor(customer_authentication=pb.CUSTOMER_AUTHENTICATION_SERVICE_PASSWORD)
    defaults: dict[str, Any] = {"body": body, "actor": actor, "time_to_live_ms": 60_000}
    return message(pb.PHASE_REQUEST, source, destination, **(defaults | fields))


def answer(
    phase: pb.Phase, asked: Envelope | Any, source: str, destination: str, leg: bytes = b"", **fields: Any
) -> Envelope:
    """An answer (or Cancel, or Withdraw) bound to a request: an envelope, or a leg's row that knows it."""
    if isinstance(asked, Envelope):
        message_id, digest = asked.routing.message_id, asked.digest
        leg = leg or leg_of(asked)
    else:
        message_id, digest, leg = asked.message_id, asked.request_digest, leg or asked.leg_id
    defaults: dict[str, Any] = {"in_reply_to": message_id, "request_digest": digest}
    return message(phase, source, destination, leg=leg, **(defaults | fields))


def stamp(envelope: Envelope, federation: Federation, **fields: Any) -> bytes:
    """The stamp that an honest hub would put on a message; `fields` are what a dishonest one changes."""
    honest = seal_pb2.Stamp(
        request_id=envelope.routing.request_id,
        destination=envelope.routing.leg_destination,
        message_digest=envelope.digest,
        hub_position=1,
        business_date="2027-01-15",
        admitted_at_us=federation.clock.now_us(),
        verdict=seal_pb2.VERDICT_ADMITTED,
        directory_version=1,
    )
    honest.MergeFrom(seal_pb2.Stamp(**fields))
    return honest.SerializeToString()


def relayed(federation: Federation, envelope: Envelope, stamp_bytes: bytes | None = None, peer: str = "") -> Outgoing:
    """A message that a province really sealed for HQ, as a hub passes it on with the true proof of its origin.

    Where the province has not said it yet it says it now; what an honest hub makes of it does not matter.
    """
    link = link_name(envelope.routing.source, HQ)
    place = _place_of(federation, link, envelope)
    if place is None:
        federation.say(envelope.routing.source, HQ, envelope)
        place = _place_of(federation, link, envelope)
    assert place is not None
    entry, proof, origin_seal = entry_with_proof(federation.cores[HQ].connection, link, *place)
    entry.stamp = stamp(envelope, federation) if stamp_bytes is None else stamp_bytes
    entry.origin.CopyFrom(proof)
    outgoing = outgoing_of(peer or envelope.routing.destination, entry)
    outgoing.origin_seal = origin_seal
    return outgoing


def hub_entry(federation: Federation, envelope: Envelope, **stamp_fields: Any) -> seal_pb2.Entry:
    """An envelope of HQ's own, or one without any proof, with a stamp."""
    return seal_pb2.Entry(
        header=envelope.header,
        body=envelope.body,
        private_body=envelope.private_body,
        stamp=stamp(envelope, federation, **stamp_fields),
    )


def _place_of(federation: Federation, link: str, envelope: Envelope) -> tuple[int, int] | None:
    for number, batch in enumerate(federation.batches(HQ, link), start=1):
        for index, entry in enumerate(batch.entries):
            if entry.header == envelope.header:
                return number, index
    return None

"""What HQ does with a message: as the hub it relays; as an asking node it takes the answers to its own requests."""

from __future__ import annotations

from typing import Any

from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.ids import HQ
from common.messaging.inbox import leg_of
from common.messaging.incoming import Incoming
from common.requests.handlers import take_answer, take_stamp
from hq_node.hub.relay import refuse_request, relay


class HqMessageProcessor:
    """Brings each message to the hub, and what the hub says to HQ itself to the asking side."""

    def process(self, incoming: Incoming, uow: Any) -> None:
        envelope = incoming.envelope
        if envelope is None:
            assert incoming.stamp is not None, "an entry has an envelope or a stamp"
            take_stamp(incoming.stamp, uow)
        elif incoming.peer == HQ and envelope.routing.phase in (pb.PHASE_INTERIM, pb.PHASE_FINAL):
            take_answer(incoming, uow)
        else:
            relay(incoming, uow)

    def repeat(self, incoming: Incoming, uow: Any) -> None:
        """Only a leg that has ended has a stored answer; before that there is nothing to say."""
        envelope = incoming.envelope
        if envelope is None or envelope.routing.phase not in (pb.PHASE_REQUEST, pb.PHASE_CANCEL):
            return
        leg = uow.hub_legs.get(leg_of(envelope))
        if leg is not None and leg.ended_at_us:
            relay(incoming, uow)

    def refuse(self, incoming: Incoming, reason_code: str, uow: Any) -> None:
        """A request of the province that said it; nobody else is answered for what they may never have asked."""
        envelope = incoming.envelope
        if (
            envelope is not None
            and envelope.routing.phase == pb.PHASE_REQUEST
            and envelope.routing.source == incoming.peer
        ):
            refuse_request(incoming, reason_code, uow)

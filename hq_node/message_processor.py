"""What HQ does with a message: as the hub it relays; as an asking node it takes the answers to its own requests."""

from __future__ import annotations

from typing import Any

from common.errors import Fault
from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.ids import HQ
from common.messaging.inbox import leg_of
from common.messaging.incoming import Incoming
from common.recovery.model import RecoveryUnderWay
from common.requests.handlers import take_answer, take_stamp
from hq_node.hub.relay import refuse_request, relay


class NodeNotActive(Fault):
    """What a node said before it was shut out, and what was not processed until then. Judged again if it is resumed."""

    en = "Node {node} was shut out before this was processed."
    zh = "节点 {node} 在该报文处理之前已被停用。"


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
            _require_active(incoming, uow)
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


class RecoveringProcessor(HqMessageProcessor):
    """While HQ takes back what it forgot: all that provinces said waits until HQ's own word on it is found. Nothing is
    said."""

    def process(self, incoming: Incoming, uow: Any) -> None:
        raise RecoveryUnderWay

    def repeat(self, incoming: Incoming, uow: Any) -> None:
        """The stored answer was given then."""

    def refuse(self, incoming: Incoming, reason_code: str, uow: Any) -> None:
        """The refusal is among HQ's own words."""


def _require_active(incoming: Incoming, uow: Any) -> None:
    """A request of a node that is out is refused at its admission, by name; anything else it said is parked."""
    assert incoming.envelope is not None
    asked = incoming.envelope.routing.phase == pb.PHASE_REQUEST
    if not asked and incoming.peer != HQ and not uow.node.directory.is_active(incoming.peer):
        raise NodeNotActive(node=incoming.peer)

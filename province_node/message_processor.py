"""What a province does with a message: carries out requests, grants withdrawals, takes the answers to its own
requests."""

from __future__ import annotations

from typing import Any

from common.errors import Fault
from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.ids import HQ
from common.messaging.inbox import leg_of
from common.messaging.incoming import Incoming
from common.recovery.model import RecoveryUnderWay
from common.requests.handlers import take_answer, take_stamp
from province_node.serving.handlers import refuse_request, take_request, take_withdraw
from province_node.serving.leg_states import TERMINAL


class UnknownMessage(Fault):
    """A message in a phase that this node does not know, or from a party that may not say it: parked."""

    en = "This node knows no message of the phase {phase} from node {source}."
    zh = "本节点不识别来自节点 {source} 的 {phase} 阶段报文。"


class LegOfAnotherNode(Fault):
    """A request or a withdrawal that names another node's leg: nothing of it is this node's to decide."""

    en = "The message is about a leg of node {destination}, not of this one."
    zh = "该报文所指的分支属于节点 {destination}，而非本节点。"


class ProvinceMessageProcessor:
    """Brings each message to its handler, by phase."""

    def process(self, incoming: Incoming, uow: Any) -> None:
        envelope = incoming.envelope
        if envelope is None:
            assert incoming.stamp is not None, "an entry has an envelope or a stamp"
            take_stamp(incoming.stamp, uow)
            return
        routing = envelope.routing
        if routing.phase in (pb.PHASE_REQUEST, pb.PHASE_CANCEL) and routing.leg_destination != uow.node.node:
            raise LegOfAnotherNode(destination=routing.leg_destination)
        if routing.phase == pb.PHASE_REQUEST:
            take_request(incoming, uow)
        elif routing.phase == pb.PHASE_CANCEL and routing.source == HQ:
            take_withdraw(incoming, uow)
        elif routing.phase in (pb.PHASE_INTERIM, pb.PHASE_FINAL):
            take_answer(incoming, uow)
        else:
            raise UnknownMessage(phase=routing.phase, source=routing.source)

    def repeat(self, incoming: Incoming, uow: Any) -> None:
        """Only a leg that has ended has a stored answer; before that there is nothing to say."""
        envelope = incoming.envelope
        if envelope is None or envelope.routing.phase not in (pb.PHASE_REQUEST, pb.PHASE_CANCEL):
            return
        leg = uow.serving_legs.get(leg_of(envelope))
        if leg is not None and leg.state in TERMINAL:
            self.process(incoming, uow)

    def refuse(self, incoming: Incoming, reason_code: str, uow: Any) -> None:
        """A request for this province is answered with the refusal; everything else only parks."""
        envelope = incoming.envelope
        if (
            envelope is not None
            and envelope.routing.phase == pb.PHASE_REQUEST
            and envelope.routing.destination == envelope.routing.leg_destination == uow.node.node
        ):
            refuse_request(incoming, reason_code, uow)


class RecoveringProcessor(ProvinceMessageProcessor):
    """While the province takes back what it forgot: answers to its own requests are taken as ever; what others ask
    waits until the province's own answer is found. Nothing is said."""

    def process(self, incoming: Incoming, uow: Any) -> None:
        envelope = incoming.envelope
        if envelope is not None and envelope.routing.phase in (pb.PHASE_REQUEST, pb.PHASE_CANCEL):
            raise RecoveryUnderWay
        super().process(incoming, uow)

    def repeat(self, incoming: Incoming, uow: Any) -> None:
        """The stored answer was given then."""

    def refuse(self, incoming: Incoming, reason_code: str, uow: Any) -> None:
        """The refusal is among the province's own answers."""

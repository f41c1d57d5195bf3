"""Published parameters: protobuf to command, event to protobuf."""

from __future__ import annotations

from common.gen.quanwang.federation.v1 import envelope_pb2
from common.gen.quanwang.parameters.v1 import parameters_pb2 as pb
from common.ids import HQ
from common.parameters.network_wire import PUBLISH, PublicationNotPermitted, decode_values
from common.requests.registry import Answer, Asked, Serve, request_kind
from province_node.network_parameters.commands import TakeNetworkParameters
from province_node.network_parameters.events import NetworkParametersTaken
from province_node.network_parameters.handlers import take_network_parameters


def take_command(asked: Asked) -> TakeNetworkParameters:
    """What headquarters publishes. Raises PublicationNotPermitted, MalformedPublication."""
    source = asked.envelope.routing.source
    if source != HQ:
        raise PublicationNotPermitted(source=source)
    return TakeNetworkParameters(asked.body.version, asked.body.published_at_us, decode_values(asked.body))


def taken_answer(event: NetworkParametersTaken) -> Answer:
    """What the province holds."""
    return Answer(pb.PublishParametersResponse(held_version=event.held_version))


KINDS = (
    request_kind(
        PUBLISH,
        envelope_pb2.MESSAGE_CLASS_MANAGEMENT,
        Serve(PUBLISH, take_command, take_network_parameters, taken_answer),
        by_node_alone=True,
    ),
)

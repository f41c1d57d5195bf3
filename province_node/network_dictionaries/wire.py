"""Published dictionaries: protobuf to command, event to protobuf."""

from __future__ import annotations

from common.dictionaries.network_wire import PUBLISH, decode_values
from common.gen.quanwang.dictionaries.v1 import dictionaries_pb2 as pb
from common.gen.quanwang.federation.v1 import envelope_pb2
from common.ids import HQ
from common.parameters.network_wire import PublicationNotPermitted
from common.requests.registry import Answer, Asked, Serve, request_kind
from province_node.network_dictionaries.commands import TakeNetworkDictionary
from province_node.network_dictionaries.events import NetworkDictionaryTaken
from province_node.network_dictionaries.handlers import take_network_dictionary


def take_command(asked: Asked) -> TakeNetworkDictionary:
    """What headquarters publishes. Raises PublicationNotPermitted, MalformedDictionary."""
    source = asked.envelope.routing.source
    if source != HQ:
        raise PublicationNotPermitted(source=source)
    body = asked.body
    return TakeNetworkDictionary(body.dictionary, body.version, body.published_at_us, decode_values(body))


def taken_answer(event: NetworkDictionaryTaken) -> Answer:
    """What the province holds."""
    return Answer(pb.PublishDictionaryResponse(held_version=event.held_version))


KINDS = (
    request_kind(
        PUBLISH,
        envelope_pb2.MESSAGE_CLASS_MANAGEMENT,
        Serve(PUBLISH, take_command, take_network_dictionary, taken_answer),
        by_node_alone=True,
    ),
)

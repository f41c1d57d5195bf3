"""The status query: protobuf to command, event to protobuf."""

from __future__ import annotations

from common.gen.quanwang.federation.v1 import envelope_pb2
from common.gen.quanwang.nodes.v1 import status_pb2 as pb
from common.requests.registry import Answer, Asked, Serve, request_kind
from province_node.node_status.commands import QueryNodeStatus
from province_node.node_status.events import NodeStatusQueried
from province_node.node_status.handlers import query_node_status


def status_command(_asked: Asked) -> QueryNodeStatus:
    """The question has no content."""
    return QueryNodeStatus()


def status_answer(event: NodeStatusQueried) -> Answer:
    """What the node says of itself; nothing personal."""
    return Answer(
        pb.QueryNodeStatusResponse(
            node=event.node,
            software_version=event.software_version,
            started_at_us=event.started_at_us,
            now_us=event.now_us,
            directory_version=event.directory_version,
            customers=event.customers,
            subscriptions=event.subscriptions,
            messages_waiting=event.messages_waiting,
            messages_parked=event.messages_parked,
        )
    )


STATUS = "quanwang.nodes.v1.QueryNodeStatus"

KINDS = (
    request_kind(
        STATUS,
        envelope_pb2.MESSAGE_CLASS_MANAGEMENT,
        Serve(STATUS, status_command, query_node_status, status_answer),
    ),
)

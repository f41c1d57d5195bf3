"""What the hub decides before it admits a request: everything it needs stands in the signed header."""

from __future__ import annotations

from typing import Any

from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.ids import HQ, made_at_ms
from common.messaging.envelope import PROTOCOL_VERSION, Envelope
from common.messaging.incoming import Incoming

PROTOCOL_VERSION_UNSUPPORTED = "PROTOCOL_VERSION_UNSUPPORTED"
SOURCE_NOT_ACTIVE = "SOURCE_NOT_ACTIVE"
DESTINATION_UNKNOWN = "DESTINATION_UNKNOWN"
DIRECTORY_STALE = "DIRECTORY_STALE"
TIME_TO_LIVE_INVALID = "TIME_TO_LIVE_INVALID"
MESSAGE_CLASS_UNKNOWN = "MESSAGE_CLASS_UNKNOWN"
DESTINATION_QUEUE_FULL = "DESTINATION_QUEUE_FULL"
ADMISSION_RATE_EXCEEDED = "ADMISSION_RATE_EXCEEDED"
LEG_MISNAMED = "LEG_MISNAMED"
REQUEST_TOO_OLD = "REQUEST_TOO_OLD"

_CLASSES = frozenset((pb.MESSAGE_CLASS_WORK_ORDER, pb.MESSAGE_CLASS_CUSTOMER_DATA, pb.MESSAGE_CLASS_MANAGEMENT))


def known_class(message_class: int) -> int:
    """The class as the hub stores it; 0 for one that it does not know, whatever number a province gave it."""
    return message_class if message_class in _CLASSES else pb.MESSAGE_CLASS_UNSPECIFIED


def refusal_of(incoming: Incoming, envelope: Envelope, uow: Any) -> str:
    """The reason code for which this request is not admitted; empty where it is good."""
    routing, node = envelope.routing, uow.node
    if not node.directory.is_active(routing.source):
        return SOURCE_NOT_ACTIVE
    if node.directory.from_before_re_enrolment(routing.source, incoming.key_id):
        # It waited while its node was shut out; with that node's keys anybody may have asked.
        return SOURCE_NOT_ACTIVE
    if routing.protocol_version != PROTOCOL_VERSION:
        return PROTOCOL_VERSION_UNSUPPORTED
    if routing.message_class not in _CLASSES:
        return MESSAGE_CLASS_UNKNOWN
    if routing.leg_destination != routing.destination or not routing.message_type:
        return LEG_MISNAMED
    if routing.destination == HQ or not node.directory.is_active(routing.destination):
        return DESTINATION_UNKNOWN
    if made_at_ms(routing.message_id) < uow.now_us // 1000 - node.limits.message_lifetime_ms:
        # What would know a repetition of it may be pruned by now.
        return REQUEST_TOO_OLD
    if routing.region and not _region_is_current(routing, node.directory):
        return DIRECTORY_STALE
    if not 1 <= routing.time_to_live_ms <= node.limits.time_to_live_ms_max:
        return TIME_TO_LIVE_INVALID
    count, size = uow.waiting_for(routing.destination)
    if count >= node.limits.waiting_entries_max or size >= node.limits.waiting_bytes_max:
        return DESTINATION_QUEUE_FULL
    if routing.source != HQ and uow.admissions.retry_after_ms(routing.source):
        return ADMISSION_RATE_EXCEEDED
    return ""


def _region_is_current(routing: pb.Routing, directory: Any) -> bool:
    """The sender expanded the region by the directory that is in force, and the destination is in it."""
    members = directory.region(routing.region)
    return routing.directory_version == directory.version and members is not None and routing.destination in members

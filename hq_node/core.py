"""HQ's core: the hub, the asking side, and its message processor, put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from common.access_control.needs import Declared
from common.alarms.commands import AcknowledgeAlarm, RaiseAlarm
from common.alarms.handlers import acknowledge_alarm, record_alarm
from common.alarms.permissions import NEEDS as ALARM_NEEDS
from common.authentication.parameters import PARAMETERS as AUTHENTICATION_PARAMETERS
from common.authentication.sufficient import PARAMETERS as SUFFICIENT_AUTHENTICATION
from common.clock import Clock
from common.communication.parameters import PARAMETERS as COMMUNICATION_PARAMETERS
from common.core import CoreParts, NodeCore
from common.dictionaries.network_wire import PUBLISH as PUBLISH_DICTIONARY
from common.directory.model import Directory
from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.gen.quanwang.nodes.v1 import status_pb2  # noqa: F401 - its messages are asked for by name
from common.gen.quanwang.subscriptions.v1 import subscriptions_pb2  # noqa: F401 - its messages are asked for by name
from common.ids import HQ
from common.journal.wire import COMPARE
from common.live.permissions import NEEDS as LIVE_NEEDS
from common.messaging.dispatcher import Handler
from common.messaging.inbox import leg_of
from common.messaging.incoming import Incoming
from common.node_context import NodeContext
from common.parameters.network_wire import PUBLISH
from common.personal_data.parameters import PARAMETERS as PERSONAL_DATA_PARAMETERS
from common.recovery.handlers import handlers as recovery_handlers
from common.recovery.permissions import NEEDS as RECOVERY_NEEDS
from common.requests.commands import CancelServiceRequest, SubmitServiceRequest
from common.requests.handlers import cancel_service_request, submit_service_request
from common.requests.permissions import NEEDS as REQUEST_NEEDS
from common.requests.registry import RequestKind, RequestKinds, request_kind
from common.security.private_bodies import PrivateKeys
from common.security.signing import ChooseSigner, Signer
from hq_node.directory.commands import LookForDirectory
from hq_node.directory.following import look_for_directory
from hq_node.directory.parameters import PARAMETERS as DIRECTORY_PARAMETERS
from hq_node.directory.permissions import NEEDS as DIRECTORY_NEEDS
from hq_node.directory.permissions import READING as DIRECTORY_READING
from hq_node.hub.admission_rate import AdmissionRate
from hq_node.hub.commands import EndLegsOfLostHome, PassTimeLimits, RollBusinessDate
from hq_node.hub.gate import HubGate
from hq_node.hub.handlers import end_legs_of_lost_home, pass_time_limits, roll_business_date
from hq_node.hub.permissions import NEEDS as HUB_NEEDS
from hq_node.hub.taking_back import handlers as word_handlers
from hq_node.message_processor import HqMessageProcessor, RecoveringProcessor
from hq_node.publications.commands import DeliverPublications
from hq_node.publications.handlers import HANDLERS as publication_handlers
from hq_node.publications.permissions import NEEDS as PUBLICATION_NEEDS
from hq_node.unit_of_work import HqUnitOfWork

KINDS: tuple[RequestKind, ...] = (
    request_kind("quanwang.nodes.v1.QueryNodeStatus", pb.MESSAGE_CLASS_MANAGEMENT),
    request_kind(PUBLISH, pb.MESSAGE_CLASS_MANAGEMENT, by_node_alone=True),
    request_kind(PUBLISH_DICTIONARY, pb.MESSAGE_CLASS_MANAGEMENT, by_node_alone=True),
    request_kind(COMPARE, pb.MESSAGE_CLASS_MANAGEMENT, needs=("link",)),
    request_kind(
        "quanwang.subscriptions.v1.SuspendSubscription", needs=("subscription_id",), needs_authentication=True
    ),
    request_kind("quanwang.subscriptions.v1.ResumeSubscription", needs=("subscription_id",), needs_authentication=True),
)
"""The kinds of business that HQ may ask for. It relays any kind, known to it or not."""

NEEDS: Declared = {
    **REQUEST_NEEDS,
    **ALARM_NEEDS,
    **LIVE_NEEDS,
    **HUB_NEEDS,
    **RECOVERY_NEEDS,
    **DIRECTORY_NEEDS,
    **PUBLICATION_NEEDS,
}
"""What each command needs of whoever wishes it."""

HANDLERS: dict[type, Handler] = {
    SubmitServiceRequest: submit_service_request,
    CancelServiceRequest: cancel_service_request,
    PassTimeLimits: pass_time_limits,
    RollBusinessDate: roll_business_date,
    EndLegsOfLostHome: end_legs_of_lost_home,
    RaiseAlarm: record_alarm,
    AcknowledgeAlarm: acknowledge_alarm,
    LookForDirectory: look_for_directory,
    **publication_handlers,
    **recovery_handlers(),
    **word_handlers(),
}


DECIDING = (SubmitServiceRequest, RollBusinessDate, DeliverPublications)
"""Commands that work on the hub's order; also when they run under a lease."""


def build_core(
    url: str,
    signer: Signer | ChooseSigner,
    private_keys: PrivateKeys,
    directory: Directory,
    clock: Clock,
    entropy: Callable[[int], bytes],
    *,
    software_version: str = "",
    kinds: Sequence[RequestKind] = KINDS,
    admission_rate: AdmissionRate | None = None,
    recovering: bool = False,
    **parts: Any,
) -> NodeCore:
    """Puts HQ's core together on its database. `parts`: further CoreParts (limits, policies).

    `recovering`: it takes back what it forgot, and decides nothing.
    """
    context = NodeContext(HQ, directory, private_keys, RequestKinds(kinds), software_version, clock.now_us())
    handlers = HANDLERS | parts.pop("handlers", {})
    needs = {**NEEDS, **parts.pop("needs", {})}
    return NodeCore(
        CoreParts(
            url=url,
            context=context,
            signer=signer,
            processor=RecoveringProcessor() if recovering else HqMessageProcessor(),
            unit_of_work=partial(HqUnitOfWork, admission_rate=admission_rate),
            handlers=handlers,
            clock=clock,
            entropy=entropy,
            gate=HubGate(),
            prefetch=prefetch,
            needs=needs,
            reading=DIRECTORY_READING,
            parameters=DIRECTORY_PARAMETERS,
            parameters_of_others=(
                *PERSONAL_DATA_PARAMETERS,
                *COMMUNICATION_PARAMETERS,
                *AUTHENTICATION_PARAMETERS,
                *SUFFICIENT_AUTHENTICATION,
            ),
            **parts,
        )
    )


def prefetch(uow: HqUnitOfWork, commands: Sequence[Any], messages: Sequence[Incoming]) -> None:
    """Loads the legs that a group's messages are about, with one statement; before them, the hub's order where anything
    may take a place in it. Between replicas this is the order of locks (ARCHITECTURE.md)."""
    envelopes = [incoming.envelope for incoming in messages if incoming.envelope is not None]
    if any(isinstance(getattr(command, "command", command), DECIDING) for command in commands) or any(
        envelope.routing.phase == pb.PHASE_REQUEST for envelope in envelopes
    ):
        uow.order.hold()
    uow.hub_legs.prefetch(leg_of(envelope) for envelope in envelopes)

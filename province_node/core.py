"""A province's core: its handlers, its kinds of business, and its message processor, put together."""

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
from common.communication.model import PORT as COMMUNICATION
from common.communication.parameters import PARAMETERS as COMMUNICATION_PARAMETERS
from common.core import CoreParts, NodeCore
from common.directory.model import Directory
from common.errors import Refusal
from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.ids import leg_id
from common.interfaces.sealed_calls import SealedCalls
from common.live.permissions import NEEDS as LIVE_NEEDS
from common.messaging.dispatcher import Handler
from common.messaging.inbox import leg_of
from common.messaging.incoming import Incoming
from common.node_context import NodeContext
from common.personal_data.handlers import handlers as personal_data_handlers
from common.personal_data.opening import open_vault
from common.personal_data.parameters import PARAMETERS as PERSONAL_DATA_PARAMETERS
from common.personal_data.permissions import NEEDS as PERSONAL_DATA_NEEDS
from common.personal_data.vault import Vault
from common.recovery.handlers import handlers as recovery_handlers
from common.recovery.permissions import NEEDS as RECOVERY_NEEDS
from common.requests.commands import CancelServiceRequest, SubmitServiceRequest
from common.requests.gate import AskingGate
from common.requests.handlers import cancel_service_request, submit_service_request
from common.requests.looking import HANDLERS as answer_handlers
from common.requests.permissions import NEEDS as REQUEST_NEEDS
from common.requests.permissions import REVEALING
from common.requests.registry import RequestKind, RequestKinds
from common.security.private_bodies import PrivateKeys
from common.security.signing import ChooseSigner, Signer
from province_node.authentication.handlers import HANDLERS as authentication_handlers
from province_node.authentication.permissions import NEEDS as AUTHENTICATION_NEEDS
from province_node.authentication.wire import KINDS as AUTHENTICATION_KINDS
from province_node.customers.commands import EraseCustomer, ExportCustomer, ImportCustomers
from province_node.customers.handlers import CustomerRecords, erase_customer, export_customer, import_customers
from province_node.customers.looking import HANDLERS as looking_handlers
from province_node.customers.permissions import NEEDS as CUSTOMER_NEEDS
from province_node.customers.permissions import READING as CUSTOMER_READING
from province_node.customers.wire import KINDS as CUSTOMER_KINDS
from province_node.directory.permissions import NEEDS as DIRECTORY_NEEDS
from province_node.journal_comparison.wire import KINDS as JOURNAL_KINDS
from province_node.message_processor import ProvinceMessageProcessor, RecoveringProcessor
from province_node.network_dictionaries.wire import KINDS as NETWORK_DICTIONARY_KINDS
from province_node.network_parameters.wire import KINDS as NETWORK_PARAMETER_KINDS
from province_node.node_status.wire import KINDS as NODE_STATUS_KINDS
from province_node.serving.commands import BeginOutsideEffect, FinishLeg, RefuseLeg, TakeBackAnswer
from province_node.serving.handlers import begin_outside_effect, finish_leg, refuse_leg
from province_node.serving.permissions import NEEDS as SERVING_NEEDS
from province_node.serving.taking_back import take_back_answer
from province_node.subscriptions.permissions import READING as SUBSCRIPTION_READING
from province_node.subscriptions.wire import KINDS as SUBSCRIPTION_KINDS
from province_node.unit_of_work import ProvinceUnitOfWork

KINDS: tuple[RequestKind, ...] = (
    *CUSTOMER_KINDS,
    *AUTHENTICATION_KINDS,
    *SUBSCRIPTION_KINDS,
    *NODE_STATUS_KINDS,
    *JOURNAL_KINDS,
    *NETWORK_PARAMETER_KINDS,
    *NETWORK_DICTIONARY_KINDS,
)
"""The kinds of business that a province serves and may ask for."""

NEEDS: Declared = {
    **RECOVERY_NEEDS,
    **REQUEST_NEEDS,
    **REVEALING,
    **ALARM_NEEDS,
    **LIVE_NEEDS,
    **CUSTOMER_NEEDS,
    **AUTHENTICATION_NEEDS,
    **PERSONAL_DATA_NEEDS,
    **SERVING_NEEDS,
    **DIRECTORY_NEEDS,
}
"""What each command needs of whoever wishes it."""

HANDLERS: dict[type, Handler] = {
    **recovery_handlers(),
    SubmitServiceRequest: submit_service_request,
    CancelServiceRequest: cancel_service_request,
    BeginOutsideEffect: begin_outside_effect,
    TakeBackAnswer: take_back_answer,
    FinishLeg: finish_leg,
    RefuseLeg: refuse_leg,
    ImportCustomers: import_customers,
    RaiseAlarm: record_alarm,
    AcknowledgeAlarm: acknowledge_alarm,
    EraseCustomer: erase_customer,
    ExportCustomer: export_customer,
    **looking_handlers,
    **answer_handlers,
    **authentication_handlers,
    **personal_data_handlers((CustomerRecords(), SealedCalls())),
}


def build_core(
    url: str,
    node: str,
    signer: Signer | ChooseSigner,
    private_keys: PrivateKeys,
    directory: Directory,
    clock: Clock,
    entropy: Callable[[int], bytes],
    *,
    vault: Vault,
    software_version: str = "",
    kinds: Sequence[RequestKind] = KINDS,
    recovering: bool = False,
    **parts: Any,
) -> NodeCore:
    """Puts a province's core together on its database. `parts`: further CoreParts (limits, policies).

    `recovering`: it takes back what it forgot, and decides nothing.

    Raises MasterKeyWrong where the vault's master keys are not those of the database.
    """
    context = NodeContext(node, directory, private_keys, RequestKinds(kinds), software_version, clock.now_us())
    handlers = HANDLERS | parts.pop("handlers", {})
    needs = {**NEEDS, **parts.pop("needs", {})}
    core = NodeCore(
        CoreParts(
            url=url,
            context=context,
            signer=signer,
            processor=RecoveringProcessor() if recovering else ProvinceMessageProcessor(),
            unit_of_work=partial(ProvinceUnitOfWork, vault=vault),
            handlers=handlers,
            clock=clock,
            entropy=entropy,
            gate=AskingGate(),
            prefetch=prefetch,
            needs=needs,
            reading=CUSTOMER_READING | SUBSCRIPTION_READING,
            parameters=(
                *PERSONAL_DATA_PARAMETERS,
                *COMMUNICATION_PARAMETERS,
                *AUTHENTICATION_PARAMETERS,
                *SUFFICIENT_AUTHENTICATION,
            ),
            ports=(COMMUNICATION,),
            **parts,
        )
    )
    open_vault(core, vault)
    return core


def prefetch(uow: ProvinceUnitOfWork, _commands: Sequence[Any], messages: Sequence[Incoming]) -> None:
    """Loads the rows that a group's messages will need, with one statement a table."""
    asked: list[bytes] = []
    served: list[bytes] = []
    bodies: dict[str, list[Any]] = {}
    for incoming in messages:
        envelope = incoming.envelope
        if envelope is None:
            if incoming.stamp is not None:
                asked.append(leg_id(incoming.stamp.request_id, uow.node.node, incoming.stamp.destination))
        elif envelope.routing.phase in (pb.PHASE_REQUEST, pb.PHASE_CANCEL):
            served.append(leg_of(envelope))
            kind = uow.node.kinds.served(envelope.routing.message_type)
            if kind is not None and kind.serve is not None and kind.serve.prefetch is not None:
                bodies.setdefault(kind.name, []).append(envelope.body)
        else:
            asked.append(leg_of(envelope))
    if asked:
        uow.requests.prefetch_legs(asked)
    if served:
        uow.serving_legs.prefetch(served)
    for name, contents in bodies.items():
        _prefetch_kind(uow, name, contents)


def _prefetch_kind(uow: ProvinceUnitOfWork, name: str, contents: Sequence[bytes]) -> None:
    kind = uow.node.kinds.served(name)
    assert kind is not None
    assert kind.serve is not None
    assert kind.serve.prefetch is not None
    decoded = []
    for content in contents:
        try:
            decoded.append(kind.decode_request(content, b"")[0])
        except Refusal:
            continue  # Its own item will refuse it by name.
    kind.serve.prefetch(decoded, uow)

"""Publishing parameters and dictionaries, and bringing what is published to every province.

A publication is all that headquarters says, under a number. Each province is asked, by a request of its own, to go by
it: sealed, acknowledged, kept while it is away, answered with what it holds then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from common.dictionaries.handlers import write_values
from common.dictionaries.model import NETWORK, DictionaryVersion
from common.ids import HQ, leg_id
from common.node_context import NodeContext
from common.parameters.events import NetworkParametersChanged
from common.parameters.handlers import fit_reason
from common.parameters.model import (
    SCHEDULED_MAX,
    ParameterInForce,
    ParameterTooManyScheduled,
    ParameterVersionUnknown,
)
from common.parameters.network import NetworkValue, require_bounds
from common.parameters.network_repository import NetworkParameters, withdrawn
from common.requests.commands import SubmitServiceRequest
from common.requests.handlers import submit_service_request
from common.requests.leg_states import COMPLETED, OPEN
from hq_node.publications.commands import (
    DeliverPublications,
    PublishDictionaryValues,
    PublishParameter,
    WithdrawPublished,
)
from hq_node.publications.model import Delivery
from hq_node.publications.topics import Topic, dictionary_topic, parameter_topic, topics

WEEK_MS = 7 * 86_400_000
"""So long a publication waits for a province that is away; then it is sent anew."""


HELD_AHEAD_MAX = 1_000_000
"""No province can hold a publication that lies further ahead: HQ does not number its own after what one says."""
IMPLAUSIBLE = "HELD_VERSION_IMPLAUSIBLE"


class Deliveries(Protocol):
    def of(self, topic: str, node: str) -> Delivery: ...
    def put(self, delivery: Delivery) -> None: ...


class PublishingUnitOfWork(Protocol):
    """What publishing needs of HQ's unit of work, beside what asking needs."""

    node: NodeContext
    now_us: int
    requests: Any

    @property
    def publication_deliveries(self) -> Deliveries: ...


def publish_parameter(command: PublishParameter, uow: Any) -> NetworkValue:
    """Raises ParameterUnknown, ParameterValueUnfit, NetworkBoundsUnfit, ParameterReasonMissing,
    ParameterTooManyScheduled, PublicationTooLarge."""
    parameter, stored = uow.node.parameters.publishable(command.name), NetworkParameters(uow)
    if command.value is not None:
        parameter.require_fit(command.value)
        require_bounds(parameter, command.value, command.least, command.most, fixed=command.fixed)
    reason, from_us = fit_reason(command.reason), max(command.effective_from_us, uow.now_us)
    stored.publication()
    counting = [value for value in stored.counting() if value.name == command.name]
    if sum(value.effective_from_us > uow.now_us for value in counting) >= SCHEDULED_MAX:
        raise ParameterTooManyScheduled(parameter=command.name, most=SCHEDULED_MAX)
    says = command.value is not None
    value = NetworkValue(
        name=command.name,
        version=stored.last_version(command.name) + 1,
        value=command.value,
        least=command.least if says else None,
        most=command.most if says else None,
        fixed=command.fixed and says,
        effective_from_us=from_us,
        set_at_us=uow.now_us,
        set_by=uow.actor.name[:100],
        reason=reason,
    )
    stored.put(value)
    before = [one for one in counting if one.counts_at(uow.now_us)]
    uow.describe_change(_shown(before[0]) if before else None, _shown(value))
    _publish(stored, uow)
    return value


def withdraw_published(command: WithdrawPublished, uow: Any) -> NetworkValue:
    """Raises ParameterUnknown, ParameterVersionUnknown, ParameterInForce, ParameterReasonMissing."""
    uow.node.parameters.publishable(command.name)
    fit_reason(command.reason)
    stored = NetworkParameters(uow)
    stored.publication()
    value = stored.find(command.name, command.version)
    if value is None or value.withdrawn_at_us:
        raise ParameterVersionUnknown(parameter=command.name, version=command.version)
    if value.effective_from_us <= uow.now_us:
        raise ParameterInForce(parameter=command.name, version=command.version)
    gone = withdrawn(value, uow.now_us)
    stored.put(gone)
    uow.describe_change(_shown(value), None)
    _publish(stored, uow)
    return gone


def publish_dictionary_values(command: PublishDictionaryValues, uow: Any) -> tuple[DictionaryVersion, ...]:
    """The new versions. Raises DictionaryUnknown, DictionaryValueUnfit, DictionaryReasonMissing,
    PublicationTooLarge."""
    dictionary = uow.node.dictionaries.dictionary(command.dictionary)
    topic = dictionary_topic(dictionary.name, uow)
    topic.publications.last()
    new = write_values(NETWORK, dictionary, command.values, command.reason, uow)
    if new:
        topic.publish()
    return new


def deliver_publications(_command: DeliverPublications, uow: Any) -> int:
    """Hears which provinces have taken what they were sent, and sends what they lack; to how many."""
    return sum(_deliver(topic, uow) for topic in topics(uow))


def _deliver(topic: Topic, uow: Any) -> int:
    version = topic.publications.last().version
    if not version:
        return 0
    deliveries = [_heard(topic, uow.publication_deliveries.of(topic.name, node), uow) for node in _provinces(uow)]
    ahead = max((delivery.held_version for delivery in deliveries), default=0)
    if ahead > version:
        # HQ was restored from a backup, and a province holds what it published after that: this is said anew, above it.
        version = ahead + 1
        topic.publications.put(version, uow.now_us)
    body = b""
    sent = 0
    for delivery in deliveries:
        entry = uow.node.directory.node(delivery.node)
        if not delivery.is_due(version, entry.enrolled_at_us, uow.now_us):
            continue
        body = body or topic.body(version)
        uow.publication_deliveries.put(_sent(topic, delivery, version, body, uow))
        sent += 1
    return sent


def _publish(stored: NetworkParameters, uow: Any) -> None:
    version = parameter_topic(uow).publish()
    uow.record(NetworkParametersChanged(version, tuple(stored.counting())))


def _provinces(uow: PublishingUnitOfWork) -> tuple[str, ...]:
    return uow.node.directory.active_provinces()


def _heard(topic: Topic, delivery: Delivery, uow: PublishingUnitOfWork) -> Delivery:
    """The delivery as it stands once the province's answer has been looked at, where there is one."""
    if not delivery.request_id:
        return delivery
    leg = uow.requests.leg(leg_id(delivery.request_id, HQ, delivery.node))
    if leg is not None and leg.state in OPEN:
        return delivery
    held = topic.held(leg.answer) if leg is not None and leg.state == COMPLETED else 0
    if held > delivery.sent_version + HELD_AHEAD_MAX:
        heard = delivery.failed(IMPLAUSIBLE)
    elif leg is not None and leg.state == COMPLETED:
        heard = delivery.taken(held, uow.now_us)
    else:
        heard = delivery.failed("REQUEST_LOST" if leg is None else leg.reason_code or leg.state.upper())
    uow.publication_deliveries.put(heard)
    return heard


def _sent(topic: Topic, delivery: Delivery, version: int, body: bytes, uow: Any) -> Delivery:
    wish = SubmitServiceRequest(
        kind=topic.kind,
        destinations=(delivery.node,),
        body=body,
        time_to_live_ms=min(WEEK_MS, uow.node.limits.time_to_live_ms_max),
        # Each sending is a request of its own; the same one, by whatever accident, is not.
        idempotency_key=f"{topic.name}/{version}/{delivery.node}/{uow.now_us}",
    )
    return delivery.sent(version, submit_service_request(wish, uow).request_id, uow.now_us)


def _shown(value: NetworkValue) -> dict[str, Any]:
    return {
        "value": value.value,
        "least": value.least,
        "most": value.most,
        "fixed": value.fixed,
        "effective_from_us": value.effective_from_us,
    }


HANDLERS: dict[type, Callable[[Any, Any], Any]] = {
    PublishParameter: publish_parameter,
    WithdrawPublished: withdraw_published,
    PublishDictionaryValues: publish_dictionary_values,
    DeliverPublications: deliver_publications,
}

"""Parameters for the whole network over the public REST interface of headquarters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import AwareDatetime, Field, StrictBool
from starlette.responses import Response

from common.access_control.actor import Actor
from common.access_control.rights import OutsideScope, Scope
from common.dictionaries.rest import DictionaryChange, dictionary_task
from common.parameters.fields import Bound, Line, Value
from common.parameters.model import REASON_CHARACTERS_MAX, Parameter, ParameterBook
from common.parameters.network import NetworkValue
from common.parameters.permissions import READ
from common.parameters.rest import (
    DATE,
    NETWORK_VERSION,
    Document,
    ValueTypeDocument,
    VersionDocument,
    book_within,
    described,
    moment_us,
    read_key,
    waiting,
    why,
    written,
)
from common.program.node import Node
from common.rest.attributes import write_moment
from common.rest.bodies import Body
from common.rest.calls import Call, document_answer, response_of
from common.rest.held import Held, HeldChange
from common.rest.resource import Delete, Task
from hq_node.publications.commands import PublishDictionaryValues, PublishParameter, WithdrawPublished
from hq_node.publications.permissions import PUBLISH_DICTIONARY
from hq_node.publications.queries import list_deliveries


class NetworkParameterChange(Body):
    """Another value for the whole network, with the bounds of provinces' own; null: headquarters says nothing of it any
    more."""

    value: Value | Line | None
    least: Bound | None = None
    most: Bound | None = None
    fixed: StrictBool = False
    effective_date: AwareDatetime | None = None
    """From when on; nothing, or a moment that is past: at once."""
    reason: str = Field(default="", max_length=REASON_CHARACTERS_MAX)
    """Why; here or in the header."""


class NetworkParameterDocument(Document):
    """A parameter that headquarters can publish, and what it says of it now; without `value`: nothing."""

    id: str
    description: str
    value_type: ValueTypeDocument
    default: bool | int | str
    value: bool | int | str | None = None
    least: int | None = None
    most: int | None = None
    fixed: bool
    effective_date: str | None = Field(default=None, json_schema_extra=DATE)
    set_by: str | None = None
    reason: str | None = None
    scheduled: list[VersionDocument]


class DeliveryDocument(Document):
    """How far a province is: `current`, `under-way`, `failed` (`reasonCode`) or `waiting`."""

    id: str
    state: str
    held_version: int
    held_date: str | None = Field(default=None, json_schema_extra=DATE)
    sent_date: str | None = Field(default=None, json_schema_extra=DATE)
    reason_code: str | None = None


class DeliveriesDocument(Document):
    """What was published last (`version` 0: nothing was), and which provinces hold it."""

    version: int
    published_date: str | None = Field(default=None, json_schema_extra=DATE)
    province: list[DeliveryDocument]


NETWORK_VERSION_AT_HQ = replace(
    NETWORK_VERSION,
    delete=Delete(
        lambda key, actor: WithdrawPublished(*read_key(key), actor.why),
        en="Withdraw a published value that has not come into force; the header says why.",
    ),
    en="A value that was published for the whole network, ever: who, when, why. Without `value`: nothing is said.",
)


def network_parameter_held(node: Node) -> Held:
    """What headquarters says of parameters."""

    def document(name: str, book: ParameterBook, language: str) -> Mapping[str, Any]:
        return _shown(book.publishable(name), book, node.clock.now_us(), language)

    def all_of_them(language: str) -> Sequence[Mapping[str, Any]]:
        book = node.context.parameters
        return [document(name, book, language) for name in sorted({*book.declared, *book.of_others})]

    def within(name: str, language: str, uow: Any) -> Mapping[str, Any] | None:
        book = book_within(uow)
        return document(name, book, language) if name in {*book.declared, *book.of_others} else None

    return Held(
        "networkParameter",
        READ,
        NetworkParameterDocument,
        all_of_them,
        HeldChange(NetworkParameterChange, _publish, within, "Publish a value for the whole network, or none."),
        "What headquarters says of parameters to the whole network.",
    )


def publication_tasks(node: Node) -> tuple[Task, ...]:
    """Who has taken what is published of parameters; publishing dictionaries."""

    async def deliveries(call: Call, _given: None) -> Response:
        scope = call.actor.rights.require(READ)
        if scope < Scope.PROVINCE:
            raise OutsideScope(permission=str(READ), scope=scope.name)
        found = await node.reads.run(list_deliveries, node.context.directory.active_provinces())
        told = DeliveriesDocument(
            version=found["version"],
            published_date=_moment(found["published_at_us"]),
            province=[_delivery(each) for each in found["items"]],
        )
        return response_of(document_answer(dict(written(told))))

    def publish(given: DictionaryChange, reason: str) -> PublishDictionaryValues:
        return PublishDictionaryValues(given.dictionary, given.values(), reason)

    en = "Which provinces hold what is published."
    return (
        Task("parameterDelivery", "GET", READ, deliveries, None, DeliveriesDocument, en),
        dictionary_task(
            node,
            "publishDictionaryValues",
            PUBLISH_DICTIONARY,
            publish,
            "Add values to a dictionary for the whole network, or change them.",
        ),
    )


def _publish(name: str, change: NetworkParameterChange, actor: Actor) -> PublishParameter:
    reason, from_us = why(change.reason, actor), moment_us(change.effective_date)
    return PublishParameter(name, change.value, reason, change.least, change.most, change.fixed, from_us)


def _shown(parameter: Parameter[Any], book: ParameterBook, now_us: int, language: str) -> Mapping[str, Any]:
    published = book.published_at(parameter.name, now_us)
    said = published if isinstance(published, NetworkValue) and published.value is not None else None
    told = NetworkParameterDocument(
        id=parameter.name,
        description=described(parameter, language),
        value_type=ValueTypeDocument(**parameter.value_type.document()),
        default=parameter.default,
        fixed=said is not None and said.fixed,
        scheduled=waiting(book.network.get(parameter.name, ()), now_us),
    )
    if said is not None:
        of_it = {name: getattr(said, name) for name in ("value", "least", "most", "set_by", "reason")}
        told = told.model_copy(update={**of_it, "effective_date": write_moment(said.effective_from_us)})
    return written(told)


def _delivery(each: Mapping[str, Any]) -> DeliveryDocument:
    return DeliveryDocument(
        id=each["node"],
        state=_state(each),
        held_version=each["held_version"],
        held_date=_moment(each["held_at_us"]),
        sent_date=_moment(each["sent_at_us"]),
        reason_code=each["reason_code"] or None,
    )


def _state(each: Mapping[str, Any]) -> str:
    if each["current"]:
        return "current"
    if each["under_way"]:
        return "under-way"
    return "failed" if each["reason_code"] else "waiting"


def _moment(at_us: int) -> str | None:
    return write_moment(at_us) if at_us else None

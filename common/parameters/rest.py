"""Parameters over the public REST interface: what counts and why, what will, what did, and changing it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from common.access_control.actor import Actor
from common.parameters.commands import SetParameter, WithdrawParameter
from common.parameters.fields import Line, Value
from common.parameters.model import REASON_CHARACTERS_MAX, Parameter, ParameterBook
from common.parameters.network_repository import network_parameters
from common.parameters.permissions import READ
from common.parameters.queries import read_book, shown_layer
from common.parameters.repository import parameter_versions
from common.program.node import Node
from common.rest.attributes import BOOLEAN, INTEGER, MOMENT, Attribute, Form, happened, not_empty, write_moment
from common.rest.bodies import Body
from common.rest.held import Held, HeldChange
from common.rest.resource import Delete, Resource

MICROSECOND = timedelta(microseconds=1)
DATE: dict[str, Any] = {"format": "date-time"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

VALUE = Form("a value", "取值", {"type": ["boolean", "integer", "string"]}, json.loads, str)
BOUND = Form("a bound", "范围界限", {"type": "integer"}, int, str)


class ParameterChange(Body):
    """Another value; null: the default again."""

    value: Value | Line | None
    effective_date: AwareDatetime | None = None
    """From when on; nothing, or a moment that is past: at once."""
    reason: str = Field(default="", max_length=REASON_CHARACTERS_MAX)
    """Why; here or in the header."""


class Document(BaseModel):
    """Part of an answer. What is not there is left out."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class ValueTypeDocument(Document):
    """What values may be: of type switch, whole (from `least` to `most`, in `unit`), choice (one of `options`), several
    (of `options`, with commas between them) or text (of at most `charactersMax`)."""

    type: str
    least: int | None = None
    most: int | None = None
    unit: str | None = None
    options: list[str] | None = None
    characters_max: int | None = None


class VersionDocument(Document):
    """A value that waits for its time; without `value`: the default, or nothing published. `id` names it among the
    versions."""

    id: str
    value: bool | int | str | None = None
    effective_date: str = Field(json_schema_extra=DATE)
    set_by: str
    reason: str


class NetworkDocument(Document):
    """What headquarters says of it now: the value, and the bounds of provinces' own; `fixed`: they have none."""

    value: bool | int | str
    least: int | None = None
    most: int | None = None
    fixed: bool


class ParameterDocument(Document):
    """What may be changed while the node runs. `source` of the value: `default`, `network` (published by headquarters)
    or `local`; `cutFrom`: the node's own value where headquarters does not let it be."""

    id: str
    description: str
    value_type: ValueTypeDocument
    value: bool | int | str
    default: bool | int | str
    source: str
    effective_date: str | None = Field(default=None, json_schema_extra=DATE)
    cut_from: bool | int | str | None = None
    network: NetworkDocument | None = None
    scheduled: list[VersionDocument]
    scheduled_by_network: list[VersionDocument]


SOURCES = {"own": "local", "network": "network", "default": "default"}


def parameter_held(node: Node) -> Held:
    """The parameters of one node."""

    def document(parameter: Parameter[Any], book: ParameterBook, language: str) -> Mapping[str, Any]:
        return _parameter(parameter, book, node.clock.now_us(), language)

    def all_of_them(language: str) -> Sequence[Mapping[str, Any]]:
        book = node.context.parameters
        return [document(parameter, book, language) for _, parameter in sorted(book.declared.items())]

    def within(name: str, language: str, uow: Any) -> Mapping[str, Any] | None:
        book = book_within(uow)
        return document(book.declared[name], book, language) if name in book.declared else None

    return Held(
        "parameter",
        READ,
        ParameterDocument,
        all_of_them,
        HeldChange(ParameterChange, _set, within, "Set a parameter, at once or from a moment on."),
        "What may be changed while the node runs.",
    )


def book_within(uow: Any) -> ParameterBook:
    """What counts, as the transaction has it."""
    book = uow.node.parameters
    return read_book(uow.query, book.declared, uow.now_us, book.of_others)


def why(given: str, actor: Actor) -> str:
    """The reason in the body, or else that of the header."""
    return given or actor.why


def moment_us(moment: datetime | None) -> int:
    """Microseconds since 1970; none: 0."""
    return 0 if moment is None else max(0, (moment - _EPOCH) // MICROSECOND)


def version_key(table: sa.Table) -> sa.ColumnElement[str]:
    """What names a version among all: `<parameter>:<number>`."""
    return table.c.name + ":" + sa.cast(table.c.version, sa.String(20))


def read_key(key: str) -> tuple[str, int]:
    """The parameter and the number; 0, which no version has, where it is none."""
    name, _, number = key.rpartition(":")
    return name, int(number) if number.isascii() and number.isdigit() and len(number) < len(str(2**63)) else 0


def _set(name: str, change: ParameterChange, actor: Actor) -> SetParameter:
    return SetParameter(name, change.value, why(change.reason, actor), moment_us(change.effective_date))


def _withdraw(key: str, actor: Actor) -> WithdrawParameter:
    return WithdrawParameter(*read_key(key), actor.why)


def version_attributes(table: sa.Table) -> tuple[Attribute, ...]:
    """What both histories tell of a version."""
    c = table.c
    return (
        Attribute("parameter", c.name),
        Attribute("version", c.version, INTEGER),
        Attribute("value", not_empty(c.value), VALUE, filterable=False, sortable=False, en="None: says nothing."),
        Attribute("effectiveDate", c.effective_from_us, MOMENT),
        Attribute("setDate", c.set_at_us, MOMENT),
        Attribute("setBy", c.set_by),
        Attribute("reason", c.reason, filterable=False, sortable=False),
        Attribute("withdrawalDate", happened(c.withdrawn_at_us), MOMENT),
    )


PARAMETER_VERSION = Resource(
    "parameterVersion",
    READ,
    parameter_versions,
    Attribute("id", version_key(parameter_versions)),
    version_attributes(parameter_versions),
    default_sort="-setDate",
    delete=Delete(_withdraw, en="Withdraw a value that has not come into force; the header says why."),
    en="A value that the node gave a parameter, ever: who, when, why. Without `value`: its default.",
)

NETWORK_VERSION = Resource(
    "networkParameterVersion",
    READ,
    network_parameters,
    Attribute("id", version_key(network_parameters)),
    (
        *version_attributes(network_parameters),
        Attribute("least", not_empty(network_parameters.c.least), BOUND, filterable=False, sortable=False),
        Attribute("most", not_empty(network_parameters.c.most), BOUND, filterable=False, sortable=False),
        Attribute("fixed", network_parameters.c.fixed, BOOLEAN, filterable=False, sortable=False),
    ),
    default_sort="-setDate",
    en="A value that headquarters published for the whole network, as far as this node has heard of it.",
)


def _parameter(parameter: Parameter[Any], book: ParameterBook, now_us: int, language: str) -> Mapping[str, Any]:
    layer = shown_layer(parameter, book, now_us)
    source = SOURCES[layer["layer"]]
    by_source: dict[str, Any] = {
        "local": book.version_at(parameter.name, now_us),
        "network": book.published_at(parameter.name, now_us),
    }
    counts = by_source.get(source)
    said = None
    if layer["network_value"] is not None:
        said = NetworkDocument(
            value=layer["network_value"], **{name: layer[name] for name in ("least", "most", "fixed")}
        )
    told = ParameterDocument(
        id=parameter.name,
        description=described(parameter, language),
        value_type=ValueTypeDocument(**parameter.value_type.document()),
        value=book.value(parameter, now_us),
        default=book.declared.get(parameter.name, parameter).default,
        source=source,
        effective_date=None if counts is None else write_moment(counts.effective_from_us),
        cut_from=layer["cut_from"],
        network=said,
        scheduled=waiting(book.timelines.get(parameter.name, ()), now_us),
        scheduled_by_network=waiting(book.network.get(parameter.name, ()), now_us),
    )
    return written(told)


def written(told: Document) -> Mapping[str, Any]:
    """As a document, without what is not there."""
    return told.model_dump(by_alias=True, exclude_none=True)


def described(parameter: Parameter[Any], language: str) -> str:
    """What it is for, in the caller's language."""
    return parameter.zh if language.startswith("zh") else parameter.en


def waiting(timeline: Sequence[Any], now_us: int) -> list[VersionDocument]:
    """What waits for its time, the first first."""
    return [
        VersionDocument(
            id=f"{one.name}:{one.version}",
            value=one.value,
            effective_date=write_moment(one.effective_from_us),
            set_by=one.set_by,
            reason=one.reason,
        )
        for one in reversed(timeline)
        if one.effective_from_us > now_us
    ]

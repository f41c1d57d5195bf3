"""Dictionaries over the public REST interface: their values in the caller's language, their history, changing them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from starlette.responses import Response

from common.access_control.rights import Permission
from common.dictionaries.commands import SetDictionaryValues
from common.dictionaries.model import (
    CODE_CHARACTERS_MAX,
    LOCAL,
    NAME_CHARACTERS_MAX,
    NETWORK,
    PLACE_MAX,
    REASON_CHARACTERS_MAX,
    VALUES_MAX,
    Dictionary,
    DictionaryBook,
    DictionaryValue,
)
from common.dictionaries.permissions import READ, SET
from common.dictionaries.repository import dictionary_values
from common.program.node import Node
from common.rest.attributes import BOOLEAN, INTEGER, MOMENT, Attribute, happened, listed, not_empty, write_moment
from common.rest.bodies import Body
from common.rest.calls import Call, document_answer, response_of
from common.rest.held import Held
from common.rest.resource import Resource, Task

DICTIONARY_CHARACTERS_MAX = 64
DATE: dict[str, Any] = {"format": "date-time"}
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


class WrittenDictionaryValue(Body):
    """A value as it is from now on."""

    code: str = Field(max_length=CODE_CHARACTERS_MAX)
    name_zh: str = Field(max_length=NAME_CHARACTERS_MAX)
    name_en: str = Field(max_length=NAME_CHARACTERS_MAX)
    place: int = Field(default=0, ge=0, le=PLACE_MAX)
    """Orders the values."""
    active: bool = True
    start: AwareDatetime | None = None
    """It may be used from then on; nothing: at once."""
    end: AwareDatetime | None = None
    """It may be used until then; nothing: for good."""
    parent: str = Field(default="", max_length=CODE_CHARACTERS_MAX)

    def value(self) -> DictionaryValue:
        """What it means."""
        names = {"code": self.code, "zh": self.name_zh, "en": self.name_en, "parent": self.parent}
        # The beginning of the reckoning is long over, and stands for no end at all.
        until_us = 0 if self.end is None else max(1, _us(self.end))
        return DictionaryValue(
            **names, place=self.place, active=self.active, from_us=_us(self.start), until_us=until_us
        )


class DictionaryChange(Body):
    """Values to be added or changed; all others stay."""

    dictionary: str = Field(max_length=DICTIONARY_CHARACTERS_MAX)
    value: list[WrittenDictionaryValue] = Field(min_length=1, max_length=VALUES_MAX)
    reason: str = Field(default="", max_length=REASON_CHARACTERS_MAX)
    """Why; here or in the header."""

    def values(self) -> tuple[DictionaryValue, ...]:
        """What they mean."""
        return tuple(each.value() for each in self.value)


class _Document(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class DictionaryValueDocument(_Document):
    """A coded value. `name` is in the caller's language; `usable`: now; `origin`: `built-in`, `network` (headquarters)
    or `local` (this node)."""

    code: str
    name: str
    name_zh: str
    name_en: str
    place: int
    active: bool
    start: str | None = Field(default=None, json_schema_extra=DATE)
    end: str | None = Field(default=None, json_schema_extra=DATE)
    parent: str | None = None
    origin: str
    usable: bool


class DictionaryDocument(_Document):
    """Coded values in their order. `open`: nodes may add values of their own."""

    id: str
    description: str
    open: bool
    value: list[DictionaryValueDocument]


class DictionaryChanged(_Document):
    """Which values were added or changed; those that were so already are not among them."""

    dictionary: str
    changed: list[str]


def dictionary_held(node: Node) -> Held:
    """The dictionaries of one node."""

    def all_of_them(language: str) -> Sequence[Mapping[str, Any]]:
        book, now_us = node.context.dictionaries, node.clock.now_us()
        return [_dictionary(dictionary, book, now_us, language) for _, dictionary in sorted(book.declared.items())]

    return Held("dictionary", READ, DictionaryDocument, all_of_them, en="Coded values, such as channels.")


def dictionary_task(
    node: Node, name: str, needs: Permission, command: Callable[[DictionaryChange, str], Any], en: str
) -> Task:
    """Adding values, or changing them. `command(change, reason)`."""

    async def run(call: Call, given: DictionaryChange) -> Response:
        versions = await node.writer.execute(command(given, given.reason or call.actor.why), actor=call.actor)
        told = DictionaryChanged(dictionary=given.dictionary, changed=[each.value.code for each in versions])
        return response_of(document_answer(told.model_dump(by_alias=True)))

    return Task(name, "POST", needs, run, DictionaryChange, DictionaryChanged, en)


def set_task(node: Node) -> Task:
    """The node's own values."""

    def command(given: DictionaryChange, reason: str) -> SetDictionaryValues:
        return SetDictionaryValues(given.dictionary, given.values(), reason)

    return dictionary_task(
        node, "setDictionaryValues", SET, command, "Add values of the node's own to a dictionary, or change them."
    )


_C = dictionary_values.c
DICTIONARY_VERSION = Resource(
    "dictionaryValueVersion",
    READ,
    dictionary_values,
    Attribute("id", _C.origin + ":" + _C.dictionary + ":" + _C.code + ":" + sa.cast(_C.version, sa.String(20))),
    (
        Attribute("dictionary", _C.dictionary),
        Attribute("code", _C.code),
        Attribute("version", _C.version, INTEGER),
        Attribute("origin", _C.origin, listed((NETWORK, LOCAL))),
        Attribute("nameZh", _C.zh),
        Attribute("nameEn", _C.en),
        Attribute("place", _C.place, INTEGER),
        Attribute("active", _C.active, BOOLEAN, filterable=False, sortable=False),
        Attribute("start", happened(_C.from_us), MOMENT),
        Attribute("end", happened(_C.until_us), MOMENT),
        Attribute("parent", not_empty(_C.parent)),
        Attribute("setDate", _C.set_at_us, MOMENT),
        Attribute("setBy", _C.set_by),
        Attribute("reason", _C.reason, filterable=False, sortable=False),
    ),
    default_sort="-setDate",
    en="A value as it was given at one time, by headquarters or by this node: who, when, why.",
)


def _dictionary(dictionary: Dictionary, book: DictionaryBook, now_us: int, language: str) -> Mapping[str, Any]:
    values = [
        DictionaryValueDocument(
            code=code,
            name=entry.value.name(language),
            name_zh=entry.value.zh,
            name_en=entry.value.en,
            place=entry.value.place,
            active=entry.value.active,
            start=write_moment(entry.value.from_us) if entry.value.from_us else None,
            end=write_moment(entry.value.until_us) if entry.value.until_us else None,
            parent=entry.value.parent or None,
            origin=entry.origin,
            usable=book.is_usable(dictionary.name, code, now_us),
        )
        for code, entry in book.of(dictionary.name).items()
    ]
    description = dictionary.zh if language.startswith("zh") else dictionary.en
    told = DictionaryDocument(id=dictionary.name, description=description, open=dictionary.open, value=values)
    return told.model_dump(by_alias=True, exclude_none=True)


def _us(moment: datetime | None) -> int:
    return 0 if moment is None else max(0, (moment - _EPOCH) // _MICROSECOND)

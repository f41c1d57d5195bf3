"""Dictionaries over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from common.dictionaries.commands import SetDictionaryValues
from common.dictionaries.model import (
    CODE_CHARACTERS_MAX,
    MOMENT_MAX_US,
    NAME_CHARACTERS_MAX,
    PLACE_MAX,
    REASON_CHARACTERS_MAX,
    VALUES_MAX,
    DictionaryValue,
    DictionaryVersion,
)
from common.dictionaries.queries import list_dictionaries, show_dictionary
from common.program.node import Node
from common.routing import Router

Moment = Annotated[StrictInt, Field(ge=0, lt=MOMENT_MAX_US)]


class WrittenValue(BaseModel):
    """A value as it is from now on. Moments in µs since 1970."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(max_length=CODE_CHARACTERS_MAX)
    zh: str = Field(max_length=NAME_CHARACTERS_MAX)
    en: str = Field(max_length=NAME_CHARACTERS_MAX)
    place: StrictInt = Field(default=0, ge=0, le=PLACE_MAX)
    active: StrictBool = True
    from_us: Moment = 0
    until_us: Moment = 0
    parent: str = Field(default="", max_length=CODE_CHARACTERS_MAX)

    def value(self) -> DictionaryValue:
        """What it means."""
        return DictionaryValue(**self.model_dump())


class WrittenValues(BaseModel):
    """Values to be added or changed, and why."""

    model_config = ConfigDict(extra="forbid")

    values: Annotated[list[WrittenValue], Field(min_length=1, max_length=VALUES_MAX)]
    reason: str = Field(max_length=REASON_CHARACTERS_MAX)

    def as_told(self) -> tuple[DictionaryValue, ...]:
        """What they mean."""
        return tuple(each.value() for each in self.values)


def changed(versions: tuple[DictionaryVersion, ...]) -> dict[str, Any]:
    """The codes of what was added or changed, for an answer."""
    return {"changed": [version.value.code for version in versions]}


def dictionary_routes(node: Node) -> Router:
    """The routes of one node."""
    router = Router(prefix="/dictionaries")

    @router.get("")
    async def dictionaries() -> dict[str, Any]:
        return list_dictionaries(node.context.dictionaries, node.clock.now_us())

    @router.get("/{name}")
    async def show(name: str) -> dict[str, Any]:
        return await node.reads.run(show_dictionary, node.context.dictionaries, name, node.clock.now_us())

    @router.post("/{name}/values")
    async def set_values(name: str, given: WrittenValues) -> dict[str, Any]:
        wish = SetDictionaryValues(name, given.as_told(), given.reason)
        return changed(await node.local_desk.execute(wish))

    return router

"""The declaration of a resource that a node holds in memory: a few things, its parameters say, read without a query.

All are listed at once; each has an address, an ETag, and where it can be changed a merge patch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from common.access_control.actor import Actor
from common.access_control.rights import Permission

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class HeldChange:
    """How one is changed: `command(id, body, actor)`; If-Match must be given. `within(id, language, uow)`: the document
    as the transaction has it; None where there is none."""

    body: type[BaseModel]
    command: Callable[[str, Any, Actor], Any]
    within: Callable[[str, str, Any], Document | None]
    en: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """A kind of thing that a node holds in memory. `all(language)`: the documents as they are now, in an order of their
    own, as `document` describes them, each with its `id`."""

    name: str
    reading: Permission
    document: type[BaseModel]
    all: Callable[[str], Sequence[Document]]
    change: HeldChange | None = None
    en: str = ""

    @property
    def type_name(self) -> str:
        """What stands in `@type`."""
        return self.name[0].upper() + self.name[1:]

    def one(self, identity: str, language: str) -> Document | None:
        """One of them, if it is there."""
        return next((each for each in self.all(language) if each["id"] == identity), None)

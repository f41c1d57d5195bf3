"""The declaration of a resource: its attributes, and what can be done with it. A list of routes is made from it.

    Resource(
        "serviceRequest", READING, requests, Attribute("id", requests.c.request_id, IDENTITY),
        attributes=(Attribute("state", STATE), ...), create=Create(NewServiceRequest, submit, created=id_of),
    )

What is not declared is not there: no filter, no field in a body, no method.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel

from common.access_control.actor import Actor
from common.access_control.rights import Permission
from common.operators.row_scope import Belongs
from common.rest.attributes import Attribute, Collection, Constant
from common.rest.held import Held

ALWAYS_SHOWN = frozenset({"id", "href", "@type"})
"""Without these a document is nothing."""

_CAPITAL = re.compile(r"[A-Z]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Create:
    """How a resource comes about: `command(body, actor)` is executed, and `created(result)` is the key of the new
    one."""

    body: type[BaseModel]
    command: Callable[[Any, Actor], Any]
    created: Callable[[Any], Any]
    tells: tuple[str, Callable[[Any], str]] | None = None
    """A field of the answer that is told this once and never again: its name, and `value(result)`."""
    en: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """How a resource is changed by a merge patch: `body` has the editable attributes, all optional; what is None in it
    was null in the patch. `command(key, changes, actor)`, where `changes` holds what the patch names, and nothing
    else."""

    body: type[BaseModel]
    command: Callable[[Any, Mapping[str, Any], Actor], Any]
    needs_match: bool = False
    """Whether If-Match must be given."""
    en: str = ""


@dataclass(frozen=True, slots=True)
class Delete:
    """How a resource is removed: `command(key, actor)`."""

    command: Callable[[Any, Actor], Any]
    needs_match: bool = False
    en: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """Something else to be read of one resource, at `<resource>/{id}/<name>`: `query(connection, key)`, whose result is
    what `document` says."""

    name: str
    document: type[BaseModel]
    query: Callable[[sa.Connection, Any], Mapping[str, Any]]
    en: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of thing that an API offers. `reading` is what a caller needs in order to see any of them; what creating
    and changing needs, their commands' features declare. `where`: which rows of the table are of the kind; all, where
    it is None."""

    name: str
    reading: Permission
    table: sa.FromClause
    key: Attribute
    attributes: tuple[Attribute, ...] = ()
    constants: tuple[Constant, ...] = ()
    collections: tuple[Collection, ...] = ()
    where: sa.ColumnElement[bool] | None = None
    default_sort: str = "id"
    create: Create | None = None
    change: Change | None = None
    delete: Delete | None = None
    views: tuple[View, ...] = ()
    owned: Callable[[Actor], sa.ColumnElement[bool]] | None = None
    """Which rows are there for somebody at the most, whatever else they may see; None: no such limit."""
    belongs: Belongs | None = None
    """Which columns say whose a row is; None: only who reaches all rows reaches any."""
    customer: str = "id"
    """At which path of a document the number of the customer stands whose it is: for resources with personal data."""
    streamed: bool = True
    """Whether all of them can be read at once, as lines or as CSV."""
    en: str = ""
    by_name: Mapping[str, Attribute] = field(init=False)

    def __post_init__(self) -> None:
        assert self.key.name == "id", f"{self.name}: the key is the attribute id"
        by_name = {attribute.name: attribute for attribute in (self.key, *self.attributes)}
        for collection in self.collections:
            assert not any(part.personal for part in collection.attributes), f"{self.name}: personal data in a part"
            by_name |= {f"{collection.name}.{name}": part for name, part in collection.by_name.items()}
        object.__setattr__(self, "by_name", by_name)

    @property
    def type_name(self) -> str:
        """What stands in `@type`."""
        return self.name[0].upper() + self.name[1:]

    @property
    def personal(self) -> bool:
        """Whether any of its attributes is personal data."""
        return any(attribute.personal for attribute in self.by_name.values())

    def field_of(self, first: str) -> str:
        """By which name roles speak of an attribute of the first level: `cityCode` is `city_code`."""
        return _CAPITAL.sub(lambda found: f"_{found[0].lower()}", first)

    @property
    def filters(self) -> Mapping[str, Attribute]:
        """The attributes by which lists can be narrowed."""
        return {name: attribute for name, attribute in self.by_name.items() if attribute.filterable}

    @property
    def sorts(self) -> Mapping[str, Attribute]:
        """The attributes by which lists can be sorted."""
        own = (self.key, *self.attributes)
        return {attribute.name: attribute for attribute in own if attribute.sortable}

    @property
    def first_level(self) -> tuple[str, ...]:
        """The names that `fields` knows, in the document's order."""
        return tuple(dict.fromkeys(self._first_level()))

    def _first_level(self) -> Iterator[str]:
        yield from ("id", "href")
        yield from (attribute.first for attribute in self.attributes)
        yield from (constant.path.replace("[]", "").partition(".")[0] for constant in self.constants)
        yield from (collection.name for collection in self.collections)
        yield "@type"

    def collection_of(self, name: str) -> Collection | None:
        """The collection whose part is known by this name, or None."""
        first, _, rest = name.partition(".")
        return next((found for found in self.collections if found.name == first and rest in found.by_name), None)


@dataclass(frozen=True, slots=True)
class EventKind:
    """A type of event that an API's hub tells: made of the in-process events of the type `recorded`, about the resource
    whose key is `key(event)`, where `when(document)` says that it is one."""

    name: str
    resource: str
    recorded: type
    key: Callable[[Any], Any]
    when: Callable[[Mapping[str, Any]], bool] = lambda _document: True
    title: str = ""
    en: str = ""


class TaskFor(Enum):
    """For whom a task is that needs no permission."""

    ANYBODY = "anybody"
    """Who need not be known: for signing in."""
    OPERATORS = "operators"
    """People who are signed in, about themselves."""


FOR_ANYBODY, FOR_OPERATORS = TaskFor.ANYBODY, TaskFor.OPERATORS


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done, at `<base>/<name>`, that leaves no resource to be read there: `run(call, body)` gives the
    response. `body`: None where none is taken; `document`: what is answered (200); None: nothing (204)."""

    name: str
    method: str
    needs: Permission | TaskFor
    run: Callable[[Any, Any], Awaitable[Any]]
    body: type[BaseModel] | None
    document: type[BaseModel] | None
    en: str
    parameters: type[BaseModel] | None = None
    """What the address may name behind its question mark, each at most once; `run` is given it in place of a body. Of
    a GET."""
    whole: bool = False
    """Whether it is about the node as a whole, or about records of which nobody can tell whose they are: then the
    permission must reach all of the node's."""

    def __post_init__(self) -> None:
        assert self.parameters is None or (self.body is None and self.method == "GET"), self.name


@dataclass(frozen=True, slots=True)
class Api:
    """Resources and tasks under one base path, with a hub of their own.

    `name` is what its subscriptions are kept under; `events` are what its hub tells.
    """

    name: str
    base: str
    title: str
    resources: tuple[Resource, ...]
    events: tuple[EventKind, ...] = ()
    tasks: tuple[Task, ...] = ()
    held: tuple[Held, ...] = ()
    awaits: bool = False
    """Whether some of what is changed by it may need a second person (202)."""

    def __post_init__(self) -> None:
        assert self.base.startswith("/"), self.base
        assert not self.base.endswith("/"), self.base
        told = {event.resource for event in self.events}
        personal = {resource.name for resource in self.resources if resource.personal}
        assert not told & personal, f"{self.name}: nobody is noted as reading what events tell"

    def address(self, resource: Resource | Held) -> str:
        """Where the list of a resource is."""
        return f"{self.base}/{resource.name}"

    def task_address(self, task: Task) -> str:
        """Where a task is done."""
        return f"{self.base}/{task.name}"

"""The REST interface of a node in a federation, called in the same process; and a resource of no business, which has
all that a resource can have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import sqlalchemy as sa
from pydantic import BaseModel, Field
from starlette.applications import Starlette
from starlette.requests import Request

from common.access_control.actor import Actor, ActorKind
from common.access_control.needs import Declared, Needs
from common.access_control.rights import EVERYTHING, NOTHING, Permission, Rights, Scope
from common.communication.setting_up import add_communication
from common.communication.settings import CommunicationSettings
from common.db.engine import open_reader
from common.db.rows import RowSpec
from common.errors import Refusal
from common.event_hub.announcing import announcers
from common.event_hub.parameters import PLAIN_HTTP_CALLBACKS, PRIVATE_CALLBACKS
from common.event_hub.repository import hub_deliveries, hub_subscriptions
from common.metrics import NodeMetrics
from common.operators.keeper import AccessKeeper
from common.parameters.commands import SetParameter
from common.program.data_directory import DataDirectory
from common.program.inline_writer import InlineWriter
from common.program.node import Node, add_sign_in
from common.program.reads import Reads
from common.rest.access import Shown
from common.rest.app import build_api
from common.rest.attributes import (
    BOOLEAN,
    IDENTITY,
    INTEGER,
    MOMENT,
    Attribute,
    Collection,
    Constant,
    happened,
    listed,
)
from common.rest.bodies import Body
from common.rest.errors import NotSignedIn, ResourceNotFound
from common.rest.merge_patch import merge
from common.rest.repository import rest_answers
from common.rest.resource import Api, Change, Create, Delete, Resource, View
from common.settings import ApiSettings
from common.sign_in.settings import SignInSettings
from province_node.settings import ProvinceSettings
from province_node.web import ROLE
from tests.support.federation import SHANGHAI, Federation
from tests.support.stores import Databases

TABLES = sa.MetaData()
READING = Permission("note", "read")
RIGHTS = {
    "reader": Rights({READING: Scope.PROVINCE}),
    "local reader": Rights({READING: Scope.ORGANISATION}),
    "writer": Rights({Permission("note", "write"): Scope.PROVINCE}),
}
"""What callers of these names may do; all others everything."""
SESSION = "0192f0c4-7b1e-7c3a-9d55-2f6f3c1a8b90"
"""The session of every caller, as the audit log would name it; there is none of this id."""
CHEAP = SignInSettings(hashing_memory_kib=32, hashing_iterations=1, hashing_lanes=1)
"""Passwords of tests need not be dear to guess."""
COLOURS = ("red", "green", "blue")

NOTES = sa.Table(
    "notes",
    TABLES,
    sa.Column("note_id", sa.LargeBinary(16), primary_key=True),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("colour", sa.String(8), nullable=False),
    sa.Column("weight", sa.BigInteger, nullable=True),
    sa.Column("urgent", sa.Boolean, nullable=False),
    sa.Column("owner", sa.String(128), nullable=False),
    sa.Column("written_at_us", sa.BigInteger, nullable=False),
    sa.Column("read_at_us", sa.BigInteger, nullable=False),
)
LINES = sa.Table(
    "note_lines",
    TABLES,
    sa.Column("note_id", sa.LargeBinary(16), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("words", sa.String(200), nullable=False),
)


class NoteRow(NamedTuple):
    note_id: bytes
    title: str
    colour: str
    weight: int | None
    urgent: bool
    owner: str
    written_at_us: int
    read_at_us: int = 0


class LineRow(NamedTuple):
    note_id: bytes
    number: int
    words: str


NOTE_ROWS, LINE_ROWS = RowSpec(NOTES, NoteRow), RowSpec(LINES, LineRow, key_width=2)


@dataclass(frozen=True, slots=True)
class WriteNote:
    title: str
    colour: str
    weight: int | None
    urgent: bool
    lines: tuple[str, ...]
    owner: str


@dataclass(frozen=True, slots=True)
class ChangeNote:
    note_id: bytes
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TearNote:
    note_id: bytes


class NoteTorn(Refusal):
    """Notes of the title "kept" cannot be torn."""

    en, zh = "This note is kept.", "该便笺须保留。"


def write_note(command: WriteNote, uow: Any) -> bytes:
    identity: bytes = uow.ids.new()
    row = NoteRow(identity, command.title, command.colour, command.weight, command.urgent, command.owner, uow.now_us)
    uow.rows(NOTE_ROWS).insert(row)
    for number, words in enumerate(command.lines, start=1):
        uow.rows(LINE_ROWS).insert(LineRow(identity, number, words))
    return identity


def change_note(command: ChangeNote, uow: Any) -> None:
    row = uow.rows(NOTE_ROWS).get(command.note_id)
    if row is None:
        raise ResourceNotFound(resource="note")
    names = ("title", "colour", "weight", "urgent")
    known = {name: getattr(row, name) for name in names if getattr(row, name) is not None}
    wanted = merge(known, command.changes)
    uow.rows(NOTE_ROWS).update(row._replace(**{name: wanted.get(name) for name in names}))


def tear_note(command: TearNote, uow: Any) -> None:
    row = uow.rows(NOTE_ROWS).get(command.note_id)
    if row is None:
        raise ResourceNotFound(resource="note")
    if row.title == "kept":
        raise NoteTorn()
    uow.rows(NOTE_ROWS).delete(command.note_id)


HANDLERS: Mapping[type, Callable[[Any, Any], Any]] = {
    WriteNote: write_note,
    ChangeNote: change_note,
    TearNote: tear_note,
}


NEEDS: Declared = {
    WriteNote: Needs("note", "write", record=lambda wish: wish.colour),
    ChangeNote: Needs("note", "change"),
    TearNote: Needs("note", "tear"),
}


class NewNote(Body):
    """A note to be written."""

    title: str = Field(min_length=1, max_length=200)
    colour: str = Field(default="red", pattern="^(red|green|blue)$")
    weight: int | None = Field(default=None, ge=-(2**63), le=2**63 - 1)
    urgent: bool = False
    line: list[str] = Field(default=[], max_length=5)


class NoteChange(Body):
    """What of a note may be changed."""

    title: str = Field(default="", min_length=1, max_length=200)
    colour: str = Field(default="red", pattern="^(red|green|blue)$")
    weight: int | None = Field(default=None, ge=-(2**63), le=2**63 - 1)


class Length(BaseModel):
    """How long a note's title is."""

    characters: int


def _length(connection: sa.Connection, note_id: bytes) -> Mapping[str, Any]:
    title = connection.execute(sa.select(NOTES.c.title).where(NOTES.c.note_id == note_id)).scalar_one()
    return {"characters": len(title)}


def _write(new: NewNote, actor: Actor) -> WriteNote:
    return WriteNote(new.title, new.colour, new.weight, new.urgent, tuple(new.line), actor.name)


NOTE = Resource(
    "note",
    READING,
    NOTES,
    Attribute("id", NOTES.c.note_id, IDENTITY),
    (
        Attribute("title", NOTES.c.title),
        Attribute("colour", NOTES.c.colour, listed(COLOURS)),
        Attribute("weight", NOTES.c.weight, INTEGER),
        Attribute("urgent", NOTES.c.urgent, BOOLEAN),
        Attribute("relatedParty[].id", NOTES.c.owner),
        Attribute("validFor.startDateTime", NOTES.c.written_at_us, MOMENT),
        Attribute("readDate", happened(NOTES.c.read_at_us), MOMENT),
    ),
    (Constant("relatedParty[].role", "owner"),),
    (
        Collection(
            "line",
            LINES,
            LINES.c.note_id == NOTES.c.note_id,
            LINES.c.number,
            (Attribute("number", LINES.c.number, INTEGER), Attribute("words", LINES.c.words)),
        ),
    ),
    create=Create(NewNote, _write, lambda identity: identity),
    change=Change(NoteChange, lambda key, changes, _actor: ChangeNote(key, changes), needs_match=True),
    delete=Delete(lambda key, _actor: TearNote(key)),
    views=(View("length", Length, _length),),
)
NOTE_API = Api("noteManagement", "/tmf-api/noteManagement/v4", "Notes", (NOTE,))
ADDRESS = NOTE_API.address(NOTE)


async def named_by_header(request: Request) -> Actor:
    """Whoever the call says it is: a stand-in for signing in."""
    name = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not name:
        raise NotSignedIn()
    return Actor(ActorKind.OPERATOR, name, session=SESSION, rights=RIGHTS.get(name, EVERYTHING))


class Everything:
    """Everybody reaches everything, but for what is said otherwise."""

    def __init__(self) -> None:
        self.of_owner = False
        self.hides: frozenset[str] = frozenset()

    def rows(self, actor: Actor, resource: Resource) -> sa.ColumnElement[bool] | None:
        return NOTES.c.owner == actor.name if self.of_owner else None

    def shown(self, actor: Actor, resource: Resource) -> Shown:
        return Shown(self.hides, unsearchable=self.hides)


class RestNode:
    """A province's node in a federation in one thread, and callers of its REST interface."""

    def __init__(self, databases: Databases, apis: Callable[[Node], Sequence[Api]], room: Path, **limits: Any) -> None:
        self.federation = Federation(databases, HANDLERS, needs=NEEDS)
        core = self.core = self.federation.cores[SHANGHAI]
        for parameter in (PRIVATE_CALLBACKS, PLAIN_HTTP_CALLBACKS):
            InlineWriter(core.dispatcher).run(SetParameter(parameter.name, True, "receivers on this machine"))
        TABLES.create_all(core.connection)
        core.connection.commit()
        self.settings = ProvinceSettings(node=SHANGHAI, api=ApiSettings(**limits), sign_in=CHEAP)
        url = self.federation.urls[SHANGHAI]
        self.node = Node(
            role=ROLE,
            data=DataDirectory(room),
            settings=self.settings,
            clock=self.federation.clock,
            core=core,
            reads=Reads(open_reader(url, 4), 4),
            writer=InlineWriter(core.dispatcher),
            metrics=NodeMetrics(SHANGHAI, "province", "0"),
        )
        self.node.access = AccessKeeper(self.node.reads, self.federation.clock, shared=False)
        add_sign_in(self.node, self.federation._entropy)
        add_communication(self.node, CommunicationSettings())
        self.access = Everything()
        self.apis = apis(self.node)
        core.announcers.update(announcers(self.apis))
        self.app: Starlette = build_api(self.node, self.apis, self.access, named_by_header)

    def client(self, name: str = "clerk", **headers: str) -> httpx.AsyncClient:
        """Somebody who calls; nobody, where the name is empty."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        named = {"Authorization": f"Bearer {name}"} if name else {}
        return httpx.AsyncClient(transport=transport, base_url="http://node", headers={**named, **headers})

    def take_away(self, name: str) -> None:
        """This caller may do nothing from now on."""
        RIGHTS[name] = NOTHING

    def give_back(self, name: str) -> None:
        """The caller may do everything again."""
        RIGHTS.pop(name, None)

    def empty(self) -> None:
        """Nothing was written, nobody has called, and everything is allowed."""
        for table in (NOTES, LINES, rest_answers, hub_subscriptions, hub_deliveries):
            self.core.connection.execute(sa.delete(table))
        self.core.connection.commit()
        self.give_back("clerk")
        self.access = Everything()
        self.app = build_api(self.node, self.apis, self.access, named_by_header)

    def close(self) -> None:
        self.node.sign_in.passwords.close()
        self.node.reads.close()
        self.federation.close()

"""A province's node with the port for messages to people, adapters that answer as they are told, and a caller."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from common.access_control.actor import SYSTEM, Actor, local_actor
from common.communication.model import SMS, Message
from common.communication.sending import send_message
from common.db.engine import open_reader
from common.errors import Refusal
from common.interfaces.calling import Caller
from common.interfaces.desk import InterfaceDesk
from common.interfaces.events import CallAnswered
from common.interfaces.model import Adapter, Answer, Call, done
from common.interfaces.parameters import TRIES_MAX
from common.interfaces.queries import adapter_health, list_calls
from common.interfaces.repository import HealthRow, healthy, interface_calls
from common.metrics import NodeMetrics
from common.parameters.commands import SetParameter
from common.program.data_directory import DataDirectory
from common.program.inline_writer import InlineWriter
from common.program.node import Node
from common.program.reads import Reads
from province_node.settings import ProvinceSettings
from province_node.web import ROLE
from tests.support.federation import SHANGHAI, Federation
from tests.support.stores import Databases

PORT = "communication"
OWNER = local_actor("root")
NUMBER, TEXT = "13800138000", "canary-text-4711"
SOON_S = 0.2
"""So long an answer is waited for that does not come."""


@dataclass(frozen=True, slots=True)
class Send:
    """Somebody wishes a message to be sent; `fails`: and the wish fails afterwards."""

    message: Message
    customer_number: str = ""
    not_after_us: int = 0
    fails: bool = False


def send(command: Send, uow: Any) -> bytes:
    call_id = send_message(
        uow, command.message, customer_number=command.customer_number, not_after_us=command.not_after_us
    )
    if command.fails:
        raise Changed()
    return call_id


@dataclass(frozen=True, slots=True)
class Erase:
    """A customer is erased."""

    customer_number: str


def erase(command: Erase, uow: Any) -> None:
    uow.personal_data.destroy(command.customer_number)


class Changed(Refusal):
    """What wished the message is refused after all."""


@dataclass
class Scripted:
    """Answers with these in turn, and then always with the last; keeps what it was asked."""

    answers: list[Answer] = field(default_factory=lambda: [done("ref-1")])
    lacking: tuple[str, str] | None = None
    calls: list[Call] = field(default_factory=list)
    probes: int = 0

    def lacks(self) -> tuple[str, str] | None:
        return self.lacking

    async def make(self, call: Call) -> Answer:
        self.calls.append(call)
        return self._next()

    async def probe(self) -> Answer:
        self.probes += 1
        return self._next()

    def _next(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class CallingNode:
    """Shanghai in a federation in one thread."""

    def __init__(self, databases: Databases, room: Path, handlers: Mapping[type, Callable[..., Any]] | None = None):
        self.federation = Federation(databases, {Send: send, Erase: erase, **(handlers or {})})
        self.clock, self.core = self.federation.clock, self.federation.cores[SHANGHAI]
        self.node = Node(
            role=ROLE,
            data=DataDirectory(room),
            settings=ProvinceSettings(node=SHANGHAI),
            clock=self.clock,
            core=self.core,
            reads=Reads(open_reader(self.federation.urls[SHANGHAI], 2), 2),
            writer=InlineWriter(self.core.dispatcher),
            metrics=NodeMetrics(SHANGHAI, "province", "0"),
        )
        self.core.dispatcher.subscribe(CallAnswered, self.node.metrics.interface_answered)
        self.adapters = {name: Scripted() for name in ("simulator", "file", "rest")}
        self.use(self.adapters)

    def use(self, adapters: Mapping[str, Adapter]) -> None:
        """These are the adapters from now on."""
        self.desk = self.node.interfaces = InterfaceDesk(self.node, {PORT: adapters}, seconds_max=SOON_S)
        self.caller = self.new_caller()

    def new_caller(self) -> Caller:
        """A caller, as another process or a later start has it."""
        caller = Caller(self.node, self.desk)
        self.desk.tells = caller.tell
        return caller

    @property
    def simulator(self) -> Scripted:
        """The adapter that is in use at first."""
        return self.adapters["simulator"]

    def run(self, command: Any, actor: Actor = SYSTEM) -> Any:
        return InlineWriter(self.core.dispatcher).run(command, actor)

    def send(self, text: str = TEXT, **more: Any) -> bytes:
        """A message that waits; its call. Some time goes by before the next one, so that their ids are in order."""
        self.clock.at_us += 1_000
        return bytes(self.run(Send(Message(SMS, NUMBER, text), **more)))

    def set(self, name: str, value: Any) -> None:
        self.run(SetParameter(name, value, "a test"))

    def tries(self, most: int) -> None:
        self.set(TRIES_MAX.name, most)

    def calls(self, *names: str) -> list[Any]:
        """The log, the first call first: the named columns of each, or the only one."""
        found = self.node.reads.now(list_calls, PORT, "", None, 1_000)[::-1]
        columns: Sequence[str] = names or ("state",)
        return [each[columns[0]] if len(columns) == 1 else tuple(each[name] for name in columns) for each in found]

    def health(self, adapter: str = "simulator") -> HealthRow:
        known: dict[str, HealthRow] = self.node.reads.now(adapter_health, PORT)
        return known.get(adapter, healthy(PORT, adapter))

    def stored(self) -> list[Any]:
        """Every column of every call."""
        return self.node.reads.now(lambda connection: list(connection.execute(sa.select(interface_calls))))

    def pass_time(self, seconds: float) -> None:
        self.clock.at_us += int(seconds * 1e6)

    def close(self) -> None:
        self.node.reads.close()
        self.federation.close()

"""Interfaces to other systems over the public REST interface: their health, the log of their calls, and what is done
about them. Nothing of what a call says, but what its port shows of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field
from starlette.responses import Response

from common.access_control.desk import Desk
from common.ids import parse_id
from common.interfaces.call_states import BREAKER_STATES, STATES
from common.interfaces.commands import ReplayCalls, SwitchAdapter
from common.interfaces.model import NAME_CHARS_MAX
from common.interfaces.permissions import READ, REPLAY, SWITCH, TEST
from common.interfaces.queries import adapter_figures, describe_interface
from common.interfaces.repository import interface_calls
from common.parameters.model import REASON_CHARACTERS_MAX
from common.program.node import Node
from common.rest.attributes import (
    IDENTITY,
    INTEGER,
    MOMENT,
    Attribute,
    happened,
    listed,
    not_empty,
    write_moment,
)
from common.rest.bodies import Body, Told
from common.rest.calls import Call, telling
from common.rest.resource import Resource, Task

ID_PATTERN = r"^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$"


class InterfaceTested(Body):
    """Through which adapter of which interface a test call goes; no adapter: the one in use."""

    interface: str = Field(max_length=NAME_CHARS_MAX)
    adapter: str = Field(default="", max_length=NAME_CHARS_MAX)


class AdapterChosen(Body):
    """Through which adapter an interface's calls go from now on, and why."""

    interface: str = Field(max_length=NAME_CHARS_MAX)
    adapter: str = Field(max_length=NAME_CHARS_MAX)
    reason: str = Field(max_length=REASON_CHARACTERS_MAX)


class CallsReplayedAgain(Body):
    """Which call of which interface is made again (no call: all that failed), and why."""

    interface: str = Field(max_length=NAME_CHARS_MAX)
    call: str = Field(default="", pattern=ID_PATTERN)
    reason: str = Field(max_length=REASON_CHARACTERS_MAX)


class AdapterDocument(Told):
    """How an adapter is, by what it has seen since the node was initialised. Times that calls took are microseconds.
    `lacks`: what it needs before it can be used."""

    adapter: str
    state: str = Field(json_schema_extra={"enum": list(BREAKER_STATES)})
    calls: int
    done: int
    refused: int
    errors: int
    took_us_mean: int
    took_us_max: int
    error: str
    worked_date: str | None = Field(json_schema_extra={"format": "date-time"})
    failed_date: str | None = Field(json_schema_extra={"format": "date-time"})
    next_try_date: str | None = Field(json_schema_extra={"format": "date-time"})
    lacks: str
    lacks_zh: str


class InterfaceDocument(Told):
    """An interface: the adapter in use, whether there is nobody behind it (`simulated`), the parameter that says which,
    and what waits."""

    id: str
    name: str
    name_zh: str
    adapter_in_use: str
    simulated: bool
    parameter: str
    waiting: int
    oldest_waiting_date: str | None = Field(json_schema_extra={"format": "date-time"})
    failed: int
    adapter: list[AdapterDocument]


class InterfaceList(Told):
    """All interfaces of the node."""

    interface: list[InterfaceDocument]


class TestAnswered(Told):
    """What the other side said to a test call, and after how many microseconds."""

    __test__ = False

    interface: str
    adapter: str
    outcome: str
    error: str
    took_us: int


class AdapterInUse(Told):
    """Through which adapter an interface's calls go."""

    interface: str
    adapter: str


class CallsAgain(Told):
    """How many calls are made again."""

    interface: str
    calls: int


INTERFACE_CALL = Resource(
    "interfaceCall",
    READ,
    interface_calls,
    Attribute("id", interface_calls.c.call_id, IDENTITY),
    (
        Attribute("interface", interface_calls.c.port),
        Attribute("operation", interface_calls.c.operation),
        Attribute("shown", interface_calls.c.shown, filterable=False, sortable=False, en="What it is about, masked."),
        Attribute("state", interface_calls.c.state, listed(STATES)),
        Attribute("adapter", not_empty(interface_calls.c.adapter), en="Through which it was tried last."),
        Attribute("tries", interface_calls.c.tries, INTEGER),
        Attribute("placedDate", interface_calls.c.placed_at_us, MOMENT),
        Attribute("nextTryDate", happened(interface_calls.c.next_try_at_us), MOMENT),
        Attribute("notAfterDate", happened(interface_calls.c.not_after_us), MOMENT, en="Nobody wants it then."),
        Attribute("endDate", happened(interface_calls.c.ended_at_us), MOMENT),
        Attribute("tookUs", interface_calls.c.took_us, INTEGER, en="The last try, in microseconds."),
        Attribute("error", not_empty(interface_calls.c.error), filterable=False, sortable=False),
        Attribute("reference", not_empty(interface_calls.c.reference), en="By what the other side knows it."),
    ),
    default_sort="-id",
    en="A call to another system, as the log of calls has it.",
)


def interface_tasks(node: Node) -> tuple[Task, ...]:
    """What is read and done of interfaces at one node."""

    async def interfaces(_call: Call, _given: None) -> Response:
        return telling(InterfaceList(interface=[await _described(name) for name in sorted(node.context.ports)]))

    async def _described(name: str) -> InterfaceDocument:
        port, book, now_us = node.interfaces.port(name), node.context.parameters, node.clock.now_us()
        found = await node.reads.run(describe_interface, port, book, now_us)
        adapters = await node.reads.run(adapter_figures, port)
        return InterfaceDocument(
            id=name,
            name=port.en,
            name_zh=port.zh,
            adapter_in_use=found["adapter"],
            simulated=found["simulated"],
            parameter=found["parameter"],
            waiting=found["waiting"],
            oldest_waiting_date=_moment(found["oldest_waiting_at_us"]),
            failed=found["failed"],
            adapter=[_adapter(each, node.interfaces.lacks(name, each["adapter"])) for each in adapters],
        )

    async def test(call: Call, given: InterfaceTested) -> Response:
        desk = Desk(node.writer, call.actor)
        adapter, answer, took_us = await node.interfaces.test(desk, given.interface, given.adapter)
        outcome, error = answer.outcome, answer.error
        told = TestAnswered(interface=given.interface, adapter=adapter, outcome=outcome, error=error, took_us=took_us)
        return telling(told)

    async def switch(call: Call, given: AdapterChosen) -> Response:
        wish = SwitchAdapter(given.interface, given.adapter, given.reason)
        switched = await node.interfaces.switch(Desk(node.writer, call.actor), wish)
        return telling(AdapterInUse(interface=switched.port, adapter=switched.adapter))

    async def replay(call: Call, given: CallsReplayedAgain) -> Response:
        wish = ReplayCalls(given.interface, given.reason, parse_id(given.call) if given.call else b"")
        replayed = await node.writer.execute(wish, actor=call.actor)
        return telling(CallsAgain(interface=replayed.port, calls=replayed.calls))

    return (
        Task("interface", "GET", READ, interfaces, None, InterfaceList, "All interfaces, and how each adapter is."),
        Task("testInterface", "POST", TEST, test, InterfaceTested, TestAnswered, "Ask the other side if it is there."),
        Task(
            "switchAdapter",
            "POST",
            SWITCH,
            switch,
            AdapterChosen,
            AdapterInUse,
            "Make an interface's calls through another adapter; what waits is tried at once.",
        ),
        Task("replayCalls", "POST", REPLAY, replay, CallsReplayedAgain, CallsAgain, "Make calls again that failed."),
    )


def _adapter(figures: Mapping[str, Any], lacks: tuple[str, str] | None) -> AdapterDocument:
    names = ("adapter", "state", "calls", "done", "refused", "errors", "took_us_mean", "took_us_max", "error")
    lacks_en, lacks_zh = lacks or ("", "")
    return AdapterDocument(
        **{name: figures[name] for name in names},
        worked_date=_moment(figures["worked_at_us"]),
        failed_date=_moment(figures["failed_at_us"]),
        next_try_date=_moment(figures["next_at_us"]),
        lacks=lacks_en,
        lacks_zh=lacks_zh,
    )


def _moment(at_us: int) -> str | None:
    return write_moment(at_us) if at_us else None

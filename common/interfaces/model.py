"""What an interface is: its port with one internal form of calls, adapters behind it, answers, and the breaker."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from common.errors import Refusal
from common.ids import parse_id
from common.interfaces.call_states import (
    ANSWERED_DONE,
    ANSWERED_FAILED,
    ANSWERED_REFUSED,
    BREAKER,
    NODE,
    OK,
    OTHER_SIDE,
    RESTS,
    TRY,
)
from common.outbound.spacing import spacing_us
from common.parameters.model import Parameter

NAME_CHARS_MAX = 32
SHOWN_CHARS_MAX = 120
ERROR_CHARS_MAX = 120
REFERENCE_CHARS_MAX = 64
CONTENT_BYTES_MAX = 65_536
CLAIMED_MAX = 8
"""So many calls to one interface are on their way at a time, for each process of the node."""
REPLAYED_MAX = 10_000
SIMULATOR = "simulator"
"""The adapter behind which there is nobody: each port has one of this name."""
NO_ANSWER = "NO_ANSWER"
CONTENT_LOST = "CONTENT_LOST"


class InterfaceUnknown(Refusal):
    """The node has none of this name."""

    code = "INTERFACE_NOT_FOUND"
    en = "There is no interface {port}. `interfaces list` shows those there are."
    zh = "没有接口 {port}。可用 `interfaces list` 查看。"


class AdapterUnknown(Refusal):
    """The interface has none of this name."""

    code = "INTERFACE_ADAPTER_NOT_FOUND"
    en = "The interface {port} has no adapter {adapter}. It has: {known}."
    zh = "接口 {port} 没有适配器 {adapter}，可选：{known}。"


class AdapterNotReady(Refusal):
    """It lacks what it needs for any call."""

    code = "INTERFACE_ADAPTER_NOT_READY"
    en = "The adapter {adapter} of the interface {port} cannot be used: {detail}."
    zh = "接口 {port} 的适配器 {adapter} 尚不可用：{detail_zh}。"


class InterfaceQueueFull(Refusal):
    """So many calls wait already."""

    en = "{most} calls to the interface {port} wait already. Look at its health (`interfaces show {port}`)."
    zh = "接口 {port} 已有 {most} 个调用在等待，请检查该接口的状态（`interfaces show {port}`）。"


class InterfaceCallUnfit(Refusal):
    """A call that no adapter could make."""

    en = "The call to the interface {port} cannot be made: {detail}."
    zh = "无法调用接口 {port}：{detail_zh}。"


class InterfaceCallUnknown(Refusal):
    """There is none of this id at this interface, or not any more."""

    code = "INTERFACE_CALL_NOT_FOUND"
    en = "The interface {port} knows no call {call}."
    zh = "接口 {port} 没有调用 {call}。"


class InterfaceCallNotReplayable(Refusal):
    """It did not fail, or its time is over."""

    en = "The call {call} is {state}; only calls that were refused or given up can be replayed."
    zh = "调用 {call} 的状态为 {state}；只有被拒绝或已放弃的调用才能重放。"


@dataclass(frozen=True, slots=True)
class Call:
    """One call as an adapter gets it. `call_id` is the same at each try: by it the other side knows a repeated call."""

    call_id: bytes
    operation: str
    content: bytes = field(repr=False)
    """The port's internal form, encoded. Holds personal data: nothing of it is logged."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said. `outcome`: done, refused (never try again), failed (try again). `error`: a code or a
    few words that name nobody; `reference`: by what the other side knows the call."""

    outcome: str
    error: str = ""
    reference: str = ""


def done(reference: str = "") -> Answer:
    """The other side has it."""
    return Answer(ANSWERED_DONE, reference=reference)


def refused(error: str) -> Answer:
    """The other side will never take this call."""
    return Answer(ANSWERED_REFUSED, error)


def failed(error: str) -> Answer:
    """It did not work; it may later."""
    return Answer(ANSWERED_FAILED, error)


class Adapter(Protocol):
    """One way of making a port's calls. Called on the event loop, outside of any transaction."""

    def lacks(self) -> tuple[str, str] | None:
        """What it needs and does not have, in English and Chinese; None: it can be used."""

    async def make(self, call: Call) -> Answer:
        """Makes the call. What goes wrong is an answer; it may be cancelled when it takes too long."""

    async def probe(self) -> Answer:
        """Asks the other side whether it is there, without any effect."""


TellAnswer = Callable[[bytes, Answer], Awaitable[None]]
"""`tell(call_id, answer)`: an answer that came apart from the call."""


@dataclass(frozen=True, slots=True)
class Port:
    """An interface as the core sees it. `adapter`: the parameter that says which adapter makes the calls."""

    name: str
    en: str
    zh: str
    adapter: Parameter[str]

    @property
    def adapters(self) -> tuple[str, ...]:
        """The names of its adapters."""
        return tuple(self.adapter.value_type.document()["options"])

    def require_adapter(self, name: str) -> None:
        """Raises AdapterUnknown."""
        if name not in self.adapters:
            raise AdapterUnknown(port=self.name, adapter=name[:NAME_CHARS_MAX], known=", ".join(self.adapters))


Ports = Mapping[str, Port]


def find_port(ports: Ports, name: str) -> Port:
    """Raises InterfaceUnknown."""
    port = ports.get(name)
    if port is None:
        raise InterfaceUnknown(port=name[:NAME_CHARS_MAX])
    return port


def read_call_id(port: str, written: str) -> bytes:
    """A call's id as people write it. Raises InterfaceCallUnknown."""
    try:
        return parse_id(written)
    except ValueError:
        raise InterfaceCallUnknown(port=port, call=repr(written)) from None


@dataclass(slots=True)
class Breaker:
    """Keeps a node from calling what does not answer: after some failures in a row it rests, then tries with one call,
    and rests longer where that fails too."""

    state: str = OK
    failures: int = 0
    """In a row."""
    rests: int = 0
    """In a row, too."""
    next_at_us: int = 0
    """When it may be tried again."""

    def calls_allowed(self, now_us: int, claimed_for_us: int) -> int:
        """How many calls may be claimed now. Where it is one, to see, the others wait for so long."""
        if self.state == OK:
            return CLAIMED_MAX
        if now_us < self.next_at_us:
            return 0
        self.state = BREAKER.row_for(self.state, TRY, NODE, self).next_state(self.state, None)
        self.next_at_us = now_us + claimed_for_us
        return 1

    def answered(self, outcome: str, failures_max: int, rest_us: int, now_us: int) -> tuple[str, ...]:
        """An answer came. What the transition asks for."""
        works = outcome in (ANSWERED_DONE, ANSWERED_REFUSED)
        row = BREAKER.row_for(self.state, ANSWERED_DONE if works else ANSWERED_FAILED, OTHER_SIDE, self, failures_max)
        self.state = row.next_state(self.state, None)
        self.failures = 0 if works else self.failures + 1
        if RESTS in row.emits:
            self.rests += 1
            self.next_at_us = now_us + spacing_us(self.rests, rest_us)
        if works:
            self.rests = self.next_at_us = 0
        return row.emits

    @property
    def resting(self) -> bool:
        """Whether calls wait because the other side did not answer."""
        return self.state != OK

"""The simulated other side: state, keys, wrong calls, faults."""

from __future__ import annotations

import asyncio

import pytest

from common.communication.model import SMS, Message
from common.communication.simulated_gateway import SimulatedGateway
from common.interfaces.model import Answer, Call, done, failed, refused
from common.interfaces.simulator import KEY_REUSED, Faults, Simulator

KEY = b"k" * 16
MESSAGE = Message(SMS, "13800138000", "hello")


class Side:
    """A simulator with one fault for all calls, and what it tells apart from them."""

    def __init__(self, **faults: int) -> None:
        self.gateway = SimulatedGateway()
        self.told: list[tuple[bytes, Answer]] = []
        self.simulator = Simulator(self.gateway, lambda: Faults(**faults), lambda: 0.5, self._tell)

    async def _tell(self, call_id: bytes, answer: Answer) -> None:
        self.told.append((call_id, answer))

    async def make(self, content: bytes = MESSAGE.encode(), operation: str = "send", key: bytes = KEY) -> Answer:
        return await self.simulator.make(Call(key, operation, content))

    async def settle(self) -> None:
        async with asyncio.timeout(30):
            await self.simulator.settle()


async def test_it_keeps_what_it_was_told_and_knows_a_repeated_call_by_its_key() -> None:
    side = Side()
    first = await side.make()
    assert first.outcome == "done"
    assert await side.make() == first
    assert list(side.gateway.messages) == [MESSAGE]
    assert await side.make(Message(SMS, "13800138000", "other").encode()) == refused(KEY_REUSED)
    assert (await side.make(key=b"l" * 16)).reference != first.reference
    assert await side.simulator.probe() == done()


@pytest.mark.parametrize(
    ("content", "operation", "code"),
    [
        (b"no json", "send", "MESSAGE_MALFORMED"),
        (b'{"unknown": 1}', "send", "MESSAGE_MALFORMED"),
        (Message(SMS, "x", "y").encode(), "send", "MESSAGE_UNFIT"),
        (MESSAGE.encode(), "dance", "OPERATION_UNKNOWN"),
    ],
)
async def test_it_refuses_wrong_calls(content: bytes, operation: str, code: str) -> None:
    side = Side()
    assert await side.make(content, operation) == refused(code)
    assert not side.gateway.messages


async def test_it_fails_without_having_done_anything() -> None:
    side = Side(failing=100)
    assert await side.make() == failed("SIMULATED_FAILURE")
    assert not side.gateway.messages


async def test_it_answers_twice() -> None:
    side = Side(twice=100)
    answer = await side.make()
    await side.settle()
    assert (side.told, len(side.gateway.messages)) == ([(KEY, answer)], 1)


@pytest.mark.parametrize(("fault", "told"), [("late", 1), ("never", 0)])
async def test_it_answers_when_nobody_waits_any_more_or_never(fault: str, told: int) -> None:
    side = Side(**{fault: 100})
    waiting = asyncio.create_task(side.make())
    # Until it has taken the call, which it does at once.
    await asyncio.sleep(0)
    assert len(side.gateway.messages) == 1
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await side.settle()
    assert len(side.told) == told


async def test_a_share_of_calls_is_befallen_by_each_fault() -> None:
    drawn = iter([0.05, 0.15, 0.9])
    gateway = SimulatedGateway()

    async def tell(_call_id: bytes, _answer: Answer) -> None: ...

    simulator = Simulator(gateway, lambda: Faults(twice=10, failing=10), lambda: next(drawn), tell)
    answers = [await simulator.make(Call(bytes([n]) * 16, "send", MESSAGE.encode())) for n in range(3)]
    assert [answer.outcome for answer in answers] == ["done", "failed", "done"]

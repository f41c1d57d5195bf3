"""What is asked for in one turn of the event loop is one group."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from common.clock import SystemClock
from common.messaging.dispatcher import CommandWork, GroupOutcome
from common.messaging.incoming import LinkPort
from common.messaging.writer import Writer, WriterLimits

WAIT_S = 20.0
LOOKS_UNTIL_IT_WAITS = 4
"""The writer's first tick is due at once and takes three looks at the clock; the fourth is for how long it waits."""


class Groups:
    """In place of a dispatcher: how large each group was."""

    shared = False

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.begun = threading.Event()

    def has_work(self) -> bool:
        return False

    def noticed(self, channel: str, payload: str) -> None:
        raise AssertionError("there is nobody else")

    def port(self, peer: str) -> LinkPort:
        raise AssertionError("there is no link")

    def run_group(self, commands: Sequence[CommandWork], _batches: Sequence[Any]) -> GroupOutcome:
        self.begun.set()
        self.sizes.append(len(commands))
        for work in commands:
            work.done(None, None)
        return GroupOutcome()


class Clock(SystemClock):
    """Stands still, and says when the writer has looked at it for the last time before it waits, under its lock."""

    def __init__(self) -> None:
        self.waits = threading.Event()
        self._looks = 0

    def monotonic_us(self) -> int:
        if threading.current_thread().name == "writer":
            self._looks += 1
            if self._looks == LOOKS_UNTIL_IT_WAITS:
                self.waits.set()
        return 1_000_000


async def test_commands_of_one_turn_are_one_group_when_the_writer_waits() -> None:
    groups, clock = Groups(), Clock()
    writer = Writer(groups, clock, limits=WriterLimits(tick_ms=3_600_000))
    writer.start(asyncio.get_running_loop())
    try:
        assert await asyncio.to_thread(clock.waits.wait, WAIT_S)
        first = writer.execute("first")
        # The turn goes on: woken by the first, the writer would begin now.
        assert not groups.begun.wait(0.05)
        rest = [writer.execute(command) for command in ("second", "third")]
        await asyncio.wait_for(asyncio.gather(first, *rest), WAIT_S)
        assert groups.sizes == [3]
    finally:
        await asyncio.to_thread(writer.stop)


@pytest.mark.parametrize(
    ("waiting", "sizes"),
    [(63, [63]), (64, [32, 32]), (101, [50, 51]), (128, [64, 32, 32]), (129, [129]), (300, [256, 44])],
)
async def test_what_would_go_through_all_nodes_as_one_goes_in_two_halves(waiting: int, sizes: list[int]) -> None:
    groups, clock = Groups(), Clock()
    writer = Writer(groups, clock, limits=WriterLimits(tick_ms=3_600_000))
    writer.start(asyncio.get_running_loop())
    try:
        assert await asyncio.to_thread(clock.waits.wait, WAIT_S)
        done = [writer.execute(number) for number in range(waiting)]
        await asyncio.wait_for(asyncio.gather(*done), WAIT_S)
        assert groups.sizes == sizes
    finally:
        await asyncio.to_thread(writer.stop)

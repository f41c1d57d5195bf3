"""What waits for the writer can be seen: how much, of which sort, and since when."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

from common.clock import SystemClock
from common.messaging.dispatcher import CommandWork, GroupOutcome
from common.messaging.incoming import LinkPort
from common.messaging.writer import Writer

WAIT_S = 20.0


class Held:
    """In place of a dispatcher: its groups take until they are let go."""

    shared = False

    def __init__(self) -> None:
        self.begun, self.let_go = threading.Event(), threading.Event()

    def has_work(self) -> bool:
        return False

    def noticed(self, channel: str, payload: str) -> None:
        raise AssertionError("there is nobody else")

    def port(self, peer: str) -> LinkPort:
        raise AssertionError("there is no link")

    def run_group(self, commands: Sequence[CommandWork], _batches: Sequence[Any]) -> GroupOutcome:
        self.begun.set()
        self.let_go.wait(WAIT_S)
        for work in commands:
            work.done(None, None)
        return GroupOutcome()


class Clock(SystemClock):
    """Goes on a second with each look at it."""

    seconds = 0

    def monotonic_us(self) -> int:
        self.seconds += 1
        return self.seconds * 1_000_000


async def test_queues_say_how_much_waits_and_how_long_while_a_group_is_run() -> None:
    held = Held()
    writer = Writer(held, Clock())
    writer.start(asyncio.get_running_loop())
    try:
        running = writer.execute("first")
        assert await asyncio.to_thread(held.begun.wait, WAIT_S)
        waiting = [writer.execute("second"), writer.execute("third"), writer.execute("load", bulk=True)]
        queues = {queue.name: queue for queue in writer.queues()}
        assert {name: queue.waiting for name, queue in queues.items()} == {"commands": 2, "bulk": 1, "batches": 0}
        assert queues["commands"].oldest_us == 3_000_000
        assert queues["bulk"].oldest_us == 1_000_000
        assert queues["batches"].oldest_us == 0
        held.let_go.set()
        await asyncio.wait_for(asyncio.gather(running, *waiting), WAIT_S)
        assert [queue.waiting for queue in writer.queues()] == [0, 0, 0]
    finally:
        held.let_go.set()
        await asyncio.to_thread(writer.stop)

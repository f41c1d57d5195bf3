"""A writer whose storage fails finds out by itself when it is back, also when nobody asks it to store anything."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest

from common.clock import SystemClock
from common.errors import StorageUnavailable
from common.messaging.dispatcher import CommandWork, GroupOutcome
from common.messaging.incoming import LinkPort, ReceivedBatch, SealedBatch
from common.messaging.writer import Writer, WriterLimits

WAIT_S = 20.0
LOOK = "look"


class Storage:
    """In place of a dispatcher: a database that takes writes or does not. What stores nothing always succeeds."""

    shared = False

    def __init__(self) -> None:
        self.full = True
        self.stored: list[Any] = []
        self.refused = threading.Event()

    def has_work(self) -> bool:
        return False

    def noticed(self, channel: str, payload: str) -> None:
        raise AssertionError("there is nobody else")

    def port(self, peer: str) -> LinkPort:
        raise AssertionError("there is no link")

    def run_group(self, commands: Sequence[CommandWork], _batches: Sequence[Any]) -> GroupOutcome:
        to_store = [work.command for work in commands if work.command != LOOK]
        failed = self.full and bool(to_store)
        for work in commands:
            work.done(None, StorageUnavailable(detail="full") if failed else None)
        if failed:
            self.refused.set()
        else:
            self.stored += to_store
        return GroupOutcome(storage_failed=failed)


async def test_failing_storage_is_known_until_a_write_is_taken() -> None:
    storage = Storage()
    seen = asyncio.Event()
    loop = asyncio.get_running_loop()

    def observe(_outcome: GroupOutcome) -> None:
        loop.call_soon_threadsafe(seen.set)

    writer = Writer(storage, SystemClock(), lambda: [LOOK], observe, WriterLimits(tick_ms=5))
    writer.start(loop)
    try:
        assert not writer.storage_failing
        with pytest.raises(StorageUnavailable):
            await asyncio.wait_for(writer.execute("store"), WAIT_S)
        # Groups of the timer, which store nothing, go well all the time; that proves nothing.
        async with asyncio.timeout(WAIT_S):
            while True:
                # One that shares its group with what tries the storage is refused with it.
                with suppress(StorageUnavailable):
                    await writer.execute(LOOK)
                    break
        assert writer.storage_failing
        storage.refused.clear()
        assert await asyncio.to_thread(storage.refused.wait, WAIT_S)
        assert writer.storage_failing
        storage.full = False
        async with asyncio.timeout(WAIT_S):
            while writer.storage_failing:
                seen.clear()
                await seen.wait()
        (alarm,) = storage.stored
        assert (alarm.kind, alarm.subject) == ("STORAGE_UNAVAILABLE", "database")
    finally:
        await asyncio.to_thread(writer.stop)


class Stumbling:
    """In place of a link: fails at whatever it hears."""

    def group_committed(self, received: ReceivedBatch | None, sealed: list[SealedBatch]) -> None:
        raise RuntimeError("a mistake")

    def group_failed(self, reason: str) -> None:
        raise RuntimeError("a mistake")

    def link_lost(self, epoch: int) -> None:
        raise RuntimeError("a mistake")


async def test_whoever_asked_is_answered_when_a_link_stumbles_over_the_same_group() -> None:
    storage, stumbled = Storage(), asyncio.Event()
    storage.shared = True
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, _context: stumbled.set())
    writer = Writer(storage, SystemClock())
    writer.listen("44", Stumbling())
    writer.start(loop)
    try:
        with pytest.raises(StorageUnavailable):
            await asyncio.wait_for(writer.execute("store"), WAIT_S)
        await asyncio.wait_for(stumbled.wait(), WAIT_S)
    finally:
        await asyncio.to_thread(writer.stop)

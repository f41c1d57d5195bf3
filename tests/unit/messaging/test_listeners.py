"""Whoever listens to commits, and whoever says what is due, cannot break what is durable."""

import asyncio
from typing import Any

import pytest

from common.alarms.commands import RaiseAlarm
from common.ids import HQ
from common.messaging.writer import NodeStopping, Writer
from common.requests.events import LegEnded
from tests.support.federation import SHANGHAI, Federation
from tests.support.stores import Databases


@pytest.fixture
def federation(databases: Databases) -> Any:
    made = Federation(databases)
    yield made
    made.close()


def test_a_subscriber_that_fails_changes_nothing(federation: Federation) -> None:
    heard: list[LegEnded] = []

    def fail(_event: LegEnded) -> None:
        raise RuntimeError("a mistake")

    dispatcher = federation.cores[SHANGHAI].dispatcher
    dispatcher.subscribe(LegEnded, fail)
    dispatcher.subscribe(LegEnded, heard.append)
    federation.connect()
    leg = federation.suspend()
    federation.run()
    assert federation.asked(SHANGHAI, leg).state == "completed"
    assert [event.outcome for event in heard] == ["completed"]
    assert federation.parked(SHANGHAI) == []


async def test_a_timer_that_fails_does_not_end_the_writer(federation: Federation) -> None:
    def fail() -> list[Any]:
        raise RuntimeError("a mistake")

    writer = Writer(federation.cores[HQ].dispatcher, federation.clock, fail)
    writer.start(asyncio.get_running_loop())
    for number in range(3):
        await writer.execute(RaiseAlarm("TEST", str(number), ""))
    await asyncio.to_thread(writer.stop)
    assert federation.alarms(HQ) == {"TEST"}
    with pytest.raises(NodeStopping):
        writer.execute(RaiseAlarm("TEST", "late", ""))

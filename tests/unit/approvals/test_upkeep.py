"""What nobody decides in time expires by itself, by the one process that does what time asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import sqlalchemy as sa

from common.access_control.actor import SYSTEM, Actor
from common.approvals.approval_states import EXPIRED, PENDING
from common.approvals.commands import ExpireApprovals
from common.approvals.model import ApprovalAwaited
from common.approvals.repository import approvals
from common.approvals.upkeep import EXPIRED_A_SLICE, expire_by_schedule
from common.errors import TemporaryFault
from common.log import Line, redirected
from common.operators.commands import GivePost, Post
from common.program.node import CommandWriter
from tests.support.access import AccessNode
from tests.support.federation import SHANGHAI

HOUR_US = 3_600_000_000
PATIENCE_S = 30.0


class Away(TemporaryFault):
    """The database is away."""

    en = zh = "the database is away"


class WatchedWriter:
    """The node's own writer, which fails as often as it is told first, and tells when it was asked."""

    def __init__(self, writer: CommandWriter, failures: int = 0) -> None:
        self._writer, self._failures = writer, failures
        self.asked: list[tuple[Any, bool, Actor]] = []
        self.turn = asyncio.Event()

    async def execute(self, command: Any, bulk: bool = False, actor: Actor = SYSTEM) -> Any:
        self.asked.append((command, bulk, actor))
        try:
            if len(self.asked) <= self._failures:
                raise Away()
            return await self._writer.execute(command, bulk, actor)
        finally:
            self.turn.set()

    @property
    def storage_failing(self) -> bool:
        return self._writer.storage_failing

    def queues(self) -> Any:
        return self._writer.queues()


@asynccontextmanager
async def scheduled(node: AccessNode) -> AsyncIterator[None]:
    task = asyncio.create_task(expire_by_schedule(node.node, every_s=0))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0)


def states(node: AccessNode) -> list[str]:
    statement = sa.select(approvals.c.state).order_by(approvals.c.approval_id)
    return list(node.node.reads.now(lambda connection: connection.execute(statement).scalars().all()))


def ask(node: AccessNode) -> None:
    with pytest.raises(ApprovalAwaited):
        node.run(GivePost("clerk", Post(SHANGHAI, "administrator")), node.acting("an"))


async def test_what_is_overdue_expires_by_schedule_and_what_is_not_stays(node: AccessNode) -> None:
    ask(node)
    node.clock.at_us += 72 * HOUR_US
    ask(node)
    async with scheduled(node):
        await until(lambda: EXPIRED in states(node))
    assert states(node) == [EXPIRED, PENDING]


async def test_it_goes_on_when_the_database_was_away_and_says_so(
    node: AccessNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(node)
    node.clock.at_us += 72 * HOUR_US
    writer = WatchedWriter(node.node.writer, failures=2)
    monkeypatch.setattr(node.node, "writer", writer)
    lines: list[Line] = []
    with redirected(lines.append):
        async with scheduled(node):
            await until(lambda: states(node) == [EXPIRED])
    assert [line["event"] for line in lines if line["level"] == "error"] == ["expiring approvals failed"] * 2
    assert writer.asked[0] == (ExpireApprovals(EXPIRED_A_SLICE), True, SYSTEM)


async def test_a_process_that_does_not_lead_leaves_it_to_the_one_that_does(
    node: AccessNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(node)
    node.clock.at_us += 72 * HOUR_US
    writer = WatchedWriter(node.node.writer)
    monkeypatch.setattr(node.node, "writer", writer)
    looks: list[bool] = []

    def leads() -> bool:
        """Not at its first three looks."""
        looks.append(len(looks) >= 3)
        return looks[-1]

    monkeypatch.setattr(node.node, "leads", leads)
    async with scheduled(node):
        await until(lambda: len(looks) >= 3)
        assert (writer.asked, states(node)) == ([], [PENDING])
        await until(lambda: states(node) == [EXPIRED])

"""A stream being run, over queues in memory: what fails around it ends it with a reason, and ends nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from common.errors import Fault, StorageUnavailable
from common.gen.quanwang.federation.v1 import directory_pb2, link_pb2
from common.ids import HQ
from common.link import effects as reason
from common.link.activity import LinkActivity
from common.link.effects import Cut
from common.link.settings import LinkSettings
from common.link.stream import FrameStream, LinkRun
from common.messaging.incoming import ReceivedBatch
from common.messaging.links import LinkRow
from tests.support.link import SHANGHAI, DirectoryHolder, PaperNode, directory_of, frame
from tests.support.link_node import PATIENCE_S, PaperDispatcher, link_node, turn_until

SETTINGS = LinkSettings(flush_timeout_s=0.05)


class Wires:
    """Both directions of a stream; None is its end."""

    def __init__(self) -> None:
        self.to_hq: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.to_shanghai: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.may_write = asyncio.Event()
        self.may_write.set()

    def at_hq(self) -> FrameStream:
        return FrameStream(self.to_hq.get, self._writer(self.to_shanghai))

    def at_shanghai(self) -> FrameStream:
        async def done() -> None:
            await self.to_hq.put(None)

        return FrameStream(self.to_shanghai.get, self._writer(self.to_hq), done, lambda: self.to_hq.put_nowait(None))

    def _writer(self, queue: asyncio.Queue[bytes | None]) -> Callable[[bytes], Awaitable[None]]:
        async def write(data: bytes) -> None:
            await self.may_write.wait()
            await queue.put(data)

        return write


class Both:
    """HQ and Shanghai with one stream between them."""

    def __init__(self) -> None:
        nodes = PaperNode(HQ), PaperNode(SHANGHAI)
        self.directory = DirectoryHolder(directory_of(*nodes))
        self.hq, self.shanghai = PaperDispatcher(nodes[0]), PaperDispatcher(nodes[1])
        self.wires = Wires()
        self.activity = LinkActivity(HQ)
        self.hq_node = link_node(self.hq, self.directory, SETTINGS)
        self.shanghai_node = link_node(self.shanghai, self.directory, SETTINGS)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[tuple[asyncio.Task[Cut], asyncio.Task[Cut]]]:
        """Shanghai's and HQ's runs, as tasks; both are over at the end."""
        self.at_hq = LinkRun(SHANGHAI, self.hq_node, LinkActivity(SHANGHAI))
        self.at_shanghai = LinkRun(HQ, self.shanghai_node, self.activity)
        hq = asyncio.create_task(self.at_hq.run(self.wires.at_hq()))
        shanghai = asyncio.create_task(self.at_shanghai.run(self.wires.at_shanghai()))
        hq.add_done_callback(lambda _: self.wires.to_shanghai.put_nowait(None))
        async with asyncio.timeout(PATIENCE_S):
            yield shanghai, hq
            await asyncio.wait((shanghai, hq))

    async def open(self) -> None:
        await turn_until(lambda: self.shanghai.port(HQ).open and self.hq.port(SHANGHAI).open)


@pytest.fixture
async def both() -> Both:
    return Both()


async def test_a_drain_ends_both_runs_in_good_order(both: Both) -> None:
    async with both.running() as (shanghai, hq):
        await both.open()
        both.shanghai.seal(HQ)
        both.at_shanghai.drain()
        assert (await shanghai).reason_code == reason.DRAINED
        assert (await hq).reason_code == reason.DRAINED
    assert both.activity.reason_code == reason.DRAINED
    assert both.activity.ended_at_us >= both.activity.opened_at_us > 0
    assert not both.shanghai.listeners
    assert not both.hq.listeners
    assert not both.hq.port(SHANGHAI).open


async def test_an_attempt_that_fails_does_not_move_the_moment_since_which_the_link_is_away(both: Both) -> None:
    both.activity.opened_at_us, both.activity.ended_at_us = 1, 2

    def away(peer: str) -> LinkRow:
        raise OSError("disk")

    both.shanghai.link = away  # type: ignore[method-assign]
    await LinkRun(HQ, both.shanghai_node, both.activity).run(both.wires.at_shanghai())
    assert (both.activity.ended_at_us, both.activity.reason_code) == (2, reason.STORAGE_UNAVAILABLE)


async def test_a_run_that_is_ended_before_it_began_touches_nothing(both: Both) -> None:
    run = LinkRun(HQ, both.shanghai_node, both.activity)
    run.end(reason.REPLACED)
    assert await run.run(both.wires.at_shanghai()) == Cut(reason.REPLACED)
    assert both.wires.to_hq.get_nowait() is None
    drained = LinkRun(HQ, both.shanghai_node, both.activity)
    drained.drain()
    assert (await drained.run(both.wires.at_shanghai())).reason_code == reason.DRAINED


async def test_a_database_that_is_away_at_the_start_ends_the_stream(both: Both) -> None:
    def away(peer: str) -> LinkRow:
        raise OSError("disk")

    both.shanghai.link = away  # type: ignore[method-assign]
    run = LinkRun(HQ, both.shanghai_node, both.activity)
    assert await run.run(both.wires.at_shanghai()) == Cut(reason.STORAGE_UNAVAILABLE, "OSError")
    assert not both.shanghai.listeners


async def test_a_journal_that_cannot_be_read_ends_the_stream(both: Both) -> None:
    def away(link: str, after_seal: int, bytes_max: int) -> list[tuple[int, bytes]]:
        raise OSError("disk")

    both.shanghai.batches = away  # type: ignore[method-assign]
    both.shanghai.seal(HQ)
    async with both.running() as (shanghai, hq):
        assert (await shanghai) == Cut(reason.STORAGE_UNAVAILABLE, "OSError")
        assert (await hq).reason_code == reason.STORAGE_UNAVAILABLE


async def test_a_batch_that_the_node_cannot_store_ends_the_stream(both: Both) -> None:
    async with both.running() as (shanghai, hq):
        await both.open()
        both.at_hq.group_failed(reason.STORAGE_UNAVAILABLE)
        assert (await hq).reason_code == reason.STORAGE_UNAVAILABLE
        assert (await shanghai).reason_code == reason.STORAGE_UNAVAILABLE


async def test_a_fault_inside_the_node_ends_only_the_stream(both: Both) -> None:
    def broken(batch: ReceivedBatch) -> None:
        raise RuntimeError("a mistake")

    both.hq.submit_batch = broken  # type: ignore[method-assign]
    async with both.running() as (_, hq):
        await both.open()
        both.shanghai.seal(HQ)
        assert (await hq) == Cut(reason.INTERNAL_FAULT, "RuntimeError")
    assert not both.hq.port(SHANGHAI).open


class NotThisOne(Fault):
    """A directory that the node does not take."""

    en = "Not this one."
    zh = "不可用。"


async def test_a_directory_that_is_not_taken_ends_the_stream(both: Both) -> None:
    async def refuse(signed: directory_pb2.SignedDirectory) -> None:
        raise NotThisOne()

    both.shanghai_node = replace(both.shanghai_node, accept_directory=refuse)
    async with both.running() as (shanghai, hq):
        await both.open()
        both.at_hq.directory_changed(directory_pb2.SignedDirectory(directory=b"new"))
        assert (await shanghai) == Cut(reason.DIRECTORY_REFUSED, "NOT_THIS_ONE: Not this one.")
        assert (await hq).reason_code == reason.DIRECTORY_REFUSED
    assert (reason.DIRECTORY_REFUSED, HQ) in both.shanghai.alarms


async def test_a_directory_that_cannot_be_stored_for_now_ends_the_stream_without_an_alarm(both: Both) -> None:
    """The node has nothing against the directory: HQ offers it again on the next stream."""

    async def full(signed: directory_pb2.SignedDirectory) -> None:
        raise StorageUnavailable(detail="disk full")

    both.shanghai_node = replace(both.shanghai_node, accept_directory=full)
    async with both.running() as (shanghai, hq):
        await both.open()
        both.at_hq.directory_changed(directory_pb2.SignedDirectory(directory=b"new"))
        assert (await shanghai) == Cut(reason.STORAGE_UNAVAILABLE, "STORAGE_UNAVAILABLE")
        assert (await hq).reason_code == reason.STORAGE_UNAVAILABLE
    assert not both.shanghai.alarms


async def test_a_directory_is_taken_before_the_frame_after_it(both: Both) -> None:
    taken = asyncio.Event()

    async def accept(signed: directory_pb2.SignedDirectory) -> None:
        await taken.wait()

    both.shanghai_node = replace(both.shanghai_node, accept_directory=accept)
    async with both.running():
        await both.open()
        both.at_hq.directory_changed(directory_pb2.SignedDirectory(directory=b"new"))
        both.hq.seal(SHANGHAI)
        await turn_until(lambda: both.activity.frames_received == 2)
        assert not both.shanghai.ledger(HQ).received_batches
        taken.set()
        await both.hq.until(lambda: both.hq.port(SHANGHAI).acked_seal_number == 1)
        both.at_shanghai.drain()


async def test_acknowledgements_that_wait_become_one(both: Both) -> None:
    async with both.running():
        await both.open()
        both.wires.may_write.clear()
        for _ in range(5):
            batch = both.shanghai.ledger(HQ).seal_messages()
            both.wires.to_hq.put_nowait(link_pb2.LinkFrame(batch=batch.batch_bytes).SerializeToString())
        await both.hq.until(lambda: both.hq.ledger(SHANGHAI).received.seal_number == 5)
        both.wires.may_write.set()
        both.shanghai.tell(HQ, None, both.shanghai.ledger(HQ).sealed)
        await both.shanghai.until(lambda: both.shanghai.port(HQ).acked_seal_number == 5)
        both.at_shanghai.drain()
    # Hello, at most two acknowledgements (one was being written), Drain.
    assert both.activity.frames_received <= 4


async def test_a_peer_that_reads_nothing_does_not_hold_the_end_up(both: Both) -> None:
    async with both.running() as (shanghai, hq):
        await both.open()
        both.wires.may_write.clear()
        both.hq.seal(SHANGHAI)
        both.at_hq.end(reason.REPLACED, flush=False)
        await both.at_hq.finished.wait()
        assert not hq.done(), "a write under way is not abandoned"
        assert SHANGHAI not in both.hq.listeners
        both.wires.may_write.set()
        assert (await hq).reason_code == reason.REPLACED
        assert (await shanghai).reason_code == reason.STREAM_ENDED


async def test_a_stream_that_breaks_ends_the_run(both: Both) -> None:
    async def broken() -> bytes:
        raise ConnectionResetError

    run = LinkRun(SHANGHAI, both.hq_node, LinkActivity(SHANGHAI))
    stream = replace(both.wires.at_hq(), read=broken)
    assert await run.run(stream) == Cut(reason.STREAM_ENDED, "ConnectionResetError")


async def test_a_run_that_is_cancelled_leaves_nothing_behind(both: Both) -> None:
    run = LinkRun(SHANGHAI, both.hq_node, LinkActivity(SHANGHAI))
    task = asyncio.create_task(run.run(both.wires.at_hq()))
    await both.hq.until(lambda: SHANGHAI in both.hq.listeners)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert run.finished.is_set()
    assert not both.hq.listeners


async def test_a_frame_out_of_turn_ends_the_run_and_the_peer_hears_why(both: Both) -> None:
    run = LinkRun(SHANGHAI, both.hq_node, LinkActivity(SHANGHAI))
    both.wires.to_hq.put_nowait(frame("ack"))
    assert (await run.run(both.wires.at_hq())).reason_code == reason.UNEXPECTED_FRAME
    answer = both.wires.to_shanghai.get_nowait()
    assert answer is not None
    assert link_pb2.LinkFrame.FromString(answer).reject.reason_code == reason.UNEXPECTED_FRAME

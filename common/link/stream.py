"""A stream while it lasts: frames are read and written, and what the session wants done is done. Knows no gRPC.

All here happens on one event loop. What the session received goes to the dispatcher, and comes back as a commit: what
is durable now, and what was sealed with it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from common.errors import QuanwangError, TemporaryFault
from common.gen.quanwang.federation.v1 import directory_pb2
from common.link import effects as reason
from common.link.activity import LinkActivity
from common.link.effects import (
    AcceptDirectory,
    Acked,
    Alarm,
    Cut,
    Effect,
    LoadJournal,
    Opened,
    Receive,
    SendFrame,
    StopSealing,
)
from common.link.ports import LinkNode
from common.link.session import LinkSession
from common.link.watermark import cursors_of, position_of
from common.log import get_logger
from common.messaging.incoming import ReceivedBatch, SealedBatch

log = get_logger()

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FrameStream:
    """A transport's stream of frames, at one of its ends."""

    read: Callable[[], Awaitable[bytes | None]]
    """The next frame; None: the stream has ended. May raise: the stream is broken."""
    write: Callable[[bytes], Awaitable[object]]
    """Sends a frame; returns when the transport has room for more."""
    done_writing: Callable[[], Awaitable[object]] | None = None
    """At the dialling end: tells the other end that nothing more is coming. The answering end closes by returning."""
    cancel: Callable[[], object] | None = None
    """At the dialling end: gives the stream up at once; what was said last may be lost."""


class LinkRun:
    """One stream while it lasts: two tasks, one that reads and one that writes, and the session between them."""

    def __init__(self, peer: str, node: LinkNode, activity: LinkActivity) -> None:
        self.peer = peer
        self._node = node
        self._activity = activity
        self._port = node.dispatcher.port(peer)
        self._session: LinkSession | None = None
        self._early: list[tuple[ReceivedBatch | None, Sequence[SealedBatch]]] = []
        self._queue: deque[SendFrame] = deque()
        self._to_write = asyncio.Event()
        self._room = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._offered: directory_pb2.SignedDirectory | None = None
        self._cut: asyncio.Future[Cut] = self._loop.create_future()
        self._flush = True
        self._epoch = 0
        self._tick_timer: asyncio.TimerHandle | None = None
        self.finished = asyncio.Event()

    async def run(self, stream: FrameStream) -> Cut:
        """Runs the stream to its end and says why it ended. `finished` may be set before this returns."""
        node = self._node
        tasks: list[asyncio.Future[None]] = []
        self._activity.streams += 1
        # Before the cursors are read: no commit may fall between the two.
        node.dispatcher.listen(self.peer, self)
        try:
            await self._open()
            tasks = [asyncio.ensure_future(self._read(stream)), asyncio.ensure_future(self._write(stream))]
            cut = await self._cut
            if self._flush:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._say_goodbye(tasks, stream), node.settings.flush_timeout_s)
            return cut
        finally:
            self._close()
            self.finished.set()
            if stream.cancel is not None:
                stream.cancel()
            for task in tasks[:1]:
                task.cancel()
            if tasks:
                # A write under way is never abandoned: gRPC could then not end the stream at this end, and the other
                # end would never hear that it is over.
                await asyncio.wait(tasks)

    async def _say_goodbye(self, tasks: Sequence[asyncio.Future[None]], stream: FrameStream) -> None:
        """Everything said is sent; then, at the dialling end, the other end closes."""
        reading, writing = tasks
        await asyncio.wait((writing,))
        if stream.done_writing is not None:
            with suppress(Exception):
                await stream.done_writing()
            await asyncio.wait((reading,))

    def end(self, reason_code: str, detail: str = "", flush: bool = True) -> None:
        """Ends the stream for a reason of this node's; the peer is told if `flush`."""
        self._flush = flush
        if self._session is not None:
            self._do(self._session.failed, reason_code, detail)
        if not self._cut.done():
            self._cut.set_result(Cut(reason_code, detail))

    def drain(self) -> None:
        """Ends the stream in good order."""
        if self._session is not None:
            self._do(self._session.drain, self._node.clock.now_us())
        elif not self._cut.done():
            self._cut.set_result(Cut(reason.DRAINED))

    def directory_changed(self, signed: directory_pb2.SignedDirectory) -> None:
        """HQ has published a directory."""
        if self._session is not None:
            self._do(self._session.directory_changed, signed)

    # The dispatcher's side

    def group_committed(self, received: ReceivedBatch | None, sealed: Sequence[SealedBatch]) -> None:
        """A commit concerns this link. On the event loop."""
        session = self._session
        if session is None:
            self._early.append((received, sealed))
            return
        self._do(session.committed, position_of(received) if received is not None else None, sealed)
        if not session.congested:
            self._room.set()

    def group_failed(self, reason_code: str) -> None:
        """A batch of this link could not be received: the peer must send it again, on a new stream."""
        self.end(reason_code)

    def link_lost(self, epoch: int) -> None:
        """The link has another owner than under `epoch`. A stream that was opened since is not meant."""
        if self._epoch and self._epoch <= epoch:
            self.end(reason.REPLACED, "another replica owns the link now", flush=False)

    # The stream's side

    async def _open(self) -> None:
        node = self._node
        try:
            if node.claim is not None:
                row = await node.claim(self.peer)
                self._epoch = row.epoch
            else:
                row = await self._load(node.store.link, self.peer)
        except Exception as error:
            log.error("link cannot be read", peer=self.peer, error=type(error).__name__, detail=str(error)[:200])
            self.end(reason.STORAGE_UNAVAILABLE, type(error).__name__)
            return
        if self._cut.done():
            return
        session = self._session = LinkSession(
            node.node,
            self.peer,
            cursors_of(row),
            node.directory,
            node.judge,
            node.settings,
            node.signed_directory,
            node.software_version,
        )
        for received, sealed in self._early:
            session.committed(position_of(received) if received is not None else None, sealed)
        self._early.clear()
        self._do(session.open, node.clock.now_us())
        self._tick_timer = self._loop.call_later(node.settings.tick_s, self._tick)

    async def _read(self, stream: FrameStream) -> None:
        session, node, activity = self._session, self._node, self._activity
        while session is not None:
            if session.congested and not session.is_closed:
                # The peer's frames stay in the transport, whose own window then holds the peer back.
                self._room.clear()
                await self._room.wait()
                continue
            try:
                frame = await stream.read()
            except Exception as error:
                self._stream_ended(type(error).__name__)
                return
            if frame is None:
                self._stream_ended("")
                return
            now_us = node.clock.now_us()
            activity.frames_received += 1
            activity.bytes_received += len(frame)
            activity.last_frame_at_us = now_us
            started_us = node.clock.monotonic_us()
            self._do(session.frame_received, frame, now_us)
            activity.checking_us += node.clock.monotonic_us() - started_us
            if self._offered is not None:
                # The next frame may be sealed with a key that this directory names.
                await self._accept(self._offered)

    async def _write(self, stream: FrameStream) -> None:
        queue, activity = self._queue, self._activity
        while True:
            while queue:
                frame = queue.popleft().frame
                try:
                    await stream.write(frame)
                except Exception:
                    # The stream is over; the peer may have said why, and whoever reads will find out.
                    return
                activity.frames_sent += 1
                activity.bytes_sent += len(frame)
            if self._cut.done():
                return
            self._to_write.clear()
            await self._to_write.wait()

    def _load(self, load: Callable[..., T], *arguments: object) -> asyncio.Future[T]:
        """Reads from the database, in a thread."""
        return self._loop.run_in_executor(self._node.executor, load, *arguments)

    async def _accept(self, signed: directory_pb2.SignedDirectory) -> None:
        self._offered = None
        if self._node.accept_directory is None:
            return
        try:
            await self._node.accept_directory(signed)
        except QuanwangError as error:
            self.end(*directory_fault(error))

    def _do(self, step: Callable[..., Sequence[Effect]], *arguments: object) -> None:
        """One input of the session, and its effects. No peer should be able to make this fail; if one can, its stream
        ends and the node goes on."""
        try:
            self._carry_out(step(*arguments))
        except Exception as error:
            log.exception("link failed", peer=self.peer)
            if not self._cut.done():
                self._cut.set_result(Cut(reason.INTERNAL_FAULT, type(error).__name__))

    def _carry_out(self, effects: Sequence[Effect]) -> None:
        node, port = self._node, self._port
        for effect in effects:
            if isinstance(effect, SendFrame):
                if effect.is_ack and self._queue and self._queue[-1].is_ack:
                    self._queue.pop()
                self._queue.append(effect)
                self._to_write.set()
            elif isinstance(effect, Receive):
                effect.batch.epoch = self._epoch
                self._activity.batches_received += 1
                self._activity.seal_times_us.append((node.clock.now_us(), effect.batch.seal.sealed_at_us))
                self._activity.entries_received += len(effect.batch.entries)
                node.dispatcher.submit_batch(effect.batch)
            elif isinstance(effect, Acked):
                port.acked_seal_number = max(port.acked_seal_number, effect.seal_number)
                node.dispatcher.wake()
            elif isinstance(effect, LoadJournal):
                self._load_journal(effect)
            elif isinstance(effect, Opened):
                self._opened(effect)
            elif isinstance(effect, StopSealing):
                port.sealing_stopped = effect.reason_code
            elif isinstance(effect, AcceptDirectory):
                self._offered = effect.signed
            elif isinstance(effect, Alarm):
                node.alarm(effect.kind, self.peer, effect.detail)
            elif isinstance(effect, Cut):
                self._to_write.set()
                self._room.set()
                if not self._cut.done():
                    self._cut.set_result(effect)

    def _opened(self, opened: Opened) -> None:
        port, activity = self._port, self._activity
        port.acked_seal_number = max(port.acked_seal_number, opened.peer_received_seal_number)
        port.hellos_agree(opened.window_bytes)
        activity.open = True
        activity.opened_at_us = self._node.clock.now_us()
        activity.peer_software_version = opened.peer_software_version
        activity.peer_directory_version = opened.peer_directory_version
        log.info("link open", peer=self.peer, software=opened.peer_software_version)
        self._node.dispatcher.wake()

    def _load_journal(self, wish: LoadJournal) -> None:
        loading = self._load(self._node.store.batches, wish.link, wish.after_seal, wish.bytes_max)
        loading.add_done_callback(self._journal_loaded)

    def _journal_loaded(self, loading: asyncio.Future[list[tuple[int, bytes]]]) -> None:
        if loading.cancelled() or self._session is None:
            return
        error = loading.exception()
        if error is not None:
            log.error("journal cannot be read", peer=self.peer, error=type(error).__name__, detail=str(error)[:200])
            self.end(reason.STORAGE_UNAVAILABLE, type(error).__name__)
        else:
            self._do(self._session.journal_loaded, loading.result())

    def _tick(self) -> None:
        if self._session is not None and not self._session.is_closed:
            self._do(self._session.tick, self._node.clock.now_us())
            self._tick_timer = self._loop.call_later(self._node.settings.tick_s, self._tick)

    def _stream_ended(self, detail: str) -> None:
        self._flush = False
        if not self._cut.done():
            self._cut.set_result(Cut(reason.STREAM_ENDED, detail))
        if self._session is not None:
            self._do(self._session.closed)

    def _close(self) -> None:
        """The stream is over, whatever ended it: nothing of it may act any more."""
        self._queue.clear()
        if not self._cut.done():
            self._cut.cancel()
        self._to_write.set()
        if self._tick_timer is not None:
            self._tick_timer.cancel()
        if self._session is not None:
            self._do(self._session.closed)
        port, activity = self._port, self._activity
        if activity.open:
            # An attempt that failed ended nothing: the link has been away since the last stream that was open.
            activity.ended_at_us = self._node.clock.now_us()
        port.open = activity.open = False
        # Without a reason the transport took the stream away in the middle of something.
        ended = self._cut.done() and not self._cut.cancelled()
        cut = self._cut.result() if ended else Cut(reason.STREAM_ENDED)
        activity.reason_code, activity.detail = cut.reason_code, cut.detail
        log.info("link ended", peer=self.peer, reason=cut.reason_code, detail=cut.detail)
        self._node.dispatcher.listen(self.peer, None)
        self._node.dispatcher.wake()


def directory_fault(error: QuanwangError) -> tuple[str, str]:
    """For what reason the stream ends when a directory that HQ offered was not taken, and the detail.

    A node that cannot store it for now has nothing against it: HQ offers it again on the next stream.
    """
    if isinstance(error, TemporaryFault):
        return reason.STORAGE_UNAVAILABLE, error.code
    return reason.DIRECTORY_REFUSED, f"{error.code}: {error}"

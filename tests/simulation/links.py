"""Streams between simulated nodes: the product's sessions over wires that tear, lag, repeat, swap and corrupt.

`LinkEnd` does what the gRPC adapter does (`common.link.stream`), on simulated time; a wire is a pair of ordered pipes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from common.errors import QuanwangError
from common.gen.quanwang.federation.v1 import directory_pb2, link_pb2
from common.ids import HQ
from common.link import effects as reason
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
from common.link.session import LinkSession
from common.link.stream import directory_fault
from common.link.watermark import LinkCursors, cursors_of, position_of
from common.messaging.incoming import LinkPort, ReceivedBatch, SealedBatch
from province_node.directory.commands import TakeDirectory
from tests.simulation.programs import HqProgram

if TYPE_CHECKING:
    from tests.simulation.network import Wire
    from tests.simulation.nodes import SimulatedNode

TICK_US = 5_000_000
READ_US_MAX = 3_000


class LinkEnd:
    """One end of one stream while it lasts."""

    def __init__(self, node: SimulatedNode, peer: str, wire: Wire) -> None:
        assert node.core is not None
        self.node, self.peer, self.wire = node, peer, wire
        self.gone = False
        self.epoch = 0
        self.session: LinkSession | None = None
        self._port: LinkPort = node.core.dispatcher.port(peer)
        self._early: list[tuple[ReceivedBatch | None, Sequence[SealedBatch]]] = []
        self._arrived: deque[bytes] = deque()
        self._offered: directory_pb2.SignedDirectory | None = None
        self._accepting = False
        # Before the cursors are read: no commit may fall between the two.
        node.ends[peer] = self
        if node.replica is not None:
            node.claim(peer, self._claimed)
        else:
            node.schedule.after(node.world.random.randrange(READ_US_MAX), self._open)

    # From the node

    def link_lost(self, epoch: int) -> None:
        """The link has another owner than under `epoch`."""
        if self.epoch and self.epoch <= epoch:
            self.node.trace(f"lost the link with {self.peer}")
            self._close(reason.REPLACED)

    def group_committed(self, received: ReceivedBatch | None, sealed: Sequence[SealedBatch]) -> None:
        """A commit concerns this link."""
        if self.session is None:
            self._early.append((received, sealed))
            return
        self._carry_out(self.session.committed(position_of(received) if received is not None else None, sealed))
        self._read()

    def end(self, reason_code: str, detail: str = "", flush: bool = True) -> None:
        """The node ends the stream; the peer is told."""
        if self.session is not None:
            self._carry_out(self.session.failed(reason_code, detail))
        self._close(reason_code)

    def drain(self) -> None:
        """Ends the stream in good order."""
        if self.session is not None:
            self._carry_out(self.session.drain(self.node.clock.now_us()))
        else:
            self._close(reason.DRAINED)

    def directory_changed(self, signed: directory_pb2.SignedDirectory) -> None:
        """HQ has published a directory."""
        if self.session is not None:
            self._carry_out(self.session.directory_changed(signed))

    def vanish(self) -> None:
        """The process is gone: nobody says anything; the other end sees its connection break, sooner or later."""
        self.gone = True
        self.wire.abandoned_by(self)

    def wire_torn(self) -> None:
        """This end has noticed that the connection is broken."""
        if self.gone:
            return
        if self.session is not None:
            self._carry_out(self.session.closed())
        self._close(reason.STREAM_ENDED)

    # From the wire

    def frame_arrived(self, frame: bytes) -> None:
        """Bytes came; they are read when the session can take them."""
        if not self.gone:
            self._arrived.append(frame)
            self._read()

    def _read(self) -> None:
        while self._arrived and not self.gone and self.session is not None and not self.session.congested:
            if self._accepting:
                return
            frame = self._arrived.popleft()
            self.node.world.frame_read(self.node, self.peer, frame)
            self._carry_out(self.session.frame_received(frame, self.node.clock.now_us()))
            if self._offered is not None and not self.gone:
                # The next frame may be sealed with a key that this directory names.
                self._accept(self._offered)

    def _accept(self, signed: directory_pb2.SignedDirectory) -> None:
        self._offered, self._accepting = None, True

        def told(_result: object, error: BaseException | None) -> None:
            self._accepting = False
            if isinstance(error, QuanwangError):
                self.end(*directory_fault(error))
            self._read()

        self.node.execute(TakeDirectory(signed.SerializeToString()), told)

    # Steps

    def _claimed(self, row: Any, error: BaseException | None) -> None:
        if error is not None:
            self.end(reason.STORAGE_UNAVAILABLE)
            return
        self.epoch = row.epoch
        self._begin(cursors_of(row))

    def _open(self) -> None:
        if not self.gone and self.node.core is not None:
            self._begin(self.node.cursors(self.peer))

    def _begin(self, cursors: LinkCursors) -> None:
        node = self.node
        if self.gone or node.core is None:
            return
        core = node.core
        program = node.program
        offered = (lambda: program.signed) if isinstance(program, HqProgram) else None
        self.session = LinkSession(
            node.node, self.peer, cursors, core.directory, core.judge, core.link_settings, offered
        )
        for received, sealed in self._early:
            self.session.committed(position_of(received) if received is not None else None, sealed)
        self._early.clear()
        self._carry_out(self.session.open(node.clock.now_us()))
        node.schedule.after(TICK_US, self._tick)
        self._read()

    def _tick(self) -> None:
        if self.gone or self.session is None or self.session.is_closed:
            return
        self._carry_out(self.session.tick(self.node.clock.now_us()))
        self.node.schedule.after(TICK_US, self._tick)

    def _carry_out(self, effects: Sequence[Effect]) -> None:
        node = self.node
        for effect in effects:
            if isinstance(effect, SendFrame):
                node.world.frame_sent(node, self.peer, effect.frame)
                self.wire.send(self, effect.frame, effect.is_ack)
            elif isinstance(effect, Receive):
                effect.batch.epoch = self.epoch
                node.submit_batch(effect.batch)
            elif isinstance(effect, Acked):
                self._port.acked_seal_number = max(self._port.acked_seal_number, effect.seal_number)
                node.wake()
            elif isinstance(effect, LoadJournal):
                node.schedule.after(node.world.random.randrange(READ_US_MAX), self._load, effect)
            elif isinstance(effect, Opened):
                self._opened(effect)
            elif isinstance(effect, StopSealing):
                self._port.sealing_stopped = effect.reason_code
            elif isinstance(effect, AcceptDirectory):
                self._offered = effect.signed
            elif isinstance(effect, Alarm):
                node.alarm(effect.kind, self.peer, effect.detail)
            elif isinstance(effect, Cut):
                self._close(effect.reason_code)

    def _opened(self, opened: Opened) -> None:
        port = self._port
        port.acked_seal_number = max(port.acked_seal_number, opened.peer_received_seal_number)
        port.hellos_agree(opened.window_bytes)
        self.node.trace(f"link with {self.peer} open after {opened.peer_received_seal_number}")
        self.node.wake()

    def _load(self, wish: LoadJournal) -> None:
        if self.gone or self.session is None:
            return
        self._carry_out(self.session.journal_loaded(self.node.journal(wish.link, wish.after_seal, wish.bytes_max)))

    def _close(self, reason_code: str) -> None:
        if self.gone:
            return
        self.gone = True
        self._port.open = False
        if self.node.ends.get(self.peer) is self:
            del self.node.ends[self.peer]
        self.node.trace(f"link with {self.peer} ended {reason_code}")
        self.node.world.stream_ended(self.node, self.peer, reason_code)
        self.wire.closed_by(self)
        self.node.wake()


def kind_of(frame: bytes) -> str:
    """What a frame is, by its first byte; "?" for what is none."""
    field = frame[0] >> 3 if frame else 0
    known = link_pb2.LinkFrame.DESCRIPTOR.fields_by_number.get(field)
    return known.name if known is not None else "?"


def is_hub(node: SimulatedNode) -> bool:
    return node.node == HQ

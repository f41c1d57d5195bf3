"""One stream of one link, at one of its ends: a receiver and a sender behind a handshake. Pure: no sockets, no clock.

Everything that happens is an input, where it matters with the time; everything that is to be done is in the effects it
returns. The gRPC adapter and the simulator run the same class. After a `Cut` every input returns nothing.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable, Sequence

from google.protobuf.message import DecodeError

from common.gen.quanwang.federation.v1 import directory_pb2
from common.gen.quanwang.federation.v1 import link_pb2 as pb
from common.ids import HQ, link_name
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
from common.link.entries import EntryJudge
from common.link.handshake import SOFTWARE_VERSION_CHARS_MAX, common_version, judge_hello, make_hello
from common.link.origin import CurrentDirectory
from common.link.receiver import AlreadyReceived, Receiver
from common.link.sender import Sender
from common.link.settings import LinkSettings
from common.link.watermark import LinkCursors, Position, position_from_wire
from common.messaging.incoming import SealedBatch

SignedDirectorySource = Callable[[], directory_pb2.SignedDirectory | None]
"""The directory that HQ has published last, as it is sent to provinces; None at a province."""

REASON_CHARS_MAX = 64
DETAIL_CHARS_MAX = 512


class _State(enum.Enum):
    NEW = "new"
    HANDSHAKE = "handshake"
    """The peer's Hello is awaited."""
    CHECKING = "checking"
    """The peer's Hello was good so far; the own journal is read to see whether it is the peer's past too."""
    OPEN = "open"
    CLOSED = "closed"


class LinkSession:
    """The state of one stream with `peer`.

    The province dials and speaks first; HQ answers. `cursors` are the durable ones, read when no earlier session of the
    link acts any more; commits of what earlier ones received may still come, and `committed` is told of all of them.
    """

    def __init__(
        self,
        local_node: str,
        peer: str,
        cursors: LinkCursors,
        directory: CurrentDirectory,
        judge: EntryJudge,
        settings: LinkSettings,
        signed_directory: SignedDirectorySource | None = None,
        software_version: str = "",
    ) -> None:
        self.peer = peer
        self._local = local_node
        self._is_hub = local_node == HQ
        self._directory = directory
        self._settings = settings
        self._signed_directory = signed_directory
        self._software_version = software_version
        self._state = _State.NEW
        self._receiver = Receiver(local_node, peer, cursors.received, directory, judge, settings)
        self._sender = Sender(peer, link_name(local_node, peer), cursors, settings)
        self._hello: pb.Hello | None = None
        self._hello_said = False
        self._handshake_since_us = 0
        self._durable = cursors.received
        self._ack_said = 0
        self._pending: deque[tuple[int, int]] = deque()
        self._pending_bytes = 0
        self._drain_said = False
        self._drain_since_us = 0
        self._peer_drains = False

    # What whoever runs the session may ask

    @property
    def is_open(self) -> bool:
        """Whether both sides agree on where they are."""
        return self._state is _State.OPEN

    @property
    def is_closed(self) -> bool:
        """Whether the session has ended; it never opens again."""
        return self._state is _State.CLOSED

    @property
    def congested(self) -> bool:
        """Whether so much waits to be durably received that no further frame should be read for now."""
        if len(self._pending) >= self._settings.receiving_batches_max:
            return True
        return self._pending_bytes >= self._settings.receiving_bytes_max

    # Inputs

    def open(self, now_us: int) -> list[Effect]:
        """The stream is there. The dialling province introduces itself."""
        if self._state is not _State.NEW:
            return []
        self._state = _State.HANDSHAKE
        self._handshake_since_us = now_us
        return [] if self._is_hub else [self._say_hello()]

    def frame_received(self, frame: bytes, now_us: int) -> list[Effect]:
        """Bytes came from the peer: one serialised LinkFrame, if the peer is honest."""
        if self._state in (_State.NEW, _State.CLOSED):
            return []
        if len(frame) > self._settings.frame_bytes_max:
            return self._cut(reason.LIMIT_EXCEEDED, f"a frame of {len(frame)} bytes")
        try:
            parsed = pb.LinkFrame.FromString(frame)
        except DecodeError:
            return self._cut(reason.MALFORMED_FRAME, f"{len(frame)} bytes")
        kind = parsed.WhichOneof("frame")
        if kind == "reject":
            return self._rejected(parsed.reject)
        if kind == "hello":
            return self._hello_received(parsed.hello)
        if kind is None:
            return self._cut(reason.MALFORMED_FRAME, "an unknown frame")
        if self._hello is None or not self._hello_said:
            return self._cut(reason.UNEXPECTED_FRAME, f"{kind} before the Hellos")
        if kind == "batch":
            return self._batch_received(parsed.batch, now_us)
        if kind == "ack":
            return self._answer(self._sender.acked(parsed.ack.seal_number, parsed.ack.sequence))
        if kind == "directory":
            return self._directory_received(parsed.directory)
        return self._drain_received(now_us)

    def committed(self, received: Position | None, sealed: Sequence[SealedBatch]) -> list[Effect]:
        """The node has durably received up to `received` (None: nothing new), and sealed these, in one commit or more.

        An acknowledgement goes out as a frame of its own only where no seal that goes out says the same.
        """
        if self._state is _State.CLOSED:
            return []
        if received is not None:
            self._received_durably(received)
        self._sender.sealed(sealed)
        return self._go_on()

    def journal_loaded(self, batches: Sequence[tuple[int, bytes]]) -> list[Effect]:
        """The answer to `LoadJournal`: seal number and bytes of each batch."""
        if self._state is _State.CLOSED:
            return []
        return self._answer(self._sender.journal_loaded(batches))

    def directory_changed(self, signed: directory_pb2.SignedDirectory) -> list[Effect]:
        """HQ has published a directory: the province hears of it at once."""
        if self._state is not _State.OPEN or not self._is_hub:
            return []
        return [_frame(pb.LinkFrame(directory=signed))]

    def failed(self, reason_code: str, detail: str = "") -> list[Effect]:
        """The node cannot go on with this stream (its storage is away, its node was revoked, ...); the peer is told."""
        return [] if self._state is _State.CLOSED else self._cut(reason_code, detail)

    def drain(self, now_us: int) -> list[Effect]:
        """This side is about to stop: it sends no more batches, acknowledges what it has, and then closes."""
        if self._state is _State.CLOSED or self._drain_said:
            return []
        if self._state is not _State.OPEN:
            return self._end(Cut(reason.DRAINED))
        return [self._say_drain(now_us), *self._finish_drain()]

    def tick(self, now_us: int) -> list[Effect]:
        """Time has passed. About once a second; only what should long have happened is judged by it."""
        if self._state in (_State.HANDSHAKE, _State.CHECKING):
            if now_us - self._handshake_since_us > self._settings.hello_timeout_us:
                return self._cut(reason.HELLO_TIMEOUT, "")
        elif self._state is _State.OPEN:
            if self._drain_said and now_us - self._drain_since_us > self._settings.drain_timeout_us:
                return self._end(Cut(reason.DRAIN_TIMEOUT))
            if self._sender.overdue(now_us):
                return self._cut(reason.ACK_TIMEOUT, f"{self._sender.in_flight} batches are on the wire")
        return []

    def closed(self) -> list[Effect]:
        """The stream is gone. What was under way is resumed by the next session, from the durable cursors."""
        return [] if self._state is _State.CLOSED else self._end(Cut(reason.STREAM_ENDED))

    # The handshake

    def _say_hello(self) -> SendFrame:
        self._hello_said = True
        self._ack_said = self._durable.seal_number
        hello = make_hello(
            self._local,
            self._sender.sealed_position(),
            self._durable,
            self._settings.window_bytes,
            self._directory().version,
            self._software_version,
        )
        return _frame(pb.LinkFrame(hello=hello))

    def _hello_received(self, hello: pb.Hello) -> list[Effect]:
        if self._state is not _State.HANDSHAKE:
            return self._cut(reason.UNEXPECTED_FRAME, "a second Hello")
        fault = judge_hello(hello, self.peer, self._durable)
        if fault is not None:
            return self._end_by(fault)
        moved = self._sender.resume(position_from_wire(hello.received))
        if isinstance(moved, Cut):
            return self._end_by(moved)
        self._hello = hello
        self._receiver.begin(hello.incarnation)
        self._state = _State.CHECKING
        return self._answer(moved)

    def _agree(self, hello: pb.Hello) -> list[Effect]:
        """Both remember the same past."""
        self._state = _State.OPEN
        effects: list[Effect] = [] if self._hello_said else [self._say_hello()]
        effects.append(
            Opened(
                window_bytes=min(hello.window_bytes, self._settings.peer_window_bytes_max),
                peer_received_seal_number=hello.received.seal_number,
                protocol_version=common_version(hello) or 0,
                peer_directory_version=hello.directory_version,
                peer_software_version=hello.software_version[:SOFTWARE_VERSION_CHARS_MAX],
            )
        )
        # Before any batch: it may name the key that the batch is sealed with.
        signed = self._signed_directory() if self._signed_directory is not None else None
        if signed is not None and hello.directory_version < self._directory().version:
            effects.append(_frame(pb.LinkFrame(directory=signed)))
        return effects

    # Frames

    def _batch_received(self, batch_bytes: bytes, now_us: int) -> list[Effect]:
        if self._peer_drains:
            return self._cut(reason.UNEXPECTED_FRAME, "a batch after Drain")
        result = self._receiver.check(batch_bytes, now_us)
        if isinstance(result, Cut):
            return self._end_by(result)
        if isinstance(result, AlreadyReceived):
            return [self._say_ack()] if result.seal_number <= self._durable.seal_number else []
        moved = self._sender.witnessed(result.seal)
        if isinstance(moved, Cut):
            return self._end_by(moved)
        self._pending.append((result.seal.seal_number, len(batch_bytes)))
        self._pending_bytes += len(batch_bytes)
        return [Receive(result), *self._answer(moved)]

    def _directory_received(self, signed: directory_pb2.SignedDirectory) -> list[Effect]:
        if self._is_hub:
            return self._cut(reason.UNEXPECTED_FRAME, "a directory from a province")
        return [AcceptDirectory(signed)]

    def _drain_received(self, now_us: int) -> list[Effect]:
        if self._peer_drains:
            return self._cut(reason.UNEXPECTED_FRAME, "a second Drain")
        self._peer_drains = True
        effects: list[Effect] = [] if self._drain_said else [self._say_drain(now_us)]
        return effects + self._finish_drain()

    def _rejected(self, reject: pb.Reject) -> list[Effect]:
        """The peer is about to cut the stream; what it calls this node's fault is this node's fault."""
        code = "".join(c for c in reject.reason_code[:REASON_CHARS_MAX] if c.isascii() and (c.isalnum() or c == "_"))
        code = reason.OPPOSITE.get(code, code) or reason.STREAM_ENDED
        return self._end(Cut(code, f"the peer says: {reject.detail[:DETAIL_CHARS_MAX]}"))

    # Steps that several inputs share

    def _answer(self, moved: Acked | Cut | None) -> list[Effect]:
        """What follows from an acknowledgement, or a look into the journal: room for more, and perhaps agreement."""
        if isinstance(moved, Cut):
            return self._end_by(moved)
        effects: list[Effect] = []
        if self._state is _State.CHECKING and self._hello is not None and self._sender.agreed:
            effects.extend(self._agree(self._hello))
        if moved is not None:
            effects.append(moved)
        return effects + self._go_on()

    def _go_on(self) -> list[Effect]:
        """Sends what may be sent, and acknowledges what no seal among it acknowledges."""
        effects = self._pump()
        if self._hello is not None and self._hello_said and self._ack_said < self._durable.seal_number:
            effects.append(self._say_ack())
        return effects + self._finish_drain()

    def _pump(self) -> list[Effect]:
        if self._drain_said or self._peer_drains:
            return []
        effects: list[Effect] = []
        for step in self._sender.pump():
            if isinstance(step, LoadJournal):
                effects.append(step)
            else:
                self._ack_said = max(self._ack_said, step.witnessed_seal_number)
                effects.append(_frame(pb.LinkFrame(batch=step.batch_bytes)))
        return effects

    def _received_durably(self, position: Position) -> None:
        if position.seal_number > self._durable.seal_number:
            self._durable = position
            self._receiver.durable(position)
        while self._pending and self._pending[0][0] <= position.seal_number:
            self._pending_bytes -= self._pending.popleft()[1]

    def _say_ack(self) -> SendFrame:
        durable = self._durable
        self._ack_said = max(self._ack_said, durable.seal_number)
        ack = pb.Ack(sequence=durable.sequence, seal_number=durable.seal_number)
        return SendFrame(pb.LinkFrame(ack=ack).SerializeToString(), is_ack=True)

    def _say_drain(self, now_us: int) -> SendFrame:
        self._drain_said = True
        self._drain_since_us = now_us
        return _frame(pb.LinkFrame(drain=pb.Drain()))

    def _finish_drain(self) -> list[Effect]:
        """Both have said their last batch, and both know that the other has it."""
        both = self._state is _State.OPEN and self._drain_said and self._peer_drains
        return self._end(Cut(reason.DRAINED)) if both and not self._pending and not self._sender.in_flight else []

    def _cut(self, reason_code: str, detail: str) -> list[Effect]:
        return self._end_by(Cut(reason_code, detail))

    def _end_by(self, cut: Cut) -> list[Effect]:
        """Ends the stream, and tells the peer why."""
        reject = pb.Reject(reason_code=cut.reason_code, detail=cut.detail[:DETAIL_CHARS_MAX])
        return [_frame(pb.LinkFrame(reject=reject)), *self._end(cut)]

    def _end(self, cut: Cut) -> list[Effect]:
        self._state = _State.CLOSED
        effects: list[Effect] = []
        if cut.reason_code in reason.STOP_SEALING:
            effects.append(StopSealing(cut.reason_code))
        if cut.reason_code in reason.ALARMING:
            effects.append(Alarm(cut.reason_code, cut.detail))
        effects.append(cut)
        return effects


def _frame(frame: pb.LinkFrame) -> SendFrame:
    return SendFrame(frame.SerializeToString())

"""Two sessions back to back in memory: frames wait in pipes, batches wait for the commit, until a test lets them go on.

What a session handed over before its stream was cut is still committed afterwards, as in a node: late frames land.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from common.gen.quanwang.federation.v1 import directory_pb2, link_pb2
from common.ids import HQ
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
from common.link.settings import LinkSettings
from common.link.watermark import Position
from common.messaging.incoming import ReceivedBatch, SealedBatch
from tests.support.link import NOW_US, SHANGHAI, DirectoryHolder, Gap, Ledger, PaperNode, directory_of, session_of


@dataclass
class Side:
    """One node's end: what is durable, the session of the moment, and what waits around it."""

    ledger: Ledger
    directory: DirectoryHolder
    settings: LinkSettings
    signed: directory_pb2.SignedDirectory | None = None
    session: LinkSession | None = None
    outbox: deque[bytes] = field(default_factory=deque)
    submitted: deque[ReceivedBatch] = field(default_factory=deque)
    wishes: deque[LoadJournal] = field(default_factory=deque)
    notes: deque[tuple[Position | None, list[SealedBatch]]] = field(default_factory=deque)
    opened: Opened | None = None
    cut: Cut | None = None
    acked: int = 0
    alarms: list[str] = field(default_factory=list)
    stopped: str = ""
    directories: list[directory_pb2.SignedDirectory] = field(default_factory=list)

    def begin(self, now_us: int) -> None:
        """A new stream, at the durable cursors."""
        self.session = session_of(self.ledger, self.directory, self.settings, lambda: self.signed)
        self.outbox.clear()
        self.wishes.clear()
        self.opened = self.cut = None
        self.do(self.session.open(now_us))

    def do(self, effects: list[Effect]) -> None:
        """Carries effects out, or keeps them for later."""
        for place, effect in enumerate(effects):
            match effect:
                case SendFrame():
                    self.outbox.append(effect.frame)
                case Receive():
                    self.submitted.append(effect.batch)
                case LoadJournal():
                    self.wishes.append(effect)
                case Acked():
                    self.acked = max(self.acked, effect.seal_number)
                    self.ledger.note_ack(effect.seal_number, effect.sequence)
                case Opened():
                    self.opened = effect
                    self.stopped = ""
                case StopSealing():
                    self.stopped = effect.reason_code
                case Alarm():
                    self.alarms.append(effect.kind)
                case AcceptDirectory():
                    self.directories.append(effect.signed)
                case Cut():
                    assert place == len(effects) - 1, "nothing comes after a Cut"
                    self.cut = effect

    def seal(self, messages: int, batches: int = 1, tell: bool = True) -> None:
        """Seals and commits; nothing was received in the same group. The session hears of it now, or with the next
        commit that it is told of."""
        make = self.ledger.seal_messages if messages else lambda _: self.ledger.seal([])
        self.notes.append((None, [make(messages) for _ in range(batches)]))
        if tell:
            self.tell()

    def commit(self, groups: int = 1, answers: int = 0, tell: bool = True) -> None:
        """Receives what waits, up to so many batches in one group, and seals answers in the same."""
        position, failed = None, False
        for _ in range(min(groups, len(self.submitted))):
            batch = self.submitted.popleft()
            try:
                position = self.ledger.receive(batch)
            except Gap:
                failed = True
        sealed = [self.ledger.seal_messages(1) for _ in range(answers)] if position is not None else []
        self.notes.append((position, sealed))
        if tell:
            self.tell()
        if self.session is not None and failed:
            self.do(self.session.failed("INTERNAL_FAULT"))

    def tell(self) -> None:
        """The session of the moment, if there is one, hears what was committed."""
        while self.notes:
            position, sealed = self.notes.popleft()
            if self.session is not None and (position is not None or sealed):
                self.do(self.session.committed(position, sealed))

    def load(self) -> None:
        """Answers a wish to read the journal."""
        if self.wishes and self.session is not None:
            wish = self.wishes.popleft()
            assert wish.link == self.ledger.link
            self.do(self.session.journal_loaded(self.ledger.load(wish.after_seal, wish.bytes_max)))


class Pair:
    """Shanghai (which dials) and HQ."""

    def __init__(self, settings: LinkSettings | None = None) -> None:
        self.settings = settings or LinkSettings()
        nodes = PaperNode(HQ), PaperNode(SHANGHAI)
        self.hq_node, self.shanghai_node = nodes
        self.directory = DirectoryHolder(directory_of(*nodes))
        self.now_us = NOW_US
        self.hq = Side(Ledger(nodes[0], SHANGHAI), self.directory, self.settings)
        self.shanghai = Side(Ledger(nodes[1], HQ), DirectoryHolder(self.directory.directory), self.settings)
        self.sides = (self.shanghai, self.hq)

    def other(self, side: Side) -> Side:
        return self.hq if side is self.shanghai else self.shanghai

    def open(self) -> None:
        """A new stream; the old one is gone, and with it what was on the wire."""
        for side in self.sides:
            if side.session is not None:
                side.do(side.session.closed())
        for side in self.sides:
            side.begin(self.now_us)

    def deliver(self, sender: Side) -> bool:
        """One frame arrives. False: none was on the way."""
        receiver = self.other(sender)
        if not sender.outbox or receiver.session is None:
            return False
        receiver.do(receiver.session.frame_received(sender.outbox.popleft(), self.now_us))
        return True

    def run(self, answers: int = 0) -> None:
        """Lets everything go on until nothing moves any more."""
        moving = True
        while moving:
            moving = False
            for side in self.sides:
                while side.wishes or side.submitted or side.outbox or side.notes:
                    moving = True
                    side.tell()
                    side.load()
                    side.commit(answers=answers)
                    self.deliver(side)
                    side.tell()

    def opened(self) -> bool:
        return all(side.session is not None and side.session.is_open for side in self.sides)

    def level(self) -> bool:
        """Whether each has received, and knows to be received, all that there is."""
        return all(
            self.other(side).ledger.received_batches == [batch.batch_bytes for batch in side.ledger.sealed]
            and side.acked == len(side.ledger.sealed)
            for side in self.sides
        )


def sent(side: Side) -> list[link_pb2.LinkFrame]:
    """The frames that a side has on the way."""
    return [link_pb2.LinkFrame.FromString(frame) for frame in side.outbox]


def kinds(side: Side) -> list[str]:
    """Their kinds."""
    return [str(frame.WhichOneof("frame")) for frame in sent(side)]


def opened(pair: Pair) -> Pair:
    """The pair on a new stream, when everything that was on the way has arrived."""
    pair.open()
    pair.run()
    assert pair.opened()
    return pair


def rejected(side: Side) -> str:
    """The reason that a side gives to the other before it cuts the stream."""
    frames = sent(side)
    assert frames[-1].WhichOneof("frame") == "reject"
    return frames[-1].reject.reason_code

"""The inbox at work: the order of a leg holds whatever the clock does, and what is done is done once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from common.db.engine import open_writer, store_of
from common.db.unit_of_work import UnitOfWork
from common.errors import TemporaryFault
from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.ids import HQ, IdSource, format_id
from common.link.receiver import Receiver
from common.link.settings import LinkSettings
from common.link.watermark import Position
from common.log import Line, redirected
from common.messaging.dispatcher import GroupOutcome
from common.messaging.envelope import Envelope, build
from common.messaging.inbox import inbox
from common.messaging.incoming import Incoming, ReceivedBatch
from common.messaging.intake import Intake
from tests.support.federation import Federation
from tests.support.link import (
    GUANGDONG,
    NOW_US,
    SHANGHAI,
    DirectoryHolder,
    Ledger,
    PaperNode,
    directory_of,
    entry_of,
    judge_of,
)
from tests.support.province_uow import FixedClock
from tests.support.stores import Databases

SECOND_US = 1_000_000
SETTINGS = LinkSettings()
DIRECTORY = DirectoryHolder(directory_of(PaperNode(HQ), PaperNode(SHANGHAI), PaperNode(GUANGDONG)))


class Away(TemporaryFault):
    """Not now."""

    en = zh = "Away."


class Processor:
    """Says what it was given; fails for now as often as it is told to."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.failures = 0

    def process(self, incoming: Incoming, uow: Any) -> None:
        if self.failures:
            self.failures -= 1
            raise Away()
        assert incoming.envelope is not None
        self.done.append(incoming.envelope.routing.reason_code.lower())

    def repeat(self, incoming: Incoming, uow: Any) -> None:
        self.done.append("repeated")

    def refuse(self, incoming: Incoming, reason_code: str, uow: Any) -> None:
        self.done.append("refused")


class Receiving:
    """One end of a link, with its intake on a database of its own."""

    def __init__(self, node: str, peer: str, connection: sa.Connection) -> None:
        self.connection, self.node = connection, node
        judge = judge_of(node, DIRECTORY, SETTINGS)
        self.peer = Ledger(PaperNode(peer), node)
        self.receiver = Receiver(node, peer, Position(), DIRECTORY, judge, SETTINGS)
        self.receiver.begin(self.peer.own.incarnation)
        self.processor = Processor()
        self.intake = Intake(node, node.encode() * 8, self.processor, judge.reread)
        self.intake.load(connection)

    def batch(self, *envelopes: Envelope) -> ReceivedBatch:
        """What the peer seals next, proved."""
        sealed = self.peer.seal([entry_of(envelope) for envelope in envelopes])
        received = self.receiver.check(sealed.batch_bytes, NOW_US)
        assert isinstance(received, ReceivedBatch)
        return received

    def group(self, now_us: int, batches: Sequence[ReceivedBatch] = (), receive_only: bool = False) -> None:
        """One group, committed, as the dispatcher runs it."""
        store = store_of(self.connection)
        store.begin(self.connection)
        uow = UnitOfWork(self.connection, IdSource(FixedClock(), bytes), now_us)
        messages = self.intake.receive(batches, GroupOutcome(), uow, receive_only)
        messages += [] if receive_only else self.intake.due(uow)
        for incoming in messages:
            self.intake.run(incoming, uow)
        uow.flush()
        self.intake.settle(uow)
        store.commit(self.connection)
        self.intake.committed()

    def states(self) -> list[str]:
        """The state of each message, in the order of the journal."""
        statement = sa.select(inbox.c.state).order_by(inbox.c.seal_number, inbox.c.entry_index)
        return list(self.connection.execute(statement).scalars())


def said(source: str, destination: str, phase: pb.Phase, name: str, number: int) -> Envelope:
    """A message of the one leg of these tests; its reason code is its name."""
    return build(
        pb.Routing(
            message_id=number.to_bytes(16, "big"),
            source=source,
            destination=destination,
            leg_destination=GUANGDONG,
            request_id=bytes(16),
            phase=phase,
            message_class=pb.MESSAGE_CLASS_WORK_ORDER,
            protocol_version=1,
            reason_code=name.upper(),
            reply_to=SHANGHAI if phase == pb.PHASE_CANCEL and source == HQ else "",
        )
    )


@pytest.fixture
def connection(databases: Databases) -> Iterator[sa.Connection]:
    engine = open_writer(databases.with_tables())
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_a_cancel_stays_behind_its_request_when_the_clock_is_set_back_between_them(connection: sa.Connection) -> None:
    hub = Receiving(HQ, SHANGHAI, connection)
    request = hub.batch(said(SHANGHAI, GUANGDONG, pb.PHASE_REQUEST, "request", 1))
    cancel = hub.batch(said(SHANGHAI, HQ, pb.PHASE_CANCEL, "cancel", 2))
    hub.processor.failures = 1
    hub.group(NOW_US, [request])
    set_back_us = NOW_US - 30 * SECOND_US
    hub.group(set_back_us, [cancel])
    hub.group(set_back_us + SECOND_US)
    assert hub.processor.done == []
    hub.group(NOW_US + SECOND_US)
    hub.group(NOW_US + 5 * SECOND_US)
    assert hub.processor.done == ["request", "cancel"]
    assert hub.states() == ["done", "done"]


def test_a_withdraw_is_processed_once_when_its_batch_was_received_without_processing(
    connection: sa.Connection,
) -> None:
    home = Receiving(GUANGDONG, HQ, connection)
    withdraw = home.batch(said(HQ, GUANGDONG, pb.PHASE_CANCEL, "withdraw", 1))
    home.group(NOW_US, [withdraw], receive_only=True)
    for second in range(1, 5):
        home.group(NOW_US + second * SECOND_US)
    assert home.processor.done == ["withdraw"]
    assert home.states() == ["done"]


def test_messages_keep_their_order_when_their_batch_was_received_without_processing(connection: sa.Connection) -> None:
    hub = Receiving(HQ, SHANGHAI, connection)
    both = hub.batch(
        said(SHANGHAI, GUANGDONG, pb.PHASE_REQUEST, "request", 1), said(SHANGHAI, HQ, pb.PHASE_CANCEL, "cancel", 2)
    )
    hub.group(NOW_US, [both], receive_only=True)
    for second in range(1, 5):
        hub.group(NOW_US + second * SECOND_US)
    assert hub.processor.done == ["request", "cancel"]
    assert hub.states() == ["done", "done"]


@pytest.mark.parametrize("refusal_fails", [False, True])
def test_a_log_line_names_the_request_when_its_message_is_parked(
    connection: sa.Connection, monkeypatch: pytest.MonkeyPatch, refusal_fails: bool
) -> None:
    hub = Receiving(HQ, SHANGHAI, connection)

    def fail(_processor: Processor, _incoming: Incoming, *_arguments: Any) -> None:
        raise RuntimeError("a rule broke")

    monkeypatch.setattr(Processor, "process", fail)
    if refusal_fails:
        monkeypatch.setattr(Processor, "refuse", fail)
    lines: list[Line] = []
    with redirected(lines.append):
        hub.group(NOW_US, [hub.batch(said(SHANGHAI, GUANGDONG, pb.PHASE_REQUEST, "request", 1))])
    assert hub.states() == ["parked"]
    assert [line["event"] for line in lines] == [
        "message failed",
        *(["refusal failed"] if refusal_fails else []),
        "message parked",
    ]
    for line in lines:
        assert line["request_id"] == format_id(bytes(16))
        assert line["leg_destination"] == GUANGDONG
        assert line["peer"] == SHANGHAI
        assert line["phase"] == "request"
        assert line["message_class"] == "work_order"


def test_a_stamp_is_taken_when_its_batch_was_received_without_processing(databases: Databases) -> None:
    """The group in which the stamp comes to its origin fails as a whole, once, for a reason that nobody foresaw."""
    federation = Federation(databases)
    federation.connect()
    federation.tamper = lambda _from, to, frame: () if to == GUANGDONG else (frame,)
    leg = federation.suspend()
    federation.run()
    assert not federation.asked(SHANGHAI, leg).stamped_at_us
    origin = federation.cores[SHANGHAI].dispatcher
    real, failures = origin._commit, [RuntimeError("not foreseen")]

    def fails_once(connection: sa.Connection) -> None:
        if failures:
            raise failures.pop()
        real(connection)

    federation.clock.at_us += SECOND_US
    origin._commit = fails_once
    federation.group(HQ)
    federation.run()
    assert not failures
    federation.pass_time()
    stamped = federation.asked(SHANGHAI, leg)
    assert (stamped.hub_position, stamped.hub_admitted_at_us) == (1, federation.at_hub(leg).admitted_at_us)
    waiting = sa.select(sa.func.count()).where(inbox.c.state != "done")
    assert not federation.cores[SHANGHAI].connection.execute(waiting).scalar()
    federation.close()

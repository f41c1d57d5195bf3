"""A stream between its Hellos and its end: acknowledgements, directories, draining, time, and limits."""

from __future__ import annotations

import pytest

from common.gen.quanwang.federation.v1 import directory_pb2, link_pb2
from common.link import effects as reason
from common.link.effects import Cut
from common.link.settings import LinkSettings
from common.link.watermark import Position
from tests.support.link import NOW_US, batch_frame, directory_of, frame
from tests.support.link_pair import Pair, kinds, opened, rejected, sent

SECOND_US = 1_000_000


@pytest.fixture
def pair() -> Pair:
    return Pair()


# Acknowledgements


def test_a_receipt_is_acknowledged_by_a_frame_of_its_own_when_nothing_is_sealed(pair: Pair) -> None:
    opened(pair)
    pair.shanghai.seal(2)
    pair.deliver(pair.shanghai)
    assert kinds(pair.hq) == [], "no acknowledgement before the commit"
    pair.hq.commit()
    assert [f.ack for f in sent(pair.hq)] == [link_pb2.Ack(sequence=2, seal_number=1)]
    pair.deliver(pair.hq)
    assert pair.shanghai.acked == 1


def test_a_seal_of_the_same_commit_is_the_acknowledgement(pair: Pair) -> None:
    opened(pair)
    pair.shanghai.seal(1)
    pair.deliver(pair.shanghai)
    pair.hq.commit(answers=1)
    assert kinds(pair.hq) == ["batch"]
    pair.deliver(pair.hq)
    assert pair.shanghai.acked == 1


def test_a_seal_of_an_earlier_commit_is_no_acknowledgement(pair: Pair) -> None:
    opened(pair)
    pair.shanghai.seal(1)
    pair.deliver(pair.shanghai)
    earlier = pair.hq.ledger.seal_messages(1)
    position = pair.hq.ledger.receive(pair.hq.submitted.popleft())
    assert pair.hq.session is not None
    pair.hq.do(pair.hq.session.committed(position, [earlier]))
    assert kinds(pair.hq) == ["batch", "ack"]


def test_one_acknowledgement_covers_all_of_a_commit(pair: Pair) -> None:
    opened(pair)
    pair.shanghai.seal(1, batches=5)
    while pair.deliver(pair.shanghai):
        pass
    pair.hq.commit(groups=5)
    assert [f.ack.seal_number for f in sent(pair.hq)] == [5]


def test_only_what_is_durable_is_acknowledged(pair: Pair) -> None:
    opened(pair)
    pair.shanghai.seal(1, batches=3)
    while pair.deliver(pair.shanghai):
        pass
    pair.hq.commit(groups=2)
    assert [f.ack.seal_number for f in sent(pair.hq)] == [2]


def test_a_commit_before_the_hellos_is_acknowledged_after_them(pair: Pair) -> None:
    opened(pair)
    pair.hq.seal(1)
    pair.deliver(pair.hq)
    pair.open()
    pair.shanghai.commit()
    assert kinds(pair.shanghai) == ["hello"]
    pair.deliver(pair.shanghai)
    pair.deliver(pair.hq)
    assert kinds(pair.shanghai) == ["ack"]
    pair.run()
    assert pair.level()


def test_a_seal_that_cannot_go_out_yet_is_no_acknowledgement() -> None:
    pair = opened(Pair(LinkSettings(in_flight_batches_max=1)))
    for side in pair.sides:
        side.seal(1)
    for side in pair.sides:
        pair.deliver(side)
    # Each has one batch on the wire, and room for no more until it is acknowledged.
    for side in pair.sides:
        side.commit(answers=1)
        assert kinds(side) == ["ack"]
    pair.run()
    assert pair.level()


def test_what_came_before_is_acknowledged_again_once_it_is_durable(pair: Pair) -> None:
    opened(pair)
    pair.shanghai.seal(1)
    again = pair.shanghai.outbox[0]
    pair.deliver(pair.shanghai)
    pair.shanghai.outbox.append(again)
    pair.deliver(pair.shanghai)
    assert kinds(pair.hq) == [], "it is not durable yet"
    pair.hq.commit()
    pair.hq.outbox.clear()
    pair.shanghai.outbox.append(again)
    pair.deliver(pair.shanghai)
    assert [f.ack.seal_number for f in sent(pair.hq)] == [1]
    assert not pair.hq.submitted


def test_late_frames_of_a_broken_stream_move_both_ends(pair: Pair) -> None:
    opened(pair)
    pair.shanghai.seal(1, batches=3)
    while pair.deliver(pair.shanghai):
        pass
    pair.open()
    pair.deliver(pair.shanghai)
    # HQ says that it has nothing; then the three batches of the broken stream become durable after all.
    assert sent(pair.hq)[0].hello.received.seal_number == 0
    pair.hq.commit(groups=3)
    pair.deliver(pair.hq)
    assert len(pair.shanghai.wishes) == 1
    pair.deliver(pair.hq)
    assert pair.shanghai.acked == 3
    pair.shanghai.load()
    assert kinds(pair.shanghai) == [], "all of it was received before"
    pair.shanghai.seal(1)
    pair.run()
    assert pair.level()


def test_an_acknowledgement_beyond_what_was_sealed_cuts(pair: Pair) -> None:
    opened(pair)
    pair.hq.outbox.append(frame("ack", seal_number=1, sequence=1))
    pair.deliver(pair.hq)
    assert rejected(pair.shanghai) == reason.ACK_BEYOND_SEALED
    assert pair.shanghai.alarms == [reason.ACK_BEYOND_SEALED]


def test_an_acknowledgement_that_contradicts_the_journal_cuts(pair: Pair) -> None:
    opened(pair)
    pair.shanghai.seal(3)
    pair.hq.outbox.append(frame("ack", seal_number=1, sequence=2))
    pair.deliver(pair.hq)
    assert rejected(pair.shanghai) == reason.ACK_MISMATCH


def test_a_seal_that_witnesses_another_chain_is_a_fork(pair: Pair) -> None:
    opened(pair)
    pair.shanghai.seal(1)
    pair.hq.ledger.received = Position(pair.shanghai_node.incarnation, 1, 1, b"x" * 32)
    pair.hq.seal(1)
    pair.deliver(pair.hq)
    assert rejected(pair.shanghai) == reason.CHAIN_FORK
    assert pair.shanghai.stopped == reason.CHAIN_FORK
    assert pair.shanghai.alarms == [reason.CHAIN_FORK]
    assert not pair.shanghai.submitted
    while pair.deliver(pair.shanghai):
        pass
    assert pair.hq.stopped == reason.CHAIN_FORK


def test_a_seal_that_witnesses_what_was_never_sealed_says_that_we_forgot(pair: Pair) -> None:
    opened(pair)
    pair.hq.ledger.received = Position(pair.shanghai_node.incarnation, 4, 4, b"x" * 32)
    pair.hq.seal(1)
    pair.deliver(pair.hq)
    assert rejected(pair.shanghai) == reason.WE_FORGOT
    while pair.deliver(pair.shanghai):
        pass
    assert pair.hq.stopped == reason.PEER_FORGOT


# Directories


def test_hq_brings_a_province_up_to_date_before_any_batch(pair: Pair) -> None:
    pair.hq.signed = directory_pb2.SignedDirectory(directory=b"two")
    pair.directory.directory = directory_of(pair.hq_node, pair.shanghai_node, version=2)
    pair.hq.seal(1)
    pair.open()
    pair.deliver(pair.shanghai)
    pair.hq.load()
    assert kinds(pair.hq) == ["hello", "directory", "batch"]
    pair.run()
    assert pair.shanghai.directories == [pair.hq.signed]


def test_hq_says_nothing_to_a_province_that_is_up_to_date(pair: Pair) -> None:
    pair.hq.signed = directory_pb2.SignedDirectory(directory=b"one")
    pair.open()
    pair.deliver(pair.shanghai)
    assert kinds(pair.hq) == ["hello"]


def test_a_change_is_told_to_open_links(pair: Pair) -> None:
    signed = directory_pb2.SignedDirectory(directory=b"two")
    pair.open()
    assert pair.hq.session is not None
    assert pair.hq.session.directory_changed(signed) == []
    pair.run()
    pair.hq.do(pair.hq.session.directory_changed(signed))
    pair.run()
    assert pair.shanghai.directories == [signed]


def test_a_province_publishes_no_directory(pair: Pair) -> None:
    opened(pair)
    assert pair.shanghai.session is not None
    assert pair.shanghai.session.directory_changed(directory_pb2.SignedDirectory()) == []
    offered = link_pb2.LinkFrame(directory=directory_pb2.SignedDirectory(directory=b"mine"))
    pair.shanghai.outbox.append(offered.SerializeToString())
    pair.deliver(pair.shanghai)
    assert rejected(pair.hq) == reason.UNEXPECTED_FRAME


# The end


def test_draining_acknowledges_everything_and_then_closes(pair: Pair) -> None:
    opened(pair)
    pair.shanghai.seal(1, batches=2)
    pair.deliver(pair.shanghai)
    assert pair.hq.session is not None
    pair.hq.do(pair.hq.session.drain(pair.now_us))
    pair.hq.seal(1)
    assert kinds(pair.hq) == ["drain"], "what is sealed now waits for the next stream"
    pair.run()
    for side in pair.sides:
        assert side.cut == Cut(reason.DRAINED)
        assert not side.alarms
    assert pair.shanghai.acked == 2
    opened(pair)
    assert pair.level()


def test_draining_before_the_link_is_open_just_closes(pair: Pair) -> None:
    pair.open()
    assert pair.shanghai.session is not None
    assert pair.shanghai.session.drain(pair.now_us) == [Cut(reason.DRAINED)]


def test_a_drain_that_takes_too_long_closes(pair: Pair) -> None:
    opened(pair)
    session = pair.shanghai.session
    assert session is not None
    pair.shanghai.do(session.drain(NOW_US))
    assert session.drain(NOW_US) == []
    assert session.tick(NOW_US + pair.settings.drain_timeout_us) == []
    assert session.tick(NOW_US + pair.settings.drain_timeout_us + 1) == [Cut(reason.DRAIN_TIMEOUT)]


def test_a_batch_after_the_peers_drain_cuts(pair: Pair) -> None:
    opened(pair)
    pair.hq.seal(1)
    pair.shanghai.outbox.append(frame("drain"))
    pair.shanghai.outbox.append(batch_frame(pair.shanghai.ledger.seal_messages(1)))
    pair.deliver(pair.shanghai)
    assert pair.hq.cut is None, "its own batch is not acknowledged yet"
    pair.deliver(pair.shanghai)
    assert rejected(pair.hq) == reason.UNEXPECTED_FRAME
    assert not pair.hq.submitted


def test_a_session_that_has_ended_does_nothing(pair: Pair) -> None:
    opened(pair)
    session = pair.hq.session
    assert session is not None
    assert session.closed() == [Cut(reason.STREAM_ENDED)]
    assert session.is_closed
    late = pair.hq.ledger.seal_messages(1)
    assert session.closed() == []
    assert session.open(NOW_US) == []
    assert session.frame_received(frame("ack"), NOW_US) == []
    assert session.committed(Position(), [late]) == []
    assert session.journal_loaded([]) == []
    assert session.tick(NOW_US + 10**12) == []
    assert session.drain(NOW_US) == []
    assert session.failed("X") == []
    assert session.directory_changed(directory_pb2.SignedDirectory()) == []


def test_a_node_that_cannot_go_on_tells_the_peer(pair: Pair) -> None:
    opened(pair)
    assert pair.hq.session is not None
    pair.hq.do(pair.hq.session.failed(reason.STORAGE_UNAVAILABLE, "disk full"))
    pair.run()
    assert pair.shanghai.cut == Cut(reason.STORAGE_UNAVAILABLE, "the peer says: disk full")
    assert not pair.shanghai.alarms


# Time


@pytest.mark.parametrize("side", ["shanghai", "hq"])
def test_a_peer_that_does_not_introduce_itself_is_cut(pair: Pair, side: str) -> None:
    pair.open()
    session = getattr(pair, side).session
    assert session.tick(NOW_US + pair.settings.hello_timeout_us) == []
    effects = session.tick(NOW_US + pair.settings.hello_timeout_us + 1)
    assert effects[-1] == Cut(reason.HELLO_TIMEOUT)


def test_a_peer_that_acknowledges_nothing_is_cut(pair: Pair) -> None:
    opened(pair)
    session = pair.shanghai.session
    assert session is not None
    timeout = pair.settings.ack_timeout_us
    assert session.tick(NOW_US) == []
    pair.shanghai.seal(1)
    assert session.tick(NOW_US + 10 * timeout) == []
    assert session.tick(NOW_US + 11 * timeout) == []
    assert session.tick(NOW_US + 11 * timeout + 1)[-1] == Cut(reason.ACK_TIMEOUT, "1 batches are on the wire")


def test_any_acknowledgement_gives_new_time(pair: Pair) -> None:
    opened(pair)
    session = pair.shanghai.session
    assert session is not None
    timeout = pair.settings.ack_timeout_us
    pair.shanghai.seal(1, batches=2)
    session.tick(NOW_US)
    pair.shanghai.do(session.frame_received(frame("ack", seal_number=1, sequence=1), NOW_US))
    assert session.tick(NOW_US + timeout) == []
    assert session.tick(NOW_US + 2 * timeout) == []
    assert session.tick(NOW_US + 2 * timeout + 1) != []


def test_a_clock_that_is_set_back_keeps_nothing_waiting_for_ever(pair: Pair) -> None:
    opened(pair)
    session = pair.shanghai.session
    assert session is not None
    pair.shanghai.seal(1)
    session.tick(NOW_US)
    back = NOW_US - 3600 * SECOND_US
    assert session.tick(back) == []
    assert session.tick(back + pair.settings.ack_timeout_us + 1) != []


# Limits


def test_a_frame_beyond_the_limit_cuts() -> None:
    pair = Pair(LinkSettings(frame_bytes_max=500))
    pair.open()
    pair.shanghai.outbox.appendleft(bytes(501))
    pair.deliver(pair.shanghai)
    assert rejected(pair.hq) == reason.LIMIT_EXCEEDED


def test_a_session_says_when_it_should_be_read_from_no_more() -> None:
    pair = opened(Pair(LinkSettings(receiving_batches_max=2)))
    assert pair.hq.session is not None
    pair.shanghai.seal(1, batches=2)
    pair.deliver(pair.shanghai)
    assert not pair.hq.session.congested
    pair.deliver(pair.shanghai)
    assert pair.hq.session.congested
    pair.hq.commit()
    assert not pair.hq.session.congested
    large = opened(Pair(LinkSettings(receiving_bytes_max=1)))
    assert large.hq.session is not None
    large.shanghai.seal(1)
    large.deliver(large.shanghai)
    assert large.hq.session.congested
    large.hq.commit()
    assert not large.hq.session.congested


def test_a_peers_window_is_believed_up_to_a_limit() -> None:
    pair = opened(Pair(LinkSettings(window_bytes=10**9)))
    assert pair.hq.opened is not None
    assert pair.hq.opened.window_bytes == pair.settings.peer_window_bytes_max

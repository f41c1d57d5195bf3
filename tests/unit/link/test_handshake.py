"""The two Hellos: the table of what is taken and what is refused, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from common.gen.quanwang.federation.v1 import link_pb2
from common.ids import HQ
from common.link import effects as reason
from common.link.effects import Cut
from tests.support.link import SHANGHAI, Ledger, PaperNode, frame
from tests.support.link_pair import Pair, kinds, opened, rejected, sent


@pytest.fixture
def pair() -> Pair:
    return Pair()


def test_the_province_speaks_first(pair: Pair) -> None:
    pair.open()
    assert kinds(pair.shanghai) == ["hello"]
    assert kinds(pair.hq) == []


def test_both_introduce_themselves_and_are_open(pair: Pair) -> None:
    pair.open()
    pair.deliver(pair.shanghai)
    assert kinds(pair.hq) == ["hello"]
    assert pair.hq.opened is not None
    assert pair.shanghai.opened is None
    pair.deliver(pair.hq)
    assert pair.shanghai.opened is not None
    assert pair.shanghai.opened.window_bytes == pair.settings.window_bytes
    assert pair.shanghai.opened.protocol_version == 1
    assert pair.shanghai.opened.peer_software_version == "test"


def test_the_hello_says_where_this_side_is(pair: Pair) -> None:
    pair.shanghai.seal(2)
    pair.shanghai.seal(1)
    pair.hq.seal(1)
    opened(pair)
    pair.open()
    hello = sent(pair.shanghai)[0].hello
    assert hello.node == SHANGHAI
    assert hello.incarnation == pair.shanghai_node.incarnation
    assert (hello.sealed.seal_number, hello.sealed.sequence) == (2, 3)
    assert hello.sealed.seal_hash == pair.shanghai.ledger.sealed_hash
    assert (hello.received.seal_number, hello.received.sequence) == (1, 1)
    assert hello.received.seal_hash == pair.hq.ledger.sealed_hash
    assert hello.received.incarnation == pair.hq_node.incarnation
    assert hello.directory_version == 1


def hello_of(pair: Pair, change: Callable[[link_pb2.Hello], None]) -> bytes:
    """Shanghai's Hello as it would be, and a change."""
    spoken = link_pb2.LinkFrame.FromString(pair.shanghai.outbox[0])
    change(spoken.hello)
    return spoken.SerializeToString()


def set_hello(**fields: object) -> Callable[[link_pb2.Hello], None]:
    def change(hello: link_pb2.Hello) -> None:
        for name, value in fields.items():
            setattr(hello, name, value)

    return change


def set_place(name: str, **fields: object) -> Callable[[link_pb2.Hello], None]:
    def change(hello: link_pb2.Hello) -> None:
        for field, value in fields.items():
            setattr(getattr(hello, name), field, value)

    return change


HANDSHAKE = {
    "newer peer, still compatible": (set_hello(protocol_version_max=9), ""),
    "only newer versions": (
        set_hello(protocol_version_min=2, protocol_version_max=9),
        reason.PROTOCOL_VERSION_UNSUPPORTED,
    ),
    "no version at all": (
        set_hello(protocol_version_min=0, protocol_version_max=0),
        reason.PROTOCOL_VERSION_UNSUPPORTED,
    ),
    "another node": (set_hello(node="44"), reason.NODE_MISMATCH),
    "no node": (set_hello(node=""), reason.NODE_MISMATCH),
    "no incarnation": (set_hello(incarnation=b""), reason.MALFORMED_FRAME),
    "a new incarnation": (
        lambda hello: (set_hello(incarnation=b"x" * 16)(hello), set_place("sealed", incarnation=b"x" * 16)(hello)),
        reason.INCARNATION_CHANGED,
    ),
    "sealed of another incarnation": (set_place("sealed", incarnation=b"x" * 16), reason.MALFORMED_FRAME),
    "sealed less than was received": (set_place("sealed", seal_number=1, sequence=1), reason.PEER_FORGOT),
    "sealed nothing": (lambda hello: hello.ClearField("sealed"), reason.PEER_FORGOT),
    "another last seal": (set_place("sealed", seal_hash=b"x" * 32), reason.CHAIN_FORK),
    "another last sequence": (set_place("sealed", sequence=99), reason.CHAIN_FORK),
    "more sealed": (set_place("sealed", seal_number=5, sequence=9, seal_hash=b"x" * 32), ""),
    "received less than was acknowledged": (
        set_place("received", seal_number=1, sequence=1),
        reason.PEER_FORGOT,
    ),
    "received nothing": (lambda hello: hello.ClearField("received"), reason.PEER_FORGOT),
    "received more than was sealed": (set_place("received", seal_number=3, sequence=3), reason.WE_FORGOT),
    "received another seal": (set_place("received", seal_hash=b"x" * 32), reason.CHAIN_FORK),
    "received another sequence": (set_place("received", sequence=99), reason.CHAIN_FORK),
    "received of another incarnation": (set_place("received", incarnation=b"x" * 16), reason.INCARNATION_CHANGED),
    "received without a hash": (set_place("received", seal_hash=b""), reason.MALFORMED_FRAME),
    "a number beyond any database": (set_place("sealed", seal_number=2**63), reason.MALFORMED_FRAME),
    "a sequence before the first seal": (set_place("sealed", seal_number=0), reason.MALFORMED_FRAME),
    "as it is": (set_hello(), ""),
}


@pytest.mark.parametrize(("change", "code"), HANDSHAKE.values(), ids=HANDSHAKE.keys())
def test_the_handshake_is_judged(pair: Pair, change: Callable[[link_pb2.Hello], None], code: str) -> None:
    for side in pair.sides:
        side.seal(1)
        side.seal(1)
    opened(pair)
    pair.open()
    pair.shanghai.outbox[0] = hello_of(pair, change)
    pair.deliver(pair.shanghai)
    if not code:
        assert pair.hq.session is not None
        assert pair.hq.session.is_open
        return
    assert pair.hq.cut is not None
    assert pair.hq.cut.reason_code == code
    assert rejected(pair.hq) == code
    assert pair.hq.stopped == (code if code in reason.STOP_SEALING else "")
    assert bool(pair.hq.alarms) == (code in reason.ALARMING)
    assert pair.hq.opened is None


@pytest.mark.parametrize("code", sorted(reason.STOP_SEALING))
def test_who_is_rejected_for_the_chains_stops_too(pair: Pair, code: str) -> None:
    pair.open()
    pair.hq.outbox.append(frame("reject", reason_code=code, detail="because"))
    pair.deliver(pair.hq)
    mirrored = {reason.PEER_FORGOT: reason.WE_FORGOT, reason.WE_FORGOT: reason.PEER_FORGOT}.get(code, code)
    assert pair.shanghai.cut == Cut(mirrored, "the peer says: because")
    assert pair.shanghai.stopped == mirrored
    assert pair.shanghai.alarms == [mirrored]


def test_what_a_reject_says_is_kept_short_and_plain(pair: Pair) -> None:
    pair.open()
    pair.hq.outbox.append(frame("reject", reason_code="A b\n<c>" + "D" * 1000, detail="x" * 10_000))
    pair.deliver(pair.hq)
    assert pair.shanghai.cut is not None
    assert pair.shanghai.cut.reason_code.startswith("AbcD")
    assert len(pair.shanghai.cut.reason_code) <= 64
    assert len(pair.shanghai.cut.detail) <= 600


def test_a_new_incarnation_is_fine_while_nothing_was_received_from_it(pair: Pair) -> None:
    opened(pair)
    pair.shanghai.ledger = Ledger(PaperNode(SHANGHAI, incarnation=b"y" * 16), HQ)
    opened(pair)
    pair.shanghai.seal(1)
    pair.run()
    assert pair.level()


def test_a_place_behind_the_last_seal_is_checked_against_the_journal(pair: Pair) -> None:
    opened(pair)
    pair.hq.seal(1)
    pair.run()
    pair.hq.seal(1, batches=3)
    pair.open()
    pair.deliver(pair.shanghai)
    assert kinds(pair.hq) == [], "HQ answers once it has looked into its journal"
    assert len(pair.hq.wishes) == 1
    pair.run()
    assert pair.opened()
    assert pair.level()


@pytest.mark.parametrize(
    "change",
    [set_place("received", seal_hash=b"x" * 32), set_place("received", sequence=2)],
    ids=["another hash", "another sequence"],
)
def test_a_fork_behind_the_last_seal_is_found_in_the_journal(
    pair: Pair, change: Callable[[link_pb2.Hello], None]
) -> None:
    opened(pair)
    pair.hq.seal(1)
    pair.run()
    pair.hq.seal(1, batches=3)
    pair.open()
    pair.shanghai.outbox[0] = hello_of(pair, change)
    pair.deliver(pair.shanghai)
    pair.hq.load()
    assert rejected(pair.hq) == reason.CHAIN_FORK
    assert pair.hq.stopped == reason.CHAIN_FORK
    assert pair.hq.opened is None


def test_the_province_finds_a_fork_in_its_journal_too(pair: Pair) -> None:
    opened(pair)
    pair.shanghai.seal(1)
    pair.run()
    pair.shanghai.seal(1, batches=2)
    pair.hq.ledger.received = replace(pair.hq.ledger.received, seal_hash=b"x" * 32)
    pair.open()
    pair.run()
    assert pair.shanghai.stopped == reason.CHAIN_FORK
    assert pair.hq.stopped == reason.CHAIN_FORK


@pytest.mark.parametrize("numbers", [[], [2], [1, 3]], ids=str)
def test_a_journal_that_lacks_what_must_be_sent_is_an_alarm(pair: Pair, numbers: list[int]) -> None:
    pair.hq.seal(1, batches=3)
    pair.open()
    pair.deliver(pair.shanghai)
    assert pair.hq.session is not None
    answer = [(number, pair.hq.ledger.sealed[number - 1].batch_bytes) for number in numbers]
    pair.hq.do(pair.hq.session.journal_loaded(answer))
    assert rejected(pair.hq) == reason.JOURNAL_INCOMPLETE
    assert pair.hq.alarms == [reason.JOURNAL_INCOMPLETE]


@pytest.mark.parametrize("kind", ["ack", "drain"])
def test_nothing_is_said_before_the_hellos(pair: Pair, kind: str) -> None:
    pair.open()
    pair.shanghai.outbox.appendleft(frame(kind))
    pair.deliver(pair.shanghai)
    assert rejected(pair.hq) == reason.UNEXPECTED_FRAME


def test_a_second_hello_cuts(pair: Pair) -> None:
    opened(pair)
    pair.shanghai.outbox.append(frame("hello", node=SHANGHAI))
    pair.deliver(pair.shanghai)
    assert rejected(pair.hq) == reason.UNEXPECTED_FRAME


# Restored from an old backup


def test_a_node_restored_from_a_backup_is_found_out_by_both(pair: Pair) -> None:
    opened(pair)
    pair.shanghai.seal(1)
    pair.run()
    backup = replace(pair.shanghai.ledger, sealed=list(pair.shanghai.ledger.sealed))
    pair.shanghai.seal(1, batches=2)
    pair.hq.seal(1)
    pair.run()
    pair.shanghai.ledger = backup
    pair.open()
    pair.run()
    assert pair.hq.stopped == reason.PEER_FORGOT
    assert pair.shanghai.stopped == reason.WE_FORGOT
    assert pair.hq.alarms
    assert pair.shanghai.alarms


def test_a_node_that_went_on_after_a_restore_is_a_fork(pair: Pair) -> None:
    opened(pair)
    pair.shanghai.seal(1)
    pair.run()
    backup = replace(pair.shanghai.ledger, sealed=list(pair.shanghai.ledger.sealed))
    pair.shanghai.seal(1)
    pair.run()
    pair.shanghai.ledger = backup
    pair.shanghai.ledger.seal_messages(2)
    pair.open()
    pair.run()
    assert {pair.hq.stopped, pair.shanghai.stopped} == {reason.CHAIN_FORK}

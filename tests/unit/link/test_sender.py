"""What goes out next, and from where: the sender's three places, one rule of section C after the other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.ids import HQ
from common.link import effects as reason
from common.link.effects import Acked, Cut, LoadJournal
from common.link.sender import Sender
from common.link.settings import LinkSettings
from common.link.watermark import Position, own_seal_hash
from common.messaging.incoming import SealedBatch
from tests.support.link import SHANGHAI, Ledger, PaperNode

NODE = PaperNode(SHANGHAI)


def ledger_of(batches: int, acked: int = 0) -> Ledger:
    """A journal in which each batch has two entries."""
    ledger = Ledger(NODE, HQ)
    for _ in range(batches):
        ledger.seal_messages(2)
    ledger.note_ack(acked, 2 * acked)
    return ledger


def sender_of(ledger: Ledger, settings: LinkSettings | None = None) -> Sender:
    return Sender(HQ, ledger.link, ledger.cursors, settings or LinkSettings())


def place(ledger: Ledger, seal_number: int) -> Position:
    """The place after a seal of the journal."""
    if seal_number == 0:
        return Position()
    batch = ledger.sealed[seal_number - 1]
    return Position(NODE.incarnation, seal_number, batch.last_sequence, own_seal_hash(batch.batch_bytes))


def sent(sender: Sender) -> list[int]:
    """The numbers of the batches that go out now."""
    return [step.seal_number for step in sender.pump() if isinstance(step, SealedBatch)]


def answer(sender: Sender, ledger: Ledger) -> Acked | Cut | None:
    """Lets the sender ask the journal, and answers."""
    (wish,) = sender.pump()
    assert isinstance(wish, LoadJournal)
    return sender.journal_loaded(ledger.load(wish.after_seal, wish.bytes_max))


@pytest.mark.parametrize("received", range(5))
def test_it_goes_on_after_what_the_peer_has_received(received: int) -> None:
    ledger = ledger_of(4)
    sender = sender_of(ledger)
    sender.resume(place(ledger, received))
    assert sender.next_seal_number == received + 1
    if received < 4:
        (wish,) = sender.pump()
        assert wish == LoadJournal("31>00", received, sender._settings.journal_read_bytes_max)
        assert sender.pump() == [], "one reading at a time"
        sender.journal_loaded(ledger.load(received, 10**9))
    assert sent(sender) == list(range(received + 1, 5))
    assert sent(sender) == []
    assert sender.acked_seal_number == received
    assert sender.acked_sequence == 2 * received


def test_nothing_goes_out_before_the_hello() -> None:
    ledger = ledger_of(0)
    sender = sender_of(ledger)
    sender.sealed([ledger.seal_messages(1)])
    assert sender.pump() == []


def test_what_was_just_sealed_goes_out_without_the_journal() -> None:
    ledger = ledger_of(2)
    sender = sender_of(ledger)
    sender.resume(place(ledger, 2))
    sender.sealed([ledger.seal_messages(1), ledger.seal_messages(1)])
    assert sent(sender) == [3, 4]


def test_after_an_acknowledgement_of_an_earlier_stream_nothing_of_it_is_sent() -> None:
    ledger = ledger_of(5)
    sender = sender_of(ledger)
    sender.resume(place(ledger, 1))
    answer(sender, ledger)
    assert sender.acked(4, 8) == Acked(4, 8)
    assert sender.next_seal_number == 5
    assert sent(sender) == [5]


def test_an_acknowledgement_overtakes_what_is_at_hand_and_what_is_being_read() -> None:
    ledger = ledger_of(2)
    sender = sender_of(ledger, LinkSettings(in_flight_batches_max=1))
    sender.resume(place(ledger, 2))
    sender.sealed([ledger.seal_messages(1) for _ in range(4)])
    assert sent(sender) == [3]
    sender.acked(5, ledger.sealed[4].last_sequence)
    assert sent(sender) == [6]
    assert sender._recent_bytes == 0
    assert not sender._recent


def test_an_older_acknowledgement_changes_nothing() -> None:
    ledger = ledger_of(3, acked=1)
    sender = sender_of(ledger)
    sender.resume(place(ledger, 3))
    assert sender.acked(2, 4) is None
    assert sender.acked_seal_number == 3
    assert sender.next_seal_number == 4


def test_what_was_sealed_unnoticed_is_read_from_the_journal() -> None:
    ledger = ledger_of(1)
    sender = sender_of(ledger)
    sender.resume(place(ledger, 1))
    ledger.seal_messages(1)
    sender.sealed([ledger.seal_messages(1)])
    answer(sender, ledger)
    assert sent(sender) == [2, 3]
    ledger.seal_messages(1)
    fifth = ledger.seal_messages(1)
    sender.sealed([fifth])
    ledger.seal_messages(1)
    sender.sealed([ledger.seal_messages(1)])
    assert [batch.seal_number for batch in sender._recent] == [7], "no gap in what is at hand"
    answer(sender, ledger)
    assert sent(sender) == [4, 5, 6, 7]


def test_what_the_cursors_knew_already_is_not_counted_twice() -> None:
    ledger = ledger_of(3)
    sender = sender_of(ledger)
    sender.sealed(ledger.sealed)
    assert sender.sealed_seal_number == 3
    assert not sender._recent
    sender.resume(place(ledger, 1))
    assert sender.acked(3, 6) == Acked(3, 6)


def test_on_the_wire_is_never_more_than_the_limit() -> None:
    ledger = ledger_of(10)
    size = len(ledger.sealed[0].batch_bytes)
    sender = sender_of(ledger, LinkSettings(in_flight_bytes_max=2 * size))
    sender.resume(Position())
    answer(sender, ledger)
    first = sent(sender)
    assert first == [1, 2]
    sender.acked(1, 2)
    assert sent(sender) == [3]
    sender.acked(3, 6)
    assert sent(sender) == [4, 5]
    assert sender.in_flight == 2


def test_one_batch_always_fits_on_the_wire() -> None:
    ledger = ledger_of(2)
    sender = sender_of(ledger, LinkSettings(in_flight_bytes_max=1))
    sender.resume(Position())
    answer(sender, ledger)
    assert sent(sender) == [1]
    sender.acked(1, 2)
    assert sent(sender) == [2]


def test_a_long_tail_is_read_piece_by_piece() -> None:
    ledger = ledger_of(5)
    size = len(ledger.sealed[0].batch_bytes)
    sender = sender_of(ledger, LinkSettings(journal_read_bytes_max=2 * size))
    sender.resume(Position())
    out = []
    while sender.next_seal_number <= 5:
        answer(sender, ledger)
        out.append(sent_before_reading(sender))
    assert out == [[1, 2], [3, 4], [5]]


def sent_before_reading(sender: Sender) -> list[int]:
    """What goes out; the reading that the sender then wishes for is forgotten, so that it wishes again."""
    numbers = sent(sender)
    sender._loading_after = None
    return numbers


def test_only_so_much_of_what_waits_is_held_in_memory() -> None:
    ledger = ledger_of(0)
    settings = LinkSettings(recent_batches_max=3, in_flight_batches_max=1)
    sender = sender_of(ledger, settings)
    sender.resume(Position())
    for _ in range(50):
        sender.sealed([ledger.seal_messages(1)])
        assert len(sender._recent) <= 3
    sender.pump()
    sender.journal_loaded(ledger.load(0, 10**9))
    out = []
    for number in range(1, 51):
        out += sent(sender)
        sender.acked(number, number)
    assert out == list(range(1, 51))


def test_bytes_bound_what_is_held_in_memory_too() -> None:
    ledger = ledger_of(0)
    sender = sender_of(ledger, LinkSettings(recent_bytes_max=1))
    sender.sealed([ledger.seal_messages(1) for _ in range(3)])
    assert [batch.seal_number for batch in sender._recent] == [3]
    assert sender._recent_bytes == len(sender._recent[0].batch_bytes)


def test_the_last_own_seal_is_known_to_the_handshake_even_if_just_made() -> None:
    ledger = ledger_of(2)
    sender = sender_of(ledger)
    sender.sealed([ledger.seal_messages(2), ledger.seal_messages(2)])
    assert sender.sealed_position() == place(ledger, 4)
    # A peer can have received it only through an earlier stream; the hash is compared all the same.
    assert sender.resume(place(ledger, 4)) == Acked(4, 8)
    forked = sender_of(ledger)
    outcome = forked.resume(replace(place(ledger, 4), seal_hash=b"x" * 32))
    assert isinstance(outcome, Cut)
    assert outcome.reason_code == reason.CHAIN_FORK


def test_nothing_goes_out_before_the_journal_agrees_with_the_peer() -> None:
    ledger = ledger_of(2)
    sender = sender_of(ledger)
    sender.resume(replace(place(ledger, 1), seal_hash=b"x" * 32))
    sender.sealed([ledger.seal_messages(1)])
    assert not sender.agreed
    outcome = answer(sender, ledger)
    assert isinstance(outcome, Cut)
    assert outcome.reason_code == reason.CHAIN_FORK
    assert not sender.agreed


def test_nothing_goes_out_to_a_peer_whose_place_only_the_journal_can_judge() -> None:
    ledger = ledger_of(2)
    sender = sender_of(ledger)
    sender.sealed([ledger.seal_messages(1), ledger.seal_messages(1)])
    sender.resume(replace(place(ledger, 3), seal_hash=b"x" * 32))
    outcome = answer(sender, ledger)
    assert isinstance(outcome, Cut)
    assert outcome.reason_code == reason.CHAIN_FORK


def test_an_answer_that_nobody_asked_for_is_ignored() -> None:
    ledger = ledger_of(1)
    sender = sender_of(ledger)
    assert sender.journal_loaded(ledger.load(0, 100)) is None


@pytest.mark.parametrize("spoilt", [b"", b"\x0a\x02\xff\xff", b"\x12\x00"], ids=["empty", "no seal", "no seal at all"])
def test_a_journal_that_cannot_be_read_is_incomplete(spoilt: bytes) -> None:
    ledger = ledger_of(1)
    sender = sender_of(ledger)
    sender.resume(Position())
    sender.pump()
    outcome = sender.journal_loaded([(1, spoilt)])
    assert isinstance(outcome, Cut)
    assert outcome.reason_code == reason.JOURNAL_INCOMPLETE

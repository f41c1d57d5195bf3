"""The network lies: bytes changed, repeated, reordered, dropped, inflated, on streams between honest nodes.

TLS already forbids all of this; the protocol does not rely on it.
"""

from __future__ import annotations

import pytest

from common.gen.quanwang.federation.v1 import link_pb2, seal_pb2
from common.ids import HQ
from common.link import effects as reason
from tests.support.dishonest import request
from tests.support.federation import GUANGDONG, SHANGHAI, Federation
from tests.support.wire import (
    assert_cut_and_resumed,
    attack,
    batch_in,
    first_batch,
    flipped,
    frame_of,
    samples,
    with_batch,
)

pytestmark = pytest.mark.one_store("What is altered on the way never reaches a database.")

REQUEST_UP = (SHANGHAI, HQ)
REQUEST_DOWN = (HQ, GUANGDONG)
FINAL_UP = (GUANGDONG, HQ)
FINAL_DOWN = (HQ, SHANGHAI)
WAYS = pytest.mark.parametrize(
    ("sender", "receiver"),
    [REQUEST_UP, REQUEST_DOWN, FINAL_UP, FINAL_DOWN],
    ids=["request to HQ", "request to home", "final to HQ", "final to its origin"],
)
SEAL_CODES = {
    reason.BAD_SIGNATURE,
    reason.LINK_MISMATCH,
    reason.MALFORMED_BATCH,
    reason.SEAL_GAP,
    reason.KEY_UNKNOWN,
    reason.CHAIN_FORK,
    reason.LIMIT_EXCEEDED,
}


@WAYS
def test_a_forged_seal_is_cut(federation: Federation, sender: str, receiver: str) -> None:
    def forge(batch: seal_pb2.SealedBatch) -> None:
        batch.seal.signature = bytes(64)

    assert_cut_and_resumed(federation, sender, receiver, with_batch(forge), reason.BAD_SIGNATURE)


@WAYS
def test_a_signature_altered_anywhere_is_cut(federation: Federation, sender: str, receiver: str) -> None:
    for place in samples(64, 8):

        def alter(batch: seal_pb2.SealedBatch, place: int = place) -> None:
            batch.seal.signature = flipped(batch.seal.signature, place)

        assert_cut_and_resumed(federation, sender, receiver, with_batch(alter), reason.BAD_SIGNATURE)


@pytest.mark.parametrize(("sender", "receiver"), [REQUEST_UP, FINAL_DOWN])
def test_a_seal_altered_anywhere_is_cut(federation: Federation, sender: str, receiver: str) -> None:
    for place in samples(230, 23):

        def alter(batch: seal_pb2.SealedBatch, place: int = place) -> None:
            batch.seal.seal = flipped(batch.seal.seal, min(place, len(batch.seal.seal) - 1), place % 8)

        # An altered number that is no new one is dropped as a repeat; everything else is cut.
        leg = attack(federation, first_batch(sender, receiver, with_batch(alter)))
        assert federation.cuts.get((receiver, sender), reason.SEAL_GAP) in SEAL_CODES
        federation.reconnect(SHANGHAI)
        assert federation.asked(SHANGHAI, leg).state == "completed"


@WAYS
@pytest.mark.parametrize("part", ["header", "body"])
def test_an_envelope_altered_anywhere_is_cut(federation: Federation, sender: str, receiver: str, part: str) -> None:
    size = 200 if part == "header" else 5
    for place in samples(size, 10):

        def alter(batch: seal_pb2.SealedBatch, place: int = place) -> None:
            entry = next(entry for entry in batch.entries if getattr(entry, part))
            content = getattr(entry, part)
            setattr(entry, part, flipped(content, min(place, len(content) - 1)))

        assert_cut_and_resumed(federation, sender, receiver, with_batch(alter), reason.ROOT_MISMATCH)


@WAYS
def test_a_body_taken_away_or_put_on_is_cut(federation: Federation, sender: str, receiver: str) -> None:
    def take(batch: seal_pb2.SealedBatch) -> None:
        next(entry for entry in batch.entries if entry.body).body = b""

    def put(batch: seal_pb2.SealedBatch) -> None:
        next(entry for entry in batch.entries if entry.header).private_body = b"put on by somebody else"

    for change in (take, put):
        assert_cut_and_resumed(federation, sender, receiver, with_batch(change), reason.ROOT_MISMATCH)


@pytest.mark.parametrize(("sender", "receiver"), [REQUEST_DOWN, FINAL_DOWN])
def test_a_stamp_altered_or_taken_away_is_cut(federation: Federation, sender: str, receiver: str) -> None:
    for place in (*samples(90, 9), None):

        def alter(batch: seal_pb2.SealedBatch, place: int | None = place) -> None:
            entry = next(entry for entry in batch.entries if entry.stamp)
            entry.stamp = b"" if place is None else flipped(entry.stamp, min(place, len(entry.stamp) - 1))

        assert_cut_and_resumed(federation, sender, receiver, with_batch(alter), reason.ROOT_MISMATCH)


def test_a_stamp_put_on_the_word_of_a_province_is_cut(federation: Federation) -> None:
    def put(batch: seal_pb2.SealedBatch) -> None:
        batch.entries[0].stamp = b"admitted"

    assert_cut_and_resumed(federation, *REQUEST_UP, with_batch(put), reason.ROOT_MISMATCH)


@WAYS
def test_entries_added_or_repeated_are_cut(federation: Federation, sender: str, receiver: str) -> None:
    def add(batch: seal_pb2.SealedBatch) -> None:
        batch.entries.add(header=request().header)

    def repeat(batch: seal_pb2.SealedBatch) -> None:
        batch.entries.append(batch.entries[0])

    for change in (add, repeat):
        assert_cut_and_resumed(federation, sender, receiver, with_batch(change), reason.ROOT_MISMATCH)


@WAYS
def test_entries_dropped_are_cut(federation: Federation, sender: str, receiver: str) -> None:
    def drop(batch: seal_pb2.SealedBatch) -> None:
        del batch.entries[:]
        del batch.origin_seals[:]

    assert_cut_and_resumed(federation, sender, receiver, with_batch(drop), reason.ROOT_MISMATCH)


@WAYS
def test_a_repeated_batch_is_taken_once(federation: Federation, sender: str, receiver: str) -> None:
    leg = attack(federation, first_batch(sender, receiver, lambda frame: (frame, frame, frame)))
    assert federation.asked(SHANGHAI, leg).state == "completed"
    assert not federation.cuts
    assert len(federation.batches(HQ, "31>00")) == 1
    assert len(federation.batches(HQ, "44>00")) == 1


def test_batches_replayed_on_a_later_stream_change_nothing(federation: Federation) -> None:
    leg = attack(federation, lambda sender, receiver, frame: (frame,))
    frames = [sent for sent in federation.sent if batch_in(sent[2]) is not None]
    federation.reconnect()
    before = federation.durable()
    for sender, receiver, frame in frames:
        federation.arrive(sender, receiver, frame)
    federation.run()
    assert federation.durable() == before
    assert federation.asked(SHANGHAI, leg).state == "completed"
    assert not federation.cuts


def test_batches_replayed_on_the_link_of_another_are_cut(federation: Federation) -> None:
    attack(federation, lambda sender, receiver, frame: (frame,))
    stolen = next(f for s, r, f in federation.sent if (s, r) == REQUEST_UP and batch_in(f) is not None)
    before = federation.link_row(HQ, GUANGDONG)
    federation.arrive(GUANGDONG, HQ, stolen)
    federation.run()
    assert federation.cuts[HQ, GUANGDONG] == reason.LINK_MISMATCH
    assert reason.LINK_MISMATCH in federation.alarms(HQ)
    assert federation.link_row(HQ, GUANGDONG) == before


def test_a_batch_reflected_to_its_sender_is_cut(federation: Federation) -> None:
    attack(federation, lambda sender, receiver, frame: (frame,))
    own = next(f for s, r, f in federation.sent if (s, r) == REQUEST_UP and batch_in(f) is not None)
    federation.arrive(HQ, SHANGHAI, own)
    federation.run()
    assert federation.cuts[SHANGHAI, HQ] == reason.LINK_MISMATCH


def test_reordered_batches_are_cut_and_sent_again(federation: Federation) -> None:
    held: list[bytes] = []

    def swap(sender: str, receiver: str, frame: bytes) -> list[bytes]:
        if (sender, receiver) != REQUEST_UP or batch_in(frame) is None or len(held) > 1:
            return [frame]
        held.append(frame)
        return [] if len(held) == 1 else [frame, held[0]]

    federation.tamper = swap
    legs = [federation.suspend(), federation.suspend()]
    federation.run()
    assert federation.cuts[HQ, SHANGHAI] == reason.SEAL_GAP
    assert not federation.batches(HQ, "31>00")
    federation.tamper = None
    federation.reconnect(SHANGHAI)
    assert {federation.asked(SHANGHAI, leg).state for leg in legs} == {"completed", "rejected"}


@WAYS
def test_a_batch_that_is_lost_is_sent_again(federation: Federation, sender: str, receiver: str) -> None:
    leg = attack(federation, first_batch(sender, receiver, lambda frame: ()))
    federation.reconnect(SHANGHAI, GUANGDONG)
    assert federation.asked(SHANGHAI, leg).state == "completed"


# Sizes


@WAYS
def test_oversized_frames_batches_and_counts_are_cut(federation: Federation, sender: str, receiver: str) -> None:
    limits = federation.cores[receiver].link_settings

    def many(batch: seal_pb2.SealedBatch) -> None:
        batch.entries.extend([batch.entries[0]] * limits.batch_entries_max)

    def wide(batch: seal_pb2.SealedBatch) -> None:
        batch.seal.seal += b"\xfa\x07" + b"\x80\x10" + bytes(2_048)

    def signature(batch: seal_pb2.SealedBatch) -> None:
        batch.seal.signature = bytes(limits.signature_bytes_max + 1)

    def origins(batch: seal_pb2.SealedBatch) -> None:
        batch.origin_seals.extend([seal_pb2.SignedSeal()] * (len(batch.entries) + 1))

    changes = [
        lambda frame: (bytes(limits.frame_bytes_max + 1),),
        lambda frame: (frame_of(bytes(limits.batch_bytes_max + 1)),),
        lambda frame: (frame_of(b"\x12\x00" * 3_000_000),),
        *(with_batch(change) for change in (many, wide, signature, origins)),
    ]
    for change in changes:
        assert_cut_and_resumed(federation, sender, receiver, change, reason.LIMIT_EXCEEDED)


# Bytes that are nothing

NOTHING = [
    b"",
    b"\x00",
    b"\xff" * 50,
    b"\x0a\xff\xff\xff\xff\x0f",
    b"\x3a\x00",
    link_pb2.LinkFrame(batch=b"").SerializeToString(),
    link_pb2.LinkFrame(batch=b"\xff" * 40).SerializeToString(),
    link_pb2.LinkFrame(batch=b"\x0a\x02\x0a\x00").SerializeToString(),
    link_pb2.LinkFrame(batch=b"\x12\x00").SerializeToString(),
    link_pb2.LinkFrame(hello=link_pb2.Hello(node=SHANGHAI)).SerializeToString(),
    link_pb2.LinkFrame(ack=link_pb2.Ack(seal_number=2**64 - 1, sequence=2**64 - 1)).SerializeToString(),
]


@WAYS
def test_bytes_that_are_no_frame_are_cut(federation: Federation, sender: str, receiver: str) -> None:
    codes = {reason.MALFORMED_FRAME, reason.MALFORMED_BATCH, reason.LINK_MISMATCH, reason.UNEXPECTED_FRAME}
    codes |= {reason.ACK_BEYOND_SEALED, reason.DIRECTORY_REFUSED}
    for garbage in NOTHING:
        assert_cut_and_resumed(federation, sender, receiver, lambda frame, garbage=garbage: (garbage, frame), codes)


@pytest.mark.parametrize(("node", "peer"), [(SHANGHAI, HQ), (HQ, SHANGHAI)])
def test_anything_before_the_hello_is_cut(federation: Federation, node: str, peer: str) -> None:
    for garbage in NOTHING:
        if garbage.startswith(b"\x0a"):
            continue
        greeted: list[bytes] = []

        def first(
            sender: str, receiver: str, sent: bytes, bad: bytes = garbage, seen: list[bytes] = greeted
        ) -> list[bytes]:
            if (sender, receiver) == (peer, node) and not seen:
                seen.append(sent)
                return [bad, sent]
            return [sent]

        before = federation.durable()[node]
        federation.tamper = first
        federation.reconnect(SHANGHAI)
        federation.tamper = None
        assert federation.cuts[node, peer] in {
            reason.MALFORMED_FRAME,
            reason.UNEXPECTED_FRAME,
        }
        assert federation.durable()[node] == before

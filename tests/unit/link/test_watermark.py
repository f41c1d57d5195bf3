"""Positions, and the two shortcuts into a batch's bytes: they must see what a full parse sees."""

from __future__ import annotations

from dataclasses import replace

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from common.gen.quanwang.federation.v1 import link_pb2, seal_pb2
from common.ids import HQ
from common.link.watermark import (
    Position,
    batch_fields,
    cursors_of,
    own_seal_hash,
    position_from_wire,
    signed_seal_of,
)
from common.messaging.links import LinkRow, new_link
from common.messaging.seal import NO_HASH
from tests.support.link import SHANGHAI, Ledger, PaperNode

HERE = Position(b"i" * 16, 3, 9, b"h" * 32)


def test_two_positions_are_one_place_only_when_all_agrees() -> None:
    assert HERE.same_place(Position(b"i" * 16, 3, 9, b"h" * 32))
    for other in (
        replace(HERE, incarnation=b"j" * 16),
        replace(HERE, seal_number=4),
        replace(HERE, sequence=8),
        replace(HERE, seal_hash=b"g" * 32),
    ):
        assert not HERE.same_place(other)


def test_all_beginnings_are_one_place() -> None:
    assert Position().same_place(Position(b"i" * 16))
    assert Position(b"j" * 16, seal_hash=b"x" * 32).same_place(Position())
    assert not Position(sequence=1).same_place(Position())
    assert not Position().same_place(HERE)


def test_a_position_survives_the_wire() -> None:
    for position in (HERE, Position(), Position(b"i" * 16)):
        wire = link_pb2.Position.FromString(position.to_wire().SerializeToString())
        assert position_from_wire(wire) == position


def test_cursors_are_the_links_row() -> None:
    row = LinkRow(HQ, b"o" * 16, 2, 7, 70, b"s" * 32, 5, 50, b"p" * 16, 4, 40, b"r" * 32)
    cursors = cursors_of(row)
    assert cursors.sealed == Position(b"o" * 16, 7, 70, b"s" * 32)
    assert cursors.received == Position(b"p" * 16, 4, 40, b"r" * 32)
    assert (cursors.acked_seal_number, cursors.acked_sequence) == (5, 50)
    assert (cursors.incarnation, cursors.peer_incarnation) == (b"o" * 16, b"p" * 16)
    fresh = cursors_of(new_link(HQ, b"o" * 16))
    assert fresh.received == Position()
    assert fresh.sealed == Position(b"o" * 16, seal_hash=NO_HASH)


def test_the_seal_is_found_without_parsing_the_rest() -> None:
    ledger = Ledger(PaperNode(SHANGHAI), HQ)
    for count in (0, 1, 40):
        batch_bytes = ledger.seal([]).batch_bytes if not count else ledger.seal_messages(count).batch_bytes
        assert signed_seal_of(batch_bytes) == seal_pb2.SealedBatch.FromString(batch_bytes).seal
        assert own_seal_hash(batch_bytes) == ledger.sealed_hash


@given(st.binary(max_size=200))
def test_the_seal_of_any_bytes_is_that_of_a_full_parse(data: bytes) -> None:
    try:
        found = signed_seal_of(data)
    except DecodeError:
        return
    try:
        batch = seal_pb2.SealedBatch.FromString(data)
    except DecodeError:
        return  # Something after the seal is broken; only a journal of this node's own is read so.
    if batch.HasField("seal"):
        assert found == batch.seal or len(data.split(b"\x0a")) > 2


def test_a_batch_without_a_seal_is_none() -> None:
    for data in (b"", b"\x12\x00"):
        with pytest.raises(DecodeError):
            signed_seal_of(data)


@given(st.integers(0, 30), st.integers(0, 10), st.booleans())
def test_fields_are_counted_without_parsing(entries: int, seals: int, sealed: bool) -> None:
    batch = seal_pb2.SealedBatch(
        seal=seal_pb2.SignedSeal(seal=b"s" * 200) if sealed else None,
        entries=[seal_pb2.Entry(header=b"h" * index * 20) for index in range(entries)],
        origin_seals=[seal_pb2.SignedSeal()] * seals,
    )
    data = batch.SerializeToString()
    assert batch_fields(data, 100) == entries + seals + sealed
    assert batch_fields(data, 3) == min(entries + seals + sealed, 4)


def test_fields_of_a_later_release_are_counted_too() -> None:
    later = b"\xa0\x06\x96\x01" + b"\xa1\x06" + bytes(8) + b"\xa5\x06" + bytes(4) + b"\xa2\x06\x03abc"
    assert batch_fields(later, 10) == 4
    seal_pb2.SealedBatch.FromString(later)


@given(st.binary(max_size=100), st.integers(0, 5))
def test_counting_fields_of_any_bytes_ends(data: bytes, stop_after: int) -> None:
    assert 0 <= batch_fields(data, stop_after) <= stop_after + 1

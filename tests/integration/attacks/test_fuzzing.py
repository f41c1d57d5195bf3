"""Any bytes, and good bytes spoilt, at real cores: only our own errors, nothing durable, no memory that grows."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.gen.quanwang.federation.v1 import envelope_pb2, link_pb2, seal_pb2
from common.ids import HQ
from common.link import effects as reason
from common.messaging.envelope import Envelope, MalformedEnvelope, build, parse
from common.messaging.inbox import leg_of
from common.messaging.seal import root_from_path
from common.reasons import LINK_REASONS
from tests.support.dishonest import hub_entry, request
from tests.support.federation import GUANGDONG, SHANGHAI, Federation
from tests.support.stores import Databases
from tests.support.wire import batch_in, frame_of

pytestmark = pytest.mark.one_store("What any bytes are taken for is decided before anything is stored.")

FUZZ = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
FEW = settings(FUZZ, max_examples=30)


@pytest.fixture(scope="module")
def busy(lasting_databases: Databases) -> Iterator[Federation]:
    """One federation for all examples: what one leaves behind, the next would meet."""
    running = Federation(lasting_databases)
    running.connect()
    running.assert_honest_traffic("before")
    yield running
    running.reconnect()
    running.assert_honest_traffic("afterwards")
    running.close()


def frames_seen(federation: Federation) -> list[tuple[str, str, bytes]]:
    return [sent for sent in federation.sent if batch_in(sent[2]) is not None]


def arrive(federation: Federation, sender: str, receiver: str, frame: bytes) -> None:
    """A frame arrives; a stream that was cut is made anew."""
    before = federation.durable()[receiver]
    federation.arrive(sender, receiver, frame)
    federation.run()
    assert federation.durable()[receiver] == before
    if not federation.is_open(SHANGHAI):
        code = federation.cuts.get((receiver, sender), reason.DRAINED)
        assert code in LINK_REASONS or not code
        federation.reconnect(SHANGHAI)


@FUZZ
@given(data=st.binary(max_size=300), to_hq=st.booleans())
def test_any_bytes_as_frames_change_nothing_durable(busy: Federation, data: bytes, to_hq: bool) -> None:
    arrive(busy, *((SHANGHAI, HQ) if to_hq else (HQ, SHANGHAI)), data)


@FUZZ
@given(data=st.binary(max_size=300), to_hq=st.booleans())
def test_any_bytes_as_batches_change_nothing_durable(busy: Federation, data: bytes, to_hq: bool) -> None:
    arrive(busy, *((SHANGHAI, HQ) if to_hq else (HQ, SHANGHAI)), frame_of(data))


@FUZZ
@given(data=st.data())
def test_spoilt_batches_change_nothing_durable(busy: Federation, data: st.DataObject) -> None:
    known = [sent for sent in frames_seen(busy) if SHANGHAI in sent[:2]]
    sender, receiver, frame = data.draw(st.sampled_from(known[:8]))
    spoilt = bytearray(frame)
    for _ in range(data.draw(st.integers(1, 4))):
        spoilt[data.draw(st.integers(0, len(spoilt) - 1))] ^= data.draw(st.integers(1, 255))
    arrive(busy, sender, receiver, bytes(spoilt[: data.draw(st.integers(1, len(spoilt)))]))


@FEW
@given(
    seal=st.binary(max_size=200), signature=st.binary(max_size=80), entries=st.lists(st.binary(max_size=80), max_size=4)
)
def test_any_seal_changes_nothing_durable(
    busy: Federation, seal: bytes, signature: bytes, entries: list[bytes]
) -> None:
    batch = seal_pb2.SealedBatch(
        seal=seal_pb2.SignedSeal(seal=seal, signature=signature),
        entries=[seal_pb2.Entry(header=header) for header in entries],
    )
    arrive(busy, SHANGHAI, HQ, frame_of(batch))


NUMBERS = st.sampled_from([0, 1, 2**31, 2**63 - 1, 2**63, 2**64 - 1])
BYTES = st.sampled_from([b"", b"h", bytes(16), bytes(31), b"h" * 32, bytes(33)])
POSITIONS = st.builds(link_pb2.Position, sequence=NUMBERS, seal_number=NUMBERS, seal_hash=BYTES, incarnation=BYTES)
HELLOS = st.builds(
    link_pb2.Hello,
    node=st.sampled_from(["", SHANGHAI, HQ, "é"]),
    protocol_version_min=st.integers(0, 2),
    protocol_version_max=st.integers(0, 2**32 - 1),
    incarnation=BYTES,
    received=POSITIONS,
    sealed=POSITIONS,
    window_bytes=NUMBERS,
    directory_version=NUMBERS,
    software_version=st.text(max_size=80),
)


@FEW
@given(hello=HELLOS)
def test_any_hello_changes_nothing_durable(busy: Federation, hello: link_pb2.Hello) -> None:
    frame = link_pb2.LinkFrame(hello=hello).SerializeToString()
    before = busy.durable()[HQ]
    busy.tamper = lambda sender, receiver, sent: (frame,) if (sender, receiver) == (SHANGHAI, HQ) else (sent,)
    busy.reconnect(SHANGHAI)
    busy.tamper = None
    assert busy.durable()[HQ] == before
    busy.reconnect(SHANGHAI)
    assert busy.is_open(SHANGHAI)


@FEW
@given(kind=st.sampled_from(["ack", "reject", "directory", "drain"]), content=st.binary(max_size=100))
def test_any_other_frame_changes_nothing_durable(busy: Federation, kind: str, content: bytes) -> None:
    field = link_pb2.LinkFrame.DESCRIPTOR.fields_by_name[kind].number
    frame = bytes([field << 3 | 2, len(content)]) + content
    arrive(busy, SHANGHAI, HQ, frame)
    arrive(busy, HQ, SHANGHAI, frame)


# Sealed well, by a node that says anything at all: parked or refused, and the link goes on


@FEW
@given(header=st.binary(min_size=1, max_size=200))
def test_any_header_of_an_honest_key_is_parked(busy: Federation, header: bytes) -> None:
    legs = [busy.durable()[HQ]["hub_legs"], busy.durable()[GUANGDONG]["serving_legs"]]
    busy.say(SHANGHAI, HQ, seal_pb2.Entry(header=header))
    assert [busy.durable()[HQ]["hub_legs"], busy.durable()[GUANGDONG]["serving_legs"]] == legs
    assert busy.is_open(SHANGHAI)


@FEW
@given(data=st.data())
def test_a_routing_with_anything_in_it_breaks_no_node(busy: Federation, data: st.DataObject) -> None:
    """Whatever the hub makes of it, it makes it by name, and everybody's links go on."""
    routing = envelope_pb2.Routing.FromString(request(SHANGHAI, GUANGDONG).routing_bytes)
    for _ in range(data.draw(st.integers(1, 3))):
        field: Any = data.draw(st.sampled_from(list(envelope_pb2.Routing.DESCRIPTOR.fields)))
        if field.message_type is None:
            setattr(routing, field.name, data.draw(_values(field)))
    busy.say(SHANGHAI, HQ, build(routing, data.draw(st.binary(max_size=40))))
    assert not busy.failed
    assert "INTERNAL_FAULT" not in busy.parked(HQ)
    assert all(busy.is_open(province) for province in (SHANGHAI, GUANGDONG))


def _values(field: Any) -> st.SearchStrategy[Any]:
    if field.enum_type is not None:
        return st.integers(0, 99)
    if field.type == field.TYPE_STRING:
        return st.one_of(st.sampled_from(["", "31", "44", "00", "99", "é", "x" * 200]), st.text(max_size=20))
    if field.type == field.TYPE_BYTES:
        return st.sampled_from([b"", b"x" * 16, b"y" * 16, b"z" * 17, b"d" * 32])
    if field.type == field.TYPE_INT64:
        return st.sampled_from([0, 1, -1, 2**63 - 1, -(2**63)])
    most = 2**32 - 1 if field.type == field.TYPE_UINT32 else 2**64 - 1
    return st.sampled_from([0, 1, 2, 2**31, most])


@FEW
@given(stamp=st.one_of(st.binary(max_size=120), st.none()), numbers=st.lists(NUMBERS, min_size=3, max_size=3))
def test_any_stamp_breaks_no_node(busy: Federation, stamp: bytes | None, numbers: list[int]) -> None:
    spoken = request(HQ, GUANGDONG)
    entry = hub_entry(busy, spoken)
    if stamp is None:
        first, second, third = numbers
        entry.stamp += seal_pb2.Stamp(
            hub_position=first, time_left_ms=second, directory_version=third, answered_at_us=-1
        ).SerializeToString()
    else:
        entry.stamp = stamp
    busy.say(HQ, GUANGDONG, entry)
    assert not busy.failed
    assert "INTERNAL_FAULT" not in busy.parked(GUANGDONG)
    assert busy.is_open(GUANGDONG)
    served = busy.serving(GUANGDONG, leg_of(spoken))
    assert served is None or served.state in ("rejected", "completed")


@FUZZ
@given(header=st.binary(max_size=300), body=st.binary(max_size=20), private=st.binary(max_size=20))
def test_any_envelope_is_one_or_malformed(header: bytes, body: bytes, private: bytes) -> None:
    try:
        envelope = parse(header, body, private)
    except MalformedEnvelope:
        return
    assert isinstance(envelope, Envelope)


@FUZZ
@given(
    index=st.integers(-2, 2**64), count=st.integers(0, 2**32 - 1), path=st.lists(st.binary(max_size=33), max_size=40)
)
def test_any_path_leads_somewhere_or_nowhere(index: int, count: int, path: list[bytes]) -> None:
    root = root_from_path(bytes(32), index, count, path)
    assert root is None or len(root) == 32


def test_memory_stays_bounded_under_rubbish(busy: Federation) -> None:
    """Spoilt batches, each another one, so that whatever were kept of them would add up."""
    frame = next(f for s, r, f in frames_seen(busy) if (s, r) == (HQ, SHANGHAI))
    batch = batch_in(frame)
    assert batch is not None
    rubbish = bytes(20_000)

    def spoil(number: int) -> bytes:
        spoilt = seal_pb2.SealedBatch.FromString(batch.SerializeToString())
        seal = seal_pb2.Seal.FromString(spoilt.seal.seal)
        seal.seal_number, seal.sealed_at_us = 10**6, number
        spoilt.seal.seal = seal.SerializeToString()
        spoilt.entries[0].body = rubbish + number.to_bytes(8, "big")
        return frame_of(spoilt)

    def go(rounds: range) -> None:
        for number in rounds:
            busy.arrive(HQ, SHANGHAI, spoil(number))
            busy.frames.clear()
            busy.reconnect(SHANGHAI)
            busy.sent.clear()

    go(range(20))
    tracemalloc.start()
    try:
        go(range(20, 40))
        first = tracemalloc.get_traced_memory()[0]
        go(range(40, 140))
        grown = tracemalloc.get_traced_memory()[0] - first
    finally:
        tracemalloc.stop()
    assert grown < 20 * len(rubbish)

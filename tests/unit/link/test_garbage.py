"""Whatever bytes a peer sends: the stream goes on, or is cut with a named reason. Never an exception."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from common.gen.quanwang.federation.v1 import link_pb2, seal_pb2
from common.ids import HQ
from common.link.effects import Cut, Receive
from common.link.entries import EntryJudge
from common.messaging.incoming import Incoming
from common.messaging.seal import MerkleTree, leaf, leaf_prefix, sign_seal, stamp_digest
from tests.support.link import NOW_US, SHANGHAI, batch_frame, entry_of, judge_of, message, stamp_of
from tests.support.link_pair import Pair, Side, opened


def pair_in_use() -> Pair:
    """An open link on which both have said something."""
    pair = opened(Pair())
    pair.shanghai.seal(2)
    pair.hq.seal(1)
    pair.run()
    return pair


def hear(side: Side, frame: bytes) -> None:
    """Feeds bytes to a side, and what it makes of them must be sound."""
    assert side.session is not None
    for effect in side.session.frame_received(frame, NOW_US):
        if isinstance(effect, Cut):
            assert effect.reason_code
            assert side.session.is_closed
        assert not isinstance(effect, Receive)


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=4))
def test_random_bytes_as_frames(frames: list[bytes]) -> None:
    pair = pair_in_use()
    for frame in frames:
        for side in pair.sides:
            hear(side, frame)


@given(st.binary(max_size=300))
def test_random_bytes_before_the_hello(data: bytes) -> None:
    pair = Pair()
    pair.open()
    for side in pair.sides:
        hear(side, data)


@given(st.binary(max_size=300))
def test_random_bytes_as_batches(data: bytes) -> None:
    hear(pair_in_use().hq, batch_frame(data))


@given(st.data())
def test_a_good_batch_with_bytes_changed(data: st.DataObject) -> None:
    pair = pair_in_use()
    batch = bytearray(pair.shanghai.ledger.seal_messages(2).batch_bytes)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(batch) - 1))
        batch[place] ^= data.draw(st.integers(1, 255))
    good = pair.shanghai.ledger.sealed[-1].batch_bytes
    assert pair.hq.session is not None
    for effect in pair.hq.session.frame_received(batch_frame(bytes(batch)), NOW_US):
        if isinstance(effect, Receive):
            # Only what the seal does not cover can have changed: then the entry itself says that it is not sound.
            assert bytes(batch) == good or any(entry.fault for entry in effect.batch.entries) or same(batch, good)


def same(one: bytes | bytearray, other: bytes) -> bool:
    """Whether two serialised batches say the same (protobuf has more than one way to write a message)."""
    return seal_pb2.SealedBatch.FromString(bytes(one)) == seal_pb2.SealedBatch.FromString(other)


@given(st.integers(0, 10_000))
def test_a_good_batch_cut_short(length: int) -> None:
    pair = pair_in_use()
    batch = pair.shanghai.ledger.seal_messages(3).batch_bytes
    hear(pair.hq, batch_frame(batch[: length % len(batch)]))


HELLOS = st.builds(
    link_pb2.Hello,
    node=st.sampled_from([SHANGHAI, HQ, "", "3"]),
    protocol_version_min=st.integers(0, 2),
    protocol_version_max=st.integers(0, 2**32 - 1),
    incarnation=st.sampled_from([b"", b"3131313131313131", b"x" * 16, b"x" * 1000]),
    received=st.builds(
        link_pb2.Position,
        sequence=st.integers(0, 2**64 - 1),
        seal_number=st.integers(0, 2**64 - 1),
        seal_hash=st.binary(max_size=40),
        incarnation=st.binary(max_size=20),
    ),
    sealed=st.builds(link_pb2.Position, sequence=st.integers(0, 3), seal_number=st.integers(0, 3)),
    window_bytes=st.integers(0, 2**64 - 1),
    directory_version=st.integers(0, 2**64 - 1),
    software_version=st.text(max_size=100),
)


@given(HELLOS)
def test_hellos_of_all_kinds(hello: link_pb2.Hello) -> None:
    pair = Pair()
    pair.shanghai.seal(1)
    pair.hq.seal(1)
    pair.open()
    frame = link_pb2.LinkFrame(hello=hello).SerializeToString()
    for side in pair.sides:
        hear(side, frame)
        side.load()


@given(seal_number=st.integers(0, 2**64 - 1), sequence=st.integers(0, 2**64 - 1))
def test_acknowledgements_of_all_kinds(seal_number: int, sequence: int) -> None:
    pair = pair_in_use()
    pair.hq.seal(1)
    ack = link_pb2.Ack(seal_number=seal_number, sequence=sequence)
    hear(pair.hq, link_pb2.LinkFrame(ack=ack).SerializeToString())
    assert pair.hq.acked <= len(pair.hq.ledger.sealed)


ENTRIES = st.builds(
    seal_pb2.Entry,
    header=st.one_of(st.binary(max_size=60), st.just(message(SHANGHAI, HQ).header), st.just(message(HQ, "44").header)),
    body=st.one_of(st.binary(max_size=10), st.just(b"body")),
    private_body=st.binary(max_size=10),
    stamp=st.one_of(st.binary(max_size=60), st.just(stamp_of(message(HQ, "44")).SerializeToString())),
    origin=st.one_of(
        st.none(),
        st.builds(
            seal_pb2.OriginProof,
            seal_hash=st.binary(max_size=32),
            sequence=st.integers(0, 2**64 - 1),
            path=st.lists(st.binary(max_size=33), max_size=4),
        ),
    ),
)


@given(entry=ENTRIES, node=st.sampled_from([HQ, "44"]))
def test_entries_of_all_kinds(entry: seal_pb2.Entry, node: str) -> None:
    pair = Pair()
    judge: EntryJudge = judge_of(node, pair.directory, pair.settings)
    peer = SHANGHAI if node == HQ else HQ
    incoming = judge.judge(peer, f"{peer}>{node}", 1, 0, 1, entry, {})
    assert isinstance(incoming, Incoming)
    assert incoming.fault == "" or incoming.fault.isupper()


@given(
    seal=st.builds(
        seal_pb2.Seal,
        node=st.just(SHANGHAI),
        link=st.just("31>00"),
        incarnation=st.just(b"3131313131313131"),
        epoch=st.integers(0, 2**64 - 1),
        seal_number=st.integers(0, 2**64 - 1),
        first_sequence=st.integers(0, 2**64 - 1),
        count=st.integers(0, 2**32 - 1),
        sealed_at_us=st.integers(-(2**63), 2**63 - 1),
        witnessed_sequence=st.integers(0, 2**64 - 1),
        witnessed_seal_number=st.integers(0, 2**64 - 1),
        witnessed_seal_hash=st.binary(max_size=40),
    ),
    follows=st.booleans(),
)
def test_seals_that_the_peer_really_signed_with_anything_in_them(seal: seal_pb2.Seal, follows: bool) -> None:
    pair = pair_in_use()
    entry = entry_of(message(SHANGHAI, HQ, 9))
    if follows:
        seal.seal_number, seal.first_sequence, seal.count = 2, 3, 1
        seal.previous_hash = pair.shanghai.ledger.sealed_hash
        digest = message(SHANGHAI, HQ, 9).digest
        seal.merkle_root = MerkleTree([leaf(leaf_prefix(seal.link), 3, digest, stamp_digest(b""))]).root
    batch = seal_pb2.SealedBatch(seal=sign_seal(seal, pair.shanghai_node.signer), entries=[entry])
    assert pair.hq.session is not None
    outcome = pair.hq.session.frame_received(batch_frame(batch.SerializeToString()), NOW_US)
    assert follows or not any(isinstance(effect, Receive) for effect in outcome)

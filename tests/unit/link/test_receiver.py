"""What a batch must be to be believed: the chain, the signature, the root; one test for each way to lie."""

from collections.abc import Callable

import pytest

from common.gen.quanwang.federation.v1 import seal_pb2
from common.ids import HQ
from common.link import effects as reason
from common.link.effects import Cut
from common.link.receiver import AlreadyReceived, Receiver
from common.link.settings import LinkSettings
from common.link.watermark import Position, position_of
from common.messaging.incoming import ReceivedBatch
from common.messaging.seal import MerkleTree, leaf, leaf_prefix, sign_seal
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
    message,
)

HQ_NODE, SHANGHAI_NODE, GUANGDONG_NODE = PaperNode(HQ), PaperNode(SHANGHAI), PaperNode(GUANGDONG)
Spoil = Callable[[seal_pb2.Seal], None]


@pytest.fixture
def directory() -> DirectoryHolder:
    return DirectoryHolder(directory_of(HQ_NODE, SHANGHAI_NODE, GUANGDONG_NODE))


@pytest.fixture
def settings() -> LinkSettings:
    return LinkSettings()


@pytest.fixture
def receiver(directory: DirectoryHolder, settings: LinkSettings) -> Receiver:
    """HQ's end of Shanghai's link."""
    return at(directory, settings)


@pytest.fixture
def shanghai() -> Ledger:
    return Ledger(SHANGHAI_NODE, HQ)


def at(directory: DirectoryHolder, settings: LinkSettings, expected: Position | None = None) -> Receiver:
    judge = judge_of(HQ, directory, settings)
    receiver = Receiver(HQ, SHANGHAI, expected or Position(), directory, judge, settings)
    receiver.begin(SHANGHAI_NODE.incarnation)
    return receiver


def cut_code(outcome: object) -> str:
    assert isinstance(outcome, Cut), outcome
    return outcome.reason_code


def test_a_good_batch_is_received_byte_for_byte(receiver: Receiver, shanghai: Ledger) -> None:
    sealed = shanghai.seal_messages(3, GUANGDONG)
    batch = receiver.check(sealed.batch_bytes, NOW_US)
    assert isinstance(batch, ReceivedBatch)
    assert batch.batch_bytes == sealed.batch_bytes
    assert (batch.peer, batch.link, batch.last_sequence) == (SHANGHAI, "31>00", 3)
    assert [entry.sequence for entry in batch.entries] == [1, 2, 3]
    assert [entry.fault for entry in batch.entries] == ["", "", ""]
    assert all(entry.envelope is not None and entry.received_at_us == NOW_US for entry in batch.entries)
    assert receiver.expected == position_of(batch) == shanghai.sealed_position


def test_batches_follow_each_other_before_they_are_durable(receiver: Receiver, shanghai: Ledger) -> None:
    for count in (1, 2, 5):
        outcome = receiver.check(shanghai.seal_messages(count).batch_bytes, NOW_US)
        assert isinstance(outcome, ReceivedBatch)
    assert receiver.expected.seal_number == 3
    assert receiver.expected.sequence == 8


def test_a_seal_of_nothing_only_witnesses(receiver: Receiver, shanghai: Ledger) -> None:
    shanghai.seal_messages(2)
    empty = shanghai.seal([])
    following = shanghai.seal_messages(1)
    outcomes = [receiver.check(batch.batch_bytes, NOW_US) for batch in shanghai.sealed]
    assert all(isinstance(outcome, ReceivedBatch) for outcome in outcomes)
    assert (empty.last_sequence, following.last_sequence) == (2, 3)


def test_a_batch_that_came_before_is_dropped(receiver: Receiver, shanghai: Ledger) -> None:
    first, second = shanghai.seal_messages(), shanghai.seal_messages()
    receiver.check(first.batch_bytes, NOW_US)
    receiver.check(second.batch_bytes, NOW_US)
    assert receiver.check(first.batch_bytes, NOW_US) == AlreadyReceived(1)
    assert receiver.check(second.batch_bytes, NOW_US) == AlreadyReceived(2)
    assert receiver.expected.seal_number == 2


def test_another_seal_under_the_last_number_is_a_fork(receiver: Receiver, shanghai: Ledger) -> None:
    receiver.check(shanghai.seal_messages().batch_bytes, NOW_US)
    other = Ledger(SHANGHAI_NODE, HQ).seal_messages(2)
    assert cut_code(receiver.check(other.batch_bytes, NOW_US)) == reason.CHAIN_FORK


def test_another_seal_under_the_last_number_is_no_fork_when_the_peer_did_not_sign_it(
    receiver: Receiver, shanghai: Ledger
) -> None:
    receiver.check(shanghai.seal_messages().batch_bytes, NOW_US)
    forged = PaperNode(SHANGHAI)
    forged.signer = GUANGDONG_NODE.signer
    other = Ledger(forged, HQ).seal_messages(2)
    assert cut_code(receiver.check(other.batch_bytes, NOW_US)) == reason.KEY_UNKNOWN


def test_a_gap_cuts(receiver: Receiver, shanghai: Ledger) -> None:
    shanghai.seal_messages()
    assert cut_code(receiver.check(shanghai.seal_messages().batch_bytes, NOW_US)) == reason.SEAL_GAP
    assert receiver.expected == Position()


def test_reordered_batches_cut_and_the_right_one_is_still_taken(receiver: Receiver, shanghai: Ledger) -> None:
    first, second = shanghai.seal_messages(), shanghai.seal_messages()
    assert cut_code(receiver.check(second.batch_bytes, NOW_US)) == reason.SEAL_GAP
    assert isinstance(receiver.check(first.batch_bytes, NOW_US), ReceivedBatch)


def test_what_became_durable_on_an_earlier_stream_is_not_taken_again(receiver: Receiver, shanghai: Ledger) -> None:
    first, second = shanghai.seal_messages(), shanghai.seal_messages()
    receiver.durable(shanghai.sealed_position)
    assert receiver.check(first.batch_bytes, NOW_US) == AlreadyReceived(1)
    assert receiver.check(second.batch_bytes, NOW_US) == AlreadyReceived(2)
    assert isinstance(receiver.check(shanghai.seal_messages().batch_bytes, NOW_US), ReceivedBatch)


def test_an_older_durable_position_moves_nothing_back(receiver: Receiver, shanghai: Ledger) -> None:
    batch = receiver.check(shanghai.seal_messages().batch_bytes, NOW_US)
    assert isinstance(batch, ReceivedBatch)
    receiver.durable(Position())
    assert receiver.expected == position_of(batch)


def spoil_node(seal: seal_pb2.Seal) -> None:
    seal.node = GUANGDONG


def spoil_link(seal: seal_pb2.Seal) -> None:
    seal.link = "44>00"


def spoil_direction(seal: seal_pb2.Seal) -> None:
    seal.link = "00>31"


def spoil_incarnation(seal: seal_pb2.Seal) -> None:
    seal.incarnation = b"another journal."


def spoil_number(seal: seal_pb2.Seal) -> None:
    seal.seal_number = 0


def spoil_previous(seal: seal_pb2.Seal) -> None:
    seal.previous_hash = b"x" * 32


def spoil_sequence(seal: seal_pb2.Seal) -> None:
    seal.first_sequence = 9


def spoil_count(seal: seal_pb2.Seal) -> None:
    seal.count = 4


def spoil_root(seal: seal_pb2.Seal) -> None:
    seal.merkle_root = b"x" * 32


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (spoil_node, reason.LINK_MISMATCH),
        (spoil_link, reason.LINK_MISMATCH),
        (spoil_direction, reason.LINK_MISMATCH),
        (spoil_incarnation, reason.LINK_MISMATCH),
        (spoil_number, reason.MALFORMED_BATCH),
        (spoil_previous, reason.CHAIN_FORK),
        (spoil_sequence, reason.SEAL_GAP),
        (spoil_count, reason.ROOT_MISMATCH),
        (spoil_root, reason.ROOT_MISMATCH),
    ],
)
def test_a_seal_that_says_something_wrong_cuts(receiver: Receiver, shanghai: Ledger, spoil: Spoil, code: str) -> None:
    batch = shanghai.seal([entry_of(message(SHANGHAI, HQ))], change=spoil)
    assert cut_code(receiver.check(batch.batch_bytes, NOW_US)) == code
    assert receiver.expected == Position()


def test_the_seal_of_another_link_cuts(receiver: Receiver) -> None:
    other = Ledger(GUANGDONG_NODE, HQ).seal_messages()
    assert cut_code(receiver.check(other.batch_bytes, NOW_US)) == reason.LINK_MISMATCH


def test_a_forged_signature_cuts(receiver: Receiver, shanghai: Ledger) -> None:
    batch = seal_pb2.SealedBatch.FromString(shanghai.seal_messages().batch_bytes)
    batch.seal.signature = bytes(64)
    assert cut_code(receiver.check(batch.SerializeToString(), NOW_US)) == reason.BAD_SIGNATURE


def test_the_key_of_another_node_cuts(receiver: Receiver, shanghai: Ledger) -> None:
    batch = seal_pb2.SealedBatch.FromString(shanghai.seal_messages().batch_bytes)
    seal = seal_pb2.Seal.FromString(batch.seal.seal)
    batch.seal.CopyFrom(sign_seal(seal, GUANGDONG_NODE.signer))
    assert cut_code(receiver.check(batch.SerializeToString(), NOW_US)) == reason.KEY_UNKNOWN


def test_the_name_of_the_right_key_does_not_help_another_one(receiver: Receiver, shanghai: Ledger) -> None:
    class Impostor:
        suite, key_id = SHANGHAI_NODE.signer.suite, SHANGHAI_NODE.signer.key_id
        public_key = GUANGDONG_NODE.signer.public_key
        sign = GUANGDONG_NODE.signer.sign

    batch = seal_pb2.SealedBatch.FromString(shanghai.seal_messages().batch_bytes)
    batch.seal.CopyFrom(sign_seal(seal_pb2.Seal.FromString(batch.seal.seal), Impostor()))
    assert cut_code(receiver.check(batch.SerializeToString(), NOW_US)) == reason.BAD_SIGNATURE


def test_another_suite_than_the_directory_binds_to_the_key_cuts(receiver: Receiver, shanghai: Ledger) -> None:
    class OtherSuite:
        suite, key_id = "rot13", SHANGHAI_NODE.signer.key_id
        public_key, sign = SHANGHAI_NODE.signer.public_key, SHANGHAI_NODE.signer.sign

    batch = seal_pb2.SealedBatch.FromString(shanghai.seal_messages().batch_bytes)
    batch.seal.CopyFrom(sign_seal(seal_pb2.Seal.FromString(batch.seal.seal), OtherSuite()))
    assert cut_code(receiver.check(batch.SerializeToString(), NOW_US)) == reason.BAD_SIGNATURE


@pytest.mark.parametrize(
    ("valid_from", "valid_until", "sealed_at", "taken"),
    [
        (0, 0, 0, True),
        (1, 0, -(10**12), False),  # Not yet valid, and sealed long before.
        (1, 0, 2, True),  # HQ's clock is a moment behind that of the peer.
        (-100, -1, -2, True),  # Rotated a moment ago; sealed before that.
        (-(10**12), -1, -(10**11), False),  # Sealed long ago with a key that is no longer good.
        (-100, -1, 5, False),  # Sealed with it after its end.
    ],
)
def test_the_key_must_be_valid(
    settings: LinkSettings, valid_from: int, valid_until: int, sealed_at: int, taken: bool
) -> None:
    node = PaperNode(
        SHANGHAI,
        valid_from_us=valid_from and NOW_US + valid_from,
        valid_until_us=valid_until and NOW_US + valid_until,
    )
    receiver = at(DirectoryHolder(directory_of(node)), settings)
    ledger = Ledger(node, HQ, now_us=NOW_US + sealed_at)
    outcome = receiver.check(ledger.seal_messages().batch_bytes, NOW_US)
    assert isinstance(outcome, ReceivedBatch) if taken else cut_code(outcome) == reason.KEY_UNKNOWN


def test_an_epoch_never_goes_back_on_a_stream(receiver: Receiver, shanghai: Ledger) -> None:
    shanghai.epoch = 3
    assert isinstance(receiver.check(shanghai.seal_messages().batch_bytes, NOW_US), ReceivedBatch)
    shanghai.epoch = 2
    assert cut_code(receiver.check(shanghai.seal_messages().batch_bytes, NOW_US)) == reason.EPOCH_WENT_BACK


def altered(batch_bytes: bytes, change: Callable[[seal_pb2.SealedBatch], None]) -> bytes:
    batch = seal_pb2.SealedBatch.FromString(batch_bytes)
    change(batch)
    return batch.SerializeToString()


def swap(batch: seal_pb2.SealedBatch) -> None:
    first = batch.entries.pop(0)
    batch.entries.append(first)


def drop(batch: seal_pb2.SealedBatch) -> None:
    del batch.entries[0]


def add(batch: seal_pb2.SealedBatch) -> None:
    batch.entries.append(entry_of(message(SHANGHAI, HQ, 99)))


def replace(batch: seal_pb2.SealedBatch) -> None:
    batch.entries[1].CopyFrom(entry_of(message(SHANGHAI, HQ, 99)))


def stamp(batch: seal_pb2.SealedBatch) -> None:
    batch.entries[0].stamp = b"stamp"


@pytest.mark.parametrize("change", [swap, drop, add, replace, stamp])
def test_altered_entries_cut(
    receiver: Receiver, shanghai: Ledger, change: Callable[[seal_pb2.SealedBatch], None]
) -> None:
    batch_bytes = altered(shanghai.seal_messages(3).batch_bytes, change)
    assert cut_code(receiver.check(batch_bytes, NOW_US)) == reason.ROOT_MISMATCH


def nothing(batch: seal_pb2.SealedBatch) -> None:
    batch.entries[0].Clear()


def body_alone(batch: seal_pb2.SealedBatch) -> None:
    batch.entries[0].ClearField("header")


def stamp_with_body(batch: seal_pb2.SealedBatch) -> None:
    batch.entries[0].ClearField("header")
    batch.entries[0].stamp = b"stamp"


@pytest.mark.parametrize("change", [nothing, body_alone, stamp_with_body])
def test_an_entry_that_the_seal_cannot_cover_cuts(
    receiver: Receiver, shanghai: Ledger, change: Callable[[seal_pb2.SealedBatch], None]
) -> None:
    batch_bytes = altered(shanghai.seal_messages().batch_bytes, change)
    assert cut_code(receiver.check(batch_bytes, NOW_US)) == reason.MALFORMED_BATCH


@pytest.mark.parametrize("data", [b"", b"\x0a", b"\xff" * 40, b"\x0a\x02\x08\x01", b"\x0a\x04\x0a\x02\xff\xff"])
def test_bytes_that_are_no_batch_cut(receiver: Receiver, data: bytes) -> None:
    assert cut_code(receiver.check(data, NOW_US)) in {reason.MALFORMED_BATCH, reason.LINK_MISMATCH}


def test_a_batch_beyond_the_limits_cuts(directory: DirectoryHolder, shanghai: Ledger) -> None:
    big = shanghai.seal_messages(5).batch_bytes
    for settings in (
        LinkSettings(batch_bytes_max=len(big) - 1),
        LinkSettings(batch_entries_max=4),
        LinkSettings(batch_entries_max=1, batch_entries_unscanned_bytes_max=1),
        LinkSettings(seal_bytes_max=100),
        LinkSettings(signature_bytes_max=63),
    ):
        assert cut_code(at(directory, settings).check(big, NOW_US)) == reason.LIMIT_EXCEEDED
    exact = LinkSettings(batch_bytes_max=len(big), batch_entries_max=5, batch_entries_unscanned_bytes_max=1)
    assert isinstance(at(directory, exact).check(big, NOW_US), ReceivedBatch)


def test_more_origin_seals_than_entries_cut(receiver: Receiver, shanghai: Ledger) -> None:
    seals = [seal_pb2.SignedSeal(seal=bytes([n])) for n in range(3)]
    batch = shanghai.seal([entry_of(message(SHANGHAI, HQ))], origin_seals=seals)
    assert cut_code(receiver.check(batch.batch_bytes, NOW_US)) == reason.LIMIT_EXCEEDED


def test_millions_of_empty_entries_are_never_unfolded(receiver: Receiver) -> None:
    bomb = b"\x12\x00" * 3_000_000
    assert cut_code(receiver.check(bomb, NOW_US)) == reason.LIMIT_EXCEEDED


def test_the_tree_of_the_batch_is_kept_for_the_proofs_that_the_hub_gives(receiver: Receiver, shanghai: Ledger) -> None:
    batch = receiver.check(shanghai.seal_messages(3).batch_bytes, NOW_US)
    assert isinstance(batch, ReceivedBatch)
    prefix = leaf_prefix("31>00")
    digests = [entry.envelope.digest for entry in batch.entries if entry.envelope is not None]
    tree = MerkleTree([leaf(prefix, 1 + index, digest) for index, digest in enumerate(digests)])
    assert batch.tree is not None
    assert batch.tree.path(1) == tree.path(1)

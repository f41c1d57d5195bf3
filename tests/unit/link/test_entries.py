"""What an entry inside a good seal may say, at the hub and at a province: every fault by its name."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from common.directory.model import NodeStatus
from common.gen.quanwang.federation.v1 import envelope_pb2, seal_pb2
from common.ids import HQ
from common.link import origin
from common.link.entries import (
    BODY_ALTERED,
    MALFORMED_ENVELOPE,
    MALFORMED_STAMP,
    MISROUTED,
    SOURCE_MISMATCH,
    STAMP_MISMATCH,
    EntryJudge,
)
from common.link.origin import seals_by_hash
from common.link.settings import LinkSettings
from common.messaging.incoming import Incoming
from tests.support.link import (
    DAY_US,
    GUANGDONG,
    NOW_US,
    SHANGHAI,
    DirectoryHolder,
    Ledger,
    PaperNode,
    Relayed,
    directory_of,
    entry_of,
    judge_of,
    message,
    relayed,
    stamp_of,
)

HQ_NODE, SHANGHAI_NODE, GUANGDONG_NODE = PaperNode(HQ), PaperNode(SHANGHAI), PaperNode(GUANGDONG)
REQUEST, FINAL = envelope_pb2.PHASE_REQUEST, envelope_pb2.PHASE_FINAL


@pytest.fixture
def directory() -> DirectoryHolder:
    return DirectoryHolder(directory_of(HQ_NODE, SHANGHAI_NODE, GUANGDONG_NODE))


@pytest.fixture
def settings() -> LinkSettings:
    return LinkSettings(origin_seals_cached_max=3)


@pytest.fixture
def at_hub(directory: DirectoryHolder, settings: LinkSettings) -> Callable[[seal_pb2.Entry], Incoming]:
    """Judges an entry that Shanghai sealed for HQ."""
    judge = judge_of(HQ, directory, settings)
    return lambda entry: judge.judge(SHANGHAI, "31>00", 1, 0, 1, entry, {})


@pytest.fixture
def guangdong(directory: DirectoryHolder, settings: LinkSettings) -> EntryJudge:
    return judge_of(GUANGDONG, directory, settings)


@pytest.fixture
def request_() -> Relayed:
    """Shanghai's request to Guangdong, the second of five that Shanghai sealed together."""
    others = [message(SHANGHAI, GUANGDONG, number) for number in range(10, 14)]
    return relayed(SHANGHAI_NODE, message(SHANGHAI, GUANGDONG), others, place=1)


def judged(judge: EntryJudge, entry: seal_pb2.Entry, *seals: seal_pb2.SignedSeal) -> Incoming:
    """Judges an entry that HQ sealed for Guangdong."""
    return judge.judge(HQ, "00>44", 7, 2, 30, entry, seals_by_hash(seals))


# At the hub


def test_the_hub_takes_what_a_province_says_for_itself(at_hub: Callable[[seal_pb2.Entry], Incoming]) -> None:
    incoming = at_hub(entry_of(message(SHANGHAI, GUANGDONG)))
    assert incoming.fault == ""
    assert incoming.envelope is not None
    assert (incoming.peer, incoming.link, incoming.seal_number, incoming.sequence) == (SHANGHAI, "31>00", 1, 1)


def test_the_hub_faults_a_province_that_speaks_for_another(at_hub: Callable[[seal_pb2.Entry], Incoming]) -> None:
    assert at_hub(entry_of(message(GUANGDONG, SHANGHAI))).fault == SOURCE_MISMATCH
    assert at_hub(entry_of(message(HQ, GUANGDONG))).fault == SOURCE_MISMATCH


def test_the_hub_faults_a_province_that_stamps(at_hub: Callable[[seal_pb2.Entry], Incoming]) -> None:
    envelope = message(SHANGHAI, GUANGDONG)
    stamped = entry_of(envelope)
    stamped.stamp = stamp_of(envelope).SerializeToString()
    assert at_hub(stamped).fault == SOURCE_MISMATCH
    assert at_hub(seal_pb2.Entry(stamp=stamped.stamp)).fault == SOURCE_MISMATCH


def test_the_hub_faults_a_province_that_sends_a_proof(at_hub: Callable[[seal_pb2.Entry], Incoming]) -> None:
    entry = entry_of(message(SHANGHAI, GUANGDONG))
    entry.origin.sequence = 1
    assert at_hub(entry).fault == SOURCE_MISMATCH


@pytest.mark.parametrize(
    "entry",
    [
        seal_pb2.Entry(header=b"\xff\xff"),
        seal_pb2.Entry(header=b"\x0a\x00"),
        seal_pb2.Entry(header=message(SHANGHAI, GUANGDONG).header, body=b"another body"),
        seal_pb2.Entry(header=message(SHANGHAI, GUANGDONG).header, body=b"body", private_body=b"not named"),
        seal_pb2.Entry(header=bytes(5000)),
        seal_pb2.Entry(header=message(SHANGHAI, "4").header, body=b"body"),
    ],
    ids=["garbage", "empty", "another body", "unnamed private body", "too large", "no node"],
)
def test_an_envelope_that_is_none_goes_on_with_its_fault(
    at_hub: Callable[[seal_pb2.Entry], Incoming], guangdong: EntryJudge, entry: seal_pb2.Entry
) -> None:
    for incoming in (at_hub(entry), judged(guangdong, entry)):
        assert incoming.fault in (MALFORMED_ENVELOPE, BODY_ALTERED)
        assert incoming.envelope is None


# At a province: HQ's own word


def test_hqs_own_word_is_proved_by_the_link(guangdong: EntryJudge) -> None:
    incoming = judged(guangdong, entry_of(message(HQ, GUANGDONG, phase=FINAL)))
    assert incoming.fault == ""
    assert incoming.stamp is None


def test_hqs_request_must_be_stamped(guangdong: EntryJudge) -> None:
    envelope = message(HQ, GUANGDONG, phase=REQUEST)
    entry = entry_of(envelope)
    assert judged(guangdong, entry).fault == STAMP_MISMATCH
    entry.stamp = stamp_of(envelope).SerializeToString()
    incoming = judged(guangdong, entry)
    assert incoming.fault == ""
    assert incoming.stamp == stamp_of(envelope)
    assert incoming.stamp_bytes == entry.stamp


def test_a_word_for_another_node_is_misrouted(guangdong: EntryJudge) -> None:
    assert judged(guangdong, entry_of(message(HQ, SHANGHAI, phase=FINAL))).fault == MISROUTED


def test_a_stamp_alone_is_the_hubs_word(guangdong: EntryJudge) -> None:
    stamp = stamp_of(message(GUANGDONG, SHANGHAI))
    incoming = judged(guangdong, seal_pb2.Entry(stamp=stamp.SerializeToString()))
    assert (incoming.fault, incoming.envelope, incoming.stamp) == ("", None, stamp)


@pytest.mark.parametrize(
    "stamp",
    [
        b"\xff",
        seal_pb2.Stamp(request_id=b"short", destination=SHANGHAI).SerializeToString(),
        seal_pb2.Stamp(request_id=bytes(16), destination="Shanghai").SerializeToString(),
        bytes(2000),
    ],
    ids=["garbage", "no request", "no node", "too large"],
)
def test_a_stamp_that_is_none_is_a_fault(guangdong: EntryJudge, stamp: bytes) -> None:
    incoming = judged(guangdong, seal_pb2.Entry(stamp=stamp))
    assert incoming.fault == MALFORMED_STAMP
    assert incoming.stamp is None


# At a province: what was relayed


def test_a_relayed_request_is_proved_to_its_origin(guangdong: EntryJudge, request_: Relayed) -> None:
    incoming = judged(guangdong, request_.entry(), request_.origin_seal)
    assert incoming.fault == ""
    assert incoming.origin == request_.proof
    assert incoming.origin_seal == request_.origin_seal
    assert incoming.stamp == request_.stamp


def test_a_relayed_answer_is_proved_as_well(guangdong: EntryJudge) -> None:
    answer = relayed(SHANGHAI_NODE, message(SHANGHAI, GUANGDONG, phase=FINAL))
    assert judged(guangdong, answer.entry(), answer.origin_seal).fault == ""


def test_every_place_in_a_seal_of_any_size_can_be_proved(guangdong: EntryJudge) -> None:
    for size in range(1, 10):
        for place in range(size):
            others = [message(SHANGHAI, GUANGDONG, 100 + number) for number in range(size - 1)]
            one = relayed(SHANGHAI_NODE, message(SHANGHAI, GUANGDONG), others, place)
            assert judged(guangdong, one.entry(), one.origin_seal).fault == ""


def test_a_relayed_envelope_needs_a_stamp(guangdong: EntryJudge, request_: Relayed) -> None:
    entry = request_.entry()
    entry.stamp = b""
    assert judged(guangdong, entry, request_.origin_seal).fault == STAMP_MISMATCH


@pytest.mark.parametrize(
    ("field", "value"),
    [("message_digest", b"x" * 32), ("request_id", bytes(16)), ("destination", "11"), ("message_digest", b"")],
)
def test_the_stamp_must_speak_of_the_envelope(
    guangdong: EntryJudge, request_: Relayed, field: str, value: object
) -> None:
    setattr(request_.stamp, field, value)
    assert judged(guangdong, request_.entry(), request_.origin_seal).fault == STAMP_MISMATCH


def test_a_relayed_envelope_without_proof_is_a_fault(guangdong: EntryJudge, request_: Relayed) -> None:
    entry = request_.entry()
    entry.ClearField("origin")
    assert judged(guangdong, entry, request_.origin_seal).fault == origin.ORIGIN_PROOF_MISSING


def test_a_proof_whose_seal_is_not_in_the_batch_is_a_fault(guangdong: EntryJudge, request_: Relayed) -> None:
    other = relayed(SHANGHAI_NODE, message(SHANGHAI, GUANGDONG, 50))
    assert judged(guangdong, request_.entry(), other.origin_seal).fault == origin.ORIGIN_PROOF_MISSING
    assert judged(guangdong, request_.entry()).fault == origin.ORIGIN_PROOF_MISSING


def spoil_sequence(one: Relayed) -> None:
    one.proof.sequence += 1


def spoil_sequence_beyond(one: Relayed) -> None:
    one.proof.sequence = 2**64 - 1


def spoil_sequence_before(one: Relayed) -> None:
    one.proof.sequence = 0


def spoil_path(one: Relayed) -> None:
    one.proof.path[0] = b"x" * 32


def spoil_path_length(one: Relayed) -> None:
    one.proof.path.append(b"x" * 32)


def spoil_path_end(one: Relayed) -> None:
    del one.proof.path[-1]


def spoil_path_hash(one: Relayed) -> None:
    one.proof.path[0] = b"short"


def spoil_path_flood(one: Relayed) -> None:
    one.proof.path.extend([b"x" * 32] * 1000)


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_sequence,
        spoil_sequence_beyond,
        spoil_sequence_before,
        spoil_path,
        spoil_path_length,
        spoil_path_end,
        spoil_path_hash,
        spoil_path_flood,
    ],
)
def test_a_path_that_leads_elsewhere_is_a_fault(
    guangdong: EntryJudge, request_: Relayed, spoil: Callable[[Relayed], None]
) -> None:
    spoil(request_)
    assert judged(guangdong, request_.entry(), request_.origin_seal).fault == origin.ORIGIN_PROOF_INVALID


def test_the_proof_of_one_envelope_proves_no_other(guangdong: EntryJudge, request_: Relayed) -> None:
    other = message(SHANGHAI, GUANGDONG, 77)
    forged = Relayed(other, stamp_of(other), request_.proof, request_.origin_seal)
    assert judged(guangdong, forged.entry(), request_.origin_seal).fault == origin.ORIGIN_PROOF_INVALID


def test_a_node_cannot_prove_what_another_said(guangdong: EntryJudge) -> None:
    forged = relayed(PaperNode("11"), message(SHANGHAI, GUANGDONG))
    assert judged(guangdong, forged.entry(), forged.origin_seal).fault == origin.ORIGIN_PROOF_INVALID


def test_a_seal_of_another_link_proves_nothing(guangdong: EntryJudge) -> None:
    # HQ's own key on HQ's own link: the hub must not be able to put words into a province's mouth.
    envelope = message(SHANGHAI, GUANGDONG)
    link = Ledger(SHANGHAI_NODE, "44")
    batch = seal_pb2.SealedBatch.FromString(link.seal([entry_of(envelope)]).batch_bytes)
    proof = seal_pb2.OriginProof(seal_hash=next(iter(seals_by_hash([batch.seal]))), sequence=1)
    forged = Relayed(envelope, stamp_of(envelope), proof, batch.seal)
    assert judged(guangdong, forged.entry(), batch.seal).fault == origin.ORIGIN_PROOF_INVALID


def test_a_signature_that_is_not_good_proves_nothing_however_often_it_comes(
    guangdong: EntryJudge, request_: Relayed
) -> None:
    request_.origin_seal.signature = bytes(64)
    request_.proof.seal_hash = next(iter(seals_by_hash([request_.origin_seal])))
    for _ in range(3):
        assert judged(guangdong, request_.entry(), request_.origin_seal).fault == origin.ORIGIN_PROOF_INVALID


def test_a_seal_that_is_none_proves_nothing(guangdong: EntryJudge, request_: Relayed) -> None:
    nameless = seal_pb2.Seal(node="3" * 300, link="3" * 300 + ">00").SerializeToString()
    for seal in (b"\xff\xff", bytes(4096), b"", nameless):
        request_.origin_seal.seal = seal
        request_.proof.seal_hash = next(iter(seals_by_hash([request_.origin_seal])))
        assert judged(guangdong, request_.entry(), request_.origin_seal).fault == origin.ORIGIN_PROOF_INVALID


def test_an_origin_that_the_directory_does_not_know_is_a_fault(
    guangdong: EntryJudge, directory: DirectoryHolder, request_: Relayed
) -> None:
    directory.directory = directory_of(HQ_NODE, GUANGDONG_NODE, version=2)
    assert judged(guangdong, request_.entry(), request_.origin_seal).fault == origin.ORIGIN_UNKNOWN
    # The same bytes are judged again once the directory names it.
    directory.directory = directory_of(HQ_NODE, GUANGDONG_NODE, SHANGHAI_NODE, version=3)
    assert judged(guangdong, request_.entry(), request_.origin_seal).fault == ""


def test_the_origins_key_is_judged_at_the_moment_of_admission(
    guangdong: EntryJudge, directory: DirectoryHolder, request_: Relayed
) -> None:
    revoked = PaperNode(SHANGHAI, status=NodeStatus.REVOKED, valid_until_us=NOW_US)
    directory.directory = directory_of(HQ_NODE, GUANGDONG_NODE, revoked, version=2)
    request_.stamp.admitted_at_us = NOW_US - 1
    assert judged(guangdong, request_.entry(), request_.origin_seal).fault == ""
    request_.stamp.admitted_at_us = NOW_US + DAY_US
    assert judged(guangdong, request_.entry(), request_.origin_seal).fault == origin.ORIGIN_UNKNOWN


def test_seals_are_forgotten_beyond_the_limit_and_verified_again(guangdong: EntryJudge, settings: LinkSettings) -> None:
    many = [relayed(SHANGHAI_NODE, message(SHANGHAI, GUANGDONG, number)) for number in range(1, 9)]
    for one in [*many, *many]:
        assert judged(guangdong, one.entry(), one.origin_seal).fault == ""
    assert len(guangdong._origins._seals) == settings.origin_seals_cached_max


def test_an_entry_of_the_journal_is_judged_anew(
    guangdong: EntryJudge, directory: DirectoryHolder, request_: Relayed
) -> None:
    hq = Ledger(HQ_NODE, GUANGDONG)
    hq.seal_messages(3)
    batch = hq.seal([entry_of(message(HQ, GUANGDONG, phase=FINAL)), request_.entry()], [request_.origin_seal])
    directory.directory = directory_of(HQ_NODE, GUANGDONG_NODE, version=2)
    assert guangdong.reread(HQ, "00>44", 2, 1, batch.batch_bytes).fault == origin.ORIGIN_UNKNOWN
    directory.directory = directory_of(HQ_NODE, GUANGDONG_NODE, SHANGHAI_NODE, version=3)
    incoming = guangdong.reread(HQ, "00>44", 2, 1, batch.batch_bytes)
    assert incoming.fault == ""
    assert (incoming.sequence, incoming.index, incoming.seal_number) == (5, 1, 2)
    assert incoming.envelope is not None
    assert incoming.envelope.digest == request_.envelope.digest
    with pytest.raises(ValueError, match="no entry 2"):
        guangdong.reread(HQ, "00>44", 2, 2, batch.batch_bytes)

"""A province with honest keys says dishonest things; HQ and the other provinces are honest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from common.gen.quanwang.federation.v1 import link_pb2, seal_pb2
from common.ids import HQ, leg_id
from common.link import effects as reason
from common.messaging.envelope import Envelope, build
from common.messaging.inbox import leg_of
from common.security.private_bodies import encrypt_private_body
from tests.support.dishonest import answer, hub_entry, message, new_id, pb, request
from tests.support.federation import GUANGDONG, SHANGHAI, ZHEJIANG, Federation
from tests.support.wire import assert_cut_and_resumed, attack, batch_in, first_batch, frame_of, resealed, with_seal

THIEF = ZHEJIANG


def assert_refused_by_hq(federation: Federation, spoken: Any, code: str, speaker: str = THIEF) -> None:
    """HQ parks and alarms it, says nothing to any other province, and the link goes on."""
    others = [node for node in federation.nodes if node not in (HQ, speaker)]
    said = [federation.link_row(HQ, node).sealed_sequence for node in others]
    federation.say(speaker, HQ, spoken)
    assert federation.parked(HQ) == [code]
    assert code in federation.alarms(HQ)
    assert [federation.link_row(HQ, node).sealed_sequence for node in others] == said
    assert federation.is_open(speaker)


@pytest.fixture
def open_leg(federation: Federation) -> bytes:
    """A leg from Shanghai to Guangdong that home has not answered: nothing reaches Guangdong."""
    federation.tamper = lambda _from, to, frame: () if to == GUANGDONG else (frame,)
    leg = federation.suspend()
    federation.run()
    assert federation.at_hub(leg).state == "forwarded"
    return leg


# In another's name


@pytest.mark.parametrize("source", [SHANGHAI, GUANGDONG, HQ, "99"])
def test_a_message_in_the_name_of_another_is_refused(federation: Federation, source: str) -> None:
    assert_refused_by_hq(federation, request(source, GUANGDONG), "SOURCE_MISMATCH")


def test_a_copied_message_of_another_is_refused(federation: Federation, open_leg: bytes) -> None:
    stolen = federation.batches(HQ, "31>00")[0].entries[0]
    assert_refused_by_hq(federation, seal_pb2.Entry(header=stolen.header, body=stolen.body), "SOURCE_MISMATCH")
    assert federation.at_hub(open_leg).state == "forwarded"


@pytest.mark.parametrize(("field", "value"), [("node", SHANGHAI), ("link", "31>00"), ("link", "33>44"), ("node", HQ)])
def test_a_seal_in_the_name_of_another_is_cut(federation: Federation, field: str, value: str) -> None:
    change = with_seal(federation.signers[SHANGHAI], lambda seal: setattr(seal, field, value + "x"))
    assert_cut_and_resumed(federation, SHANGHAI, HQ, change, reason.LINK_MISMATCH)


def test_a_hello_in_the_name_of_another_is_cut(federation: Federation) -> None:
    def renamed(sender: str, _to: str, frame: bytes) -> list[bytes]:
        parsed = link_pb2.LinkFrame.FromString(frame)
        if sender == SHANGHAI and parsed.WhichOneof("frame") == "hello":
            parsed.hello.node = GUANGDONG
        return [parsed.SerializeToString()]

    federation.tamper = renamed
    federation.reconnect(SHANGHAI)
    assert federation.cuts[HQ, SHANGHAI] == reason.NODE_MISMATCH
    assert reason.NODE_MISMATCH in federation.alarms(HQ)


@pytest.mark.parametrize("spoil", ["stamp", "origin", "stamp alone"])
def test_a_province_that_speaks_as_the_hub_is_refused(federation: Federation, spoil: str) -> None:
    spoken = request(THIEF, GUANGDONG)
    entry = hub_entry(federation, spoken)
    if spoil == "origin":
        entry = seal_pb2.Entry(header=spoken.header, body=spoken.body, origin=seal_pb2.OriginProof(sequence=1))
    elif spoil == "stamp alone":
        entry = seal_pb2.Entry(stamp=entry.stamp)
    federation.say(THIEF, HQ, entry)
    assert federation.parked(HQ) == ["SOURCE_MISMATCH"]
    assert federation.serving(GUANGDONG, leg_of(spoken)) is None


# The same identity twice


def test_a_replayed_message_is_not_carried_out_twice(federation: Federation) -> None:
    spoken = request(THIEF, GUANGDONG)
    leg = leg_of(spoken)
    federation.say(THIEF, HQ, spoken)
    served = federation.serving(GUANGDONG, leg)
    assert served.state == "completed"
    sealed = federation.link_row(HQ, GUANGDONG).sealed_sequence
    for _ in range(3):
        federation.say(THIEF, HQ, spoken)
    assert federation.serving(GUANGDONG, leg) == served
    assert federation.link_row(HQ, GUANGDONG).sealed_sequence == sealed
    assert federation.at_hub(leg).state == "completed"


def test_other_bytes_under_an_identity_that_was_used_are_parked(federation: Federation) -> None:
    spoken = request(THIEF, GUANGDONG)
    federation.say(THIEF, HQ, spoken)
    leg = leg_of(spoken)
    before = federation.at_hub(leg)
    other = request(THIEF, SHANGHAI)
    other.routing.message_id = spoken.routing.message_id
    assert_refused_by_hq(federation, build(other.routing, other.body), "MESSAGE_ID_REUSED")
    assert federation.at_hub(leg) == before


def test_the_identity_of_anothers_message_is_worth_nothing(federation: Federation, open_leg: bytes) -> None:
    """Identities are known by their source: the thief only spends one of its own."""
    own = request(THIEF, SHANGHAI)
    own.routing.message_id = federation.asked(SHANGHAI, open_leg).message_id
    federation.say(THIEF, HQ, build(own.routing, own.body))
    assert not federation.parked(HQ)
    federation.tamper = None
    federation.reconnect(GUANGDONG)
    assert federation.asked(SHANGHAI, open_leg).state == "completed"


# Other people's legs


@pytest.mark.parametrize("outcome", [pb.OUTCOME_COMPLETED, pb.OUTCOME_REJECTED, pb.OUTCOME_CANCELLED])
def test_a_final_for_a_leg_of_another_home_is_refused(federation: Federation, open_leg: bytes, outcome: Any) -> None:
    asked = federation.asked(SHANGHAI, open_leg)
    assert_refused_by_hq(
        federation, answer(pb.PHASE_FINAL, asked, THIEF, SHANGHAI, outcome=outcome), "UNNAMED_TRANSITION"
    )
    assert federation.asked(SHANGHAI, open_leg) == asked


def test_a_cancel_of_anothers_leg_is_refused(federation: Federation, open_leg: bytes) -> None:
    asked = federation.asked(SHANGHAI, open_leg)
    assert_refused_by_hq(federation, answer(pb.PHASE_CANCEL, asked, THIEF, HQ), "UNNAMED_TRANSITION")
    assert federation.at_hub(open_leg).withdraw == ""


def test_an_answer_bound_to_another_request_is_refused(federation: Federation, open_leg: bytes) -> None:
    asked = federation.asked(SHANGHAI, open_leg)
    forged = answer(pb.PHASE_FINAL, asked, GUANGDONG, SHANGHAI, outcome=pb.OUTCOME_COMPLETED, request_digest=b"o" * 32)
    assert_refused_by_hq(federation, forged, "UNNAMED_TRANSITION", speaker=GUANGDONG)
    assert federation.at_hub(open_leg).state == "forwarded"


# Envelopes that are none


def malformed() -> dict[str, Envelope | seal_pb2.Entry]:
    good = request(THIEF, GUANGDONG)
    return {
        "garbage": seal_pb2.Entry(header=b"\xff" * 60),
        "no routing": seal_pb2.Entry(header=b"\x12\x00"),
        "header too large": message(pb.PHASE_REQUEST, THIEF, GUANGDONG, idempotency_key="x" * 5_000),
        "body too large": request(THIEF, GUANGDONG, body=bytes(262_145)),
        "private body too large": request(THIEF, GUANGDONG, private_body=bytes(262_145)),
        "message_id of 15 bytes": build(_routing(good, message_id=b"m" * 15), good.body),
        "request_id of 17 bytes": build(_routing(good, request_id=b"r" * 17), good.body),
        "destination of letters": build(_routing(good, destination="GD"), good.body),
        "destination of other digits": build(_routing(good, destination="٤٤"), good.body),
        "leg of nobody": build(_routing(good, leg_destination=""), good.body),
        "reason code too long": build(_routing(good, reason_code="R" * 65), good.body),
        "reason code that is prose": build(_routing(good, reason_code="because\x00"), good.body),
        "message type too long": build(_routing(good, message_type="t" * 129), good.body),
        "message type that is none": build(_routing(good, message_type="quanwang.\x00"), good.body),
    }


def _routing(envelope: Envelope, **changes: Any) -> pb.Routing:
    routing = pb.Routing.FromString(envelope.routing_bytes)
    for name, value in changes.items():
        setattr(routing, name, value)
    return routing


@pytest.mark.parametrize("name", malformed())
def test_an_envelope_that_is_none_is_refused(federation: Federation, name: str) -> None:
    assert_refused_by_hq(federation, malformed()[name], "MALFORMED_ENVELOPE")


def test_a_private_body_that_is_missing_is_refused_by_name(federation: Federation) -> None:
    spoken = request(SHANGHAI, GUANGDONG, private_body=b"something private")
    stripped = replace(spoken, private_body=b"")
    federation.say(SHANGHAI, HQ, stripped)
    leg = federation.at_hub(leg_of(spoken))
    assert (leg.state, leg.reason_code) == ("rejected", "PRIVATE_BODY_MISSING")
    assert federation.serving(GUANGDONG, leg.leg_id) is None


def test_a_private_body_under_another_header_is_not_opened(federation: Federation) -> None:
    readers = [federation.private_keys[node].reader(node) for node in (GUANGDONG, SHANGHAI)]
    first = request(SHANGHAI, GUANGDONG)
    private = encrypt_private_body(b"\x0a\x0513800", first.routing_bytes, readers)
    second = request(THIEF, GUANGDONG, private_body=private)
    federation.say(THIEF, HQ, second)
    served = federation.serving(GUANGDONG, leg_of(second))
    assert (served.state, served.reason_code) == ("rejected", "PRIVATE_REQUEST_UNREADABLE")
    assert federation.subscription_status() == "active"


def test_requests_that_the_hub_must_not_admit_are_refused_by_name(federation: Federation) -> None:
    wrong: dict[str, dict[str, Any]] = {
        "PROTOCOL_VERSION_UNSUPPORTED": {"protocol_version": 2},
        "MESSAGE_CLASS_UNKNOWN": {"message_class": 77},
        "LEG_MISNAMED": {"leg": leg_id(new_id(), THIEF, SHANGHAI)},
        "DESTINATION_UNKNOWN": {"destination": "65"},
        "DIRECTORY_STALE": {"region": "all-provinces", "directory_version": 9},
        "TIME_TO_LIVE_INVALID": {"time_to_live_ms": 2**63},
    }
    for code, fields in wrong.items():
        spoken = request(THIEF, **({"destination": GUANGDONG} | fields))
        federation.say(THIEF, HQ, spoken)
        leg = federation.at_hub(leg_of(spoken))
        assert (leg.state, leg.reason_code) == ("rejected", code)
    assert not federation.parked(HQ)


@pytest.mark.parametrize("message_class", [40_000, 2**31 - 1, -(2**31)])
def test_a_class_that_no_column_has_room_for_is_refused_by_name(federation: Federation, message_class: int) -> None:
    spoken = request(THIEF, GUANGDONG, message_class=message_class)
    federation.say(THIEF, HQ, spoken)
    leg = federation.at_hub(leg_of(spoken))
    assert (leg.state, leg.reason_code, leg.message_class) == ("rejected", "MESSAGE_CLASS_UNKNOWN", 0)
    assert not federation.parked(HQ)


# Two pasts


def test_two_seals_under_one_number_are_a_fork(federation: Federation) -> None:
    """What was taken first stays; the proof of the lie is the second seal."""

    def other_words(batch: seal_pb2.SealedBatch) -> None:
        other = request(SHANGHAI, ZHEJIANG)
        batch.entries[0].header, batch.entries[0].body = other.header, other.body

    both = resealed(federation.signers[SHANGHAI], other_words)
    leg = attack(federation, first_batch(SHANGHAI, HQ, lambda frame: (frame, *both(frame))))
    assert federation.cuts[HQ, SHANGHAI] == reason.CHAIN_FORK
    assert reason.CHAIN_FORK in federation.alarms(HQ)
    assert federation.cores[HQ].dispatcher.port(SHANGHAI).sealing_stopped == reason.CHAIN_FORK
    federation.reconnect(SHANGHAI)
    assert federation.asked(SHANGHAI, leg).state == "completed"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("witnessed_seal_number", 2**40, reason.WE_FORGOT),
        ("witnessed_seal_hash", b"x" * 32, reason.CHAIN_FORK),
        ("witnessed_sequence", 2**64 - 1, reason.ACK_BEYOND_SEALED),
        ("incarnation", b"another journal!", reason.LINK_MISMATCH),
        ("previous_hash", b"x" * 32, reason.CHAIN_FORK),
        ("first_sequence", 2**64 - 1, reason.SEAL_GAP),
        ("seal_number", 0, reason.MALFORMED_BATCH),
        ("seal_number", 2**64 - 1, reason.SEAL_GAP),
    ],
)
def test_a_seal_that_tells_another_past_is_cut(federation: Federation, field: str, value: Any, code: str) -> None:
    federation.suspend(subscription="44-none")
    federation.run()

    def change(seal: seal_pb2.Seal) -> None:
        seal.witnessed_seal_number = max(1, seal.witnessed_seal_number)
        setattr(seal, field, value)

    assert_cut_and_resumed(federation, SHANGHAI, HQ, with_seal(federation.signers[SHANGHAI], change), code)


def test_acknowledgements_of_what_was_never_sealed_are_cut(federation: Federation) -> None:
    for ack in (link_pb2.Ack(seal_number=9, sequence=9), link_pb2.Ack(seal_number=2**64 - 1)):
        before = federation.link_row(HQ, SHANGHAI)
        federation.arrive(SHANGHAI, HQ, link_pb2.LinkFrame(ack=ack).SerializeToString())
        federation.run()
        assert federation.cuts[HQ, SHANGHAI] == reason.ACK_BEYOND_SEALED
        assert federation.link_row(HQ, SHANGHAI) == before
        federation.reconnect(SHANGHAI)


def test_a_directory_from_a_province_is_cut(federation: Federation) -> None:
    frame = link_pb2.LinkFrame(directory=federation.signed_directory).SerializeToString()
    federation.arrive(SHANGHAI, HQ, frame)
    federation.run()
    assert federation.cuts[HQ, SHANGHAI] == reason.UNEXPECTED_FRAME


def test_a_batch_written_with_two_seals_is_judged_by_the_one_that_counts(federation: Federation) -> None:
    """Protobuf merges a field that comes twice; whatever reads the batch must see the same seal."""

    def two_seals(frame: bytes) -> list[bytes]:
        batch = batch_in(frame)
        assert batch is not None
        seal = seal_pb2.Seal.FromString(batch.seal.seal)
        seal.first_sequence = 999
        decoy = seal_pb2.SealedBatch(seal=seal_pb2.SignedSeal(seal=seal.SerializeToString()), entries=batch.entries)
        return [frame_of(decoy.SerializeToString() + seal_pb2.SealedBatch(seal=batch.seal).SerializeToString())]

    leg = attack(federation, first_batch(SHANGHAI, HQ, two_seals))
    assert federation.asked(SHANGHAI, leg).state == "completed"
    (stored,) = (
        federation.cores[HQ]
        .connection.exec_driver_sql("SELECT batch FROM journal WHERE link='31>00' AND seal_number=1")
        .scalars()
    )
    assert federation.cores[HQ].judge.reread(SHANGHAI, "31>00", 1, 0, stored).sequence == 1

"""HQ is dishonest, with its own honest keys and with everything it has ever seen; the provinces are honest.

What a hub can always do (withhold, delay, end a leg without effect) stands in docs/security.md; all else is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from common.gen.quanwang.federation.v1 import seal_pb2
from common.ids import HQ, link_name
from common.link import effects as reason
from common.messaging.envelope import Envelope, build, header_digest
from common.messaging.inbox import leg_of
from common.messaging.links import journal, links
from common.messaging.outbox import Outgoing
from common.messaging.seal import seal_hash, sign_seal
from common.requests.commands import ActingFor, SubmitServiceRequest
from common.security.private_bodies import encrypt_private_body
from tests.support.dishonest import answer, hub_entry, message, new_id, pb, relayed, request, stamp
from tests.support.federation import GUANGDONG, SHANGHAI, SUBSCRIPTION, ZHEJIANG, Federation, outgoing_of

Spoil = Callable[[Federation, Outgoing], Outgoing]


def undelivered(federation: Federation, envelope: Envelope) -> Outgoing:
    """A request that its origin really said, as the hub should pass it on; home has not seen it yet."""
    federation.tamper = lambda _from, to, frame: () if to == envelope.routing.destination else (frame,)
    outgoing = relayed(federation, envelope)
    federation.tamper = None
    _forget_what_was_held_back(federation, envelope.routing.destination)
    return outgoing


def _forget_what_was_held_back(federation: Federation, node: str) -> None:
    """Removes from HQ's journal what never arrived, as a dishonest hub may do with its own records."""
    connection = federation.cores[HQ].connection
    link = link_name(HQ, node)
    connection.execute(journal.delete().where(journal.c.link == link))
    forgotten = {"sealed_seal_number": 0, "sealed_sequence": 0, "sealed_hash": bytes(32)}
    connection.execute(links.update().where(links.c.peer == node).values(forgotten))
    federation.cores[HQ].dispatcher.load()
    federation.reconnect(node)


def assert_request_refused(federation: Federation, outgoing: Outgoing, leg: bytes, code: str) -> None:
    """Home does nothing, records the refusal as the leg's outcome, parks the message and alarms."""
    federation.say(HQ, GUANGDONG, outgoing)
    served = federation.serving(GUANGDONG, leg)
    assert (served.state, served.reason_code) == ("rejected", code)
    assert federation.parked(GUANGDONG) == [code]
    assert code in federation.alarms(GUANGDONG)
    assert federation.subscription_status() == "active"
    assert federation.is_open(GUANGDONG)


def assert_parked(federation: Federation, node: str, outgoing: Outgoing | seal_pb2.Entry, code: str) -> None:
    """The node parks and alarms it; neither its legs nor its link have changed."""
    tables = ("asked_legs", "serving_legs", "subscriptions", "requests")
    before = {table: federation.durable()[node][table] for table in tables}
    federation.say(HQ, node, outgoing)
    assert code in federation.parked(node)
    assert code in federation.alarms(node)
    assert {table: federation.durable()[node][table] for table in tables} == before
    assert federation.is_open(node)


# Proofs of origin


def no_proof(_federation: Federation, outgoing: Outgoing) -> Outgoing:
    outgoing.entry.ClearField("origin")
    return replace(outgoing, origin_seal=None)


def no_seal(_federation: Federation, outgoing: Outgoing) -> Outgoing:
    return replace(outgoing, origin_seal=None)


def another_place(_federation: Federation, outgoing: Outgoing) -> Outgoing:
    outgoing.entry.origin.sequence += 1
    return outgoing


def a_longer_path(_federation: Federation, outgoing: Outgoing) -> Outgoing:
    outgoing.entry.origin.path.append(bytes(32))
    return outgoing


def a_seal_of_the_hub(federation: Federation, outgoing: Outgoing) -> Outgoing:
    """A seal in the name of the origin, signed by HQ."""
    assert outgoing.origin_seal is not None
    seal = seal_pb2.Seal.FromString(outgoing.origin_seal.seal)
    return _with_origin_seal(outgoing, sign_seal(seal, federation.signers[HQ]))


def a_seal_of_another_province(federation: Federation, outgoing: Outgoing) -> Outgoing:
    assert outgoing.origin_seal is not None
    seal = seal_pb2.Seal.FromString(outgoing.origin_seal.seal)
    seal.node, seal.link = ZHEJIANG, "33>00"
    return _with_origin_seal(outgoing, sign_seal(seal, federation.signers[ZHEJIANG]))


def a_forged_seal(_federation: Federation, outgoing: Outgoing) -> Outgoing:
    assert outgoing.origin_seal is not None
    return _with_origin_seal(outgoing, seal_pb2.SignedSeal(seal=outgoing.origin_seal.seal, signature=bytes(64)))


def a_seal_of_garbage(_federation: Federation, outgoing: Outgoing) -> Outgoing:
    return _with_origin_seal(outgoing, seal_pb2.SignedSeal(seal=b"\xff\xff", signature=bytes(64)))


def _with_origin_seal(outgoing: Outgoing, signed: seal_pb2.SignedSeal) -> Outgoing:
    outgoing.entry.origin.seal_hash = seal_hash(signed)
    return replace(outgoing, origin_seal=signed)


PROOFS: dict[str, tuple[Spoil, str]] = {
    "dropped": (no_proof, "ORIGIN_PROOF_MISSING"),
    "without its seal": (no_seal, "ORIGIN_PROOF_MISSING"),
    "of another place": (another_place, "ORIGIN_PROOF_INVALID"),
    "too long": (a_longer_path, "ORIGIN_PROOF_INVALID"),
    "sealed by the hub": (a_seal_of_the_hub, "ORIGIN_UNKNOWN"),
    "sealed by another province": (a_seal_of_another_province, "ORIGIN_PROOF_INVALID"),
    "with a forged seal": (a_forged_seal, "ORIGIN_PROOF_INVALID"),
    "with garbage for a seal": (a_seal_of_garbage, "ORIGIN_PROOF_INVALID"),
}


@pytest.mark.parametrize("name", PROOFS)
def test_a_request_whose_proof_of_origin_is_spoilt_is_refused(federation: Federation, name: str) -> None:
    spoil, code = PROOFS[name]
    spoken = request()
    outgoing = spoil(federation, undelivered(federation, spoken))
    assert_request_refused(federation, outgoing, leg_of(spoken), code)


def test_swapped_proofs_are_refused(federation: Federation) -> None:
    one, other = request(), request()
    federation.tamper = lambda _from, to, frame: () if to == GUANGDONG else (frame,)
    federation.say(SHANGHAI, HQ, one, other)
    federation.tamper = None
    _forget_what_was_held_back(federation, GUANGDONG)
    first, second = relayed(federation, one), relayed(federation, other)
    proof = second.entry.origin
    first.entry.origin.CopyFrom(proof)
    assert_request_refused(federation, first, leg_of(one), "ORIGIN_PROOF_INVALID")


def test_an_altered_message_is_refused(federation: Federation) -> None:
    """The hub changes what a province said, fits digests and stamp to it, and seals it well."""
    spoken = request()
    outgoing = undelivered(federation, spoken)
    routing = pb.Routing.FromString(spoken.routing_bytes)
    routing.actor.operator = "somebody else"
    altered = build(routing, spoken.body)
    outgoing.entry.header, outgoing.entry.stamp = altered.header, stamp(altered, federation)
    outgoing = replace(outgoing, digest=header_digest(altered.header))
    assert_request_refused(federation, outgoing, leg_of(spoken), "ORIGIN_PROOF_INVALID")


def test_a_message_invented_in_the_name_of_a_province_is_refused(federation: Federation) -> None:
    invented = request()
    entry = hub_entry(federation, invented)
    assert_request_refused(federation, outgoing_of(GUANGDONG, entry), leg_of(invented), "ORIGIN_PROOF_MISSING")


# Finals


@pytest.fixture
def open_leg(federation: Federation) -> bytes:
    """A leg from Shanghai to Guangdong that the hub keeps to itself."""
    federation.tamper = lambda _from, to, frame: () if to == GUANGDONG else (frame,)
    leg = federation.suspend()
    federation.run()
    # The stamp rides on a seal of its own by then.
    federation.pass_time()
    federation.tamper = None
    return leg


def test_a_completion_invented_by_the_hub_is_refused(federation: Federation, open_leg: bytes) -> None:
    asked = federation.asked(SHANGHAI, open_leg)
    own_words = answer(pb.PHASE_FINAL, asked, HQ, SHANGHAI, outcome=pb.OUTCOME_COMPLETED)
    assert_parked(federation, SHANGHAI, hub_entry(federation, own_words), "ANSWER_NOT_BOUND")
    forged = answer(pb.PHASE_FINAL, asked, GUANGDONG, SHANGHAI, outcome=pb.OUTCOME_COMPLETED)
    assert_parked(federation, SHANGHAI, hub_entry(federation, forged), "ORIGIN_PROOF_MISSING")
    federation.reconnect(GUANGDONG)
    assert federation.asked(SHANGHAI, open_leg).state == "completed"


def test_a_final_of_another_leg_is_no_answer(federation: Federation, open_leg: bytes) -> None:
    """Home has answered another request: its answer, with its good proof, is bound to that one."""
    federation.reconnect(GUANGDONG)
    done = federation.asked(SHANGHAI, open_leg)
    assert done.state == "completed"
    federation.tamper = lambda _from, to, frame: () if to == GUANGDONG else (frame,)
    second = federation.suspend(subscription="44-S2")
    federation.run()
    federation.pass_time()
    asked = federation.asked(SHANGHAI, second)
    final = answer(pb.PHASE_FINAL, asked, GUANGDONG, SHANGHAI, outcome=pb.OUTCOME_COMPLETED, request_digest=b"o" * 32)
    assert_parked(federation, SHANGHAI, relayed(federation, final), "ANSWER_NOT_BOUND")
    federation.tamper = None


def test_a_rejection_invented_by_the_hub_is_found_out_when_home_has_done_it(federation: Federation) -> None:
    """The hub can say no in its own words; it cannot hide for ever that home did it."""
    federation.tamper = lambda _from, to, frame: () if to == SHANGHAI else (frame,)
    leg = federation.suspend()
    federation.run()
    federation.tamper = None
    final = federation.batches(HQ, "44>00")[0].entries[0]
    spoken = Envelope(final.header, final.body, b"", pb.Routing(source=GUANGDONG), b"", header_digest(final.header))
    assert federation.serving(GUANGDONG, leg).state == "completed"
    _forget_what_was_held_back(federation, SHANGHAI)
    asked = federation.asked(SHANGHAI, leg)
    lie = answer(pb.PHASE_FINAL, asked, HQ, SHANGHAI, outcome=pb.OUTCOME_REJECTED, reason_code="NOT_TODAY")
    federation.say(HQ, SHANGHAI, hub_entry(federation, lie))
    assert federation.asked(SHANGHAI, leg).state == "rejected"
    spoken.routing.request_id, spoken.routing.leg_destination = leg[:16], GUANGDONG
    truth = relayed(federation, spoken, peer=SHANGHAI)
    assert_parked(federation, SHANGHAI, truth, "UNNAMED_TRANSITION")


# Wrong ways, wrong stamps


def test_a_message_sent_to_another_province_is_refused(federation: Federation) -> None:
    spoken = request(SHANGHAI, GUANGDONG)
    outgoing = undelivered(federation, spoken)
    assert_parked(federation, ZHEJIANG, replace(outgoing, peer=ZHEJIANG), "MISROUTED")
    federation.say(HQ, GUANGDONG, outgoing)
    assert federation.serving(GUANGDONG, leg_of(spoken)).state == "completed"


STAMPS: dict[str, dict[str, Any]] = {
    "another request": {"request_id": new_id()},
    "another leg": {"destination": ZHEJIANG},
    "another message": {"message_digest": b"o" * 32},
}


@pytest.mark.parametrize("name", STAMPS)
def test_a_stamp_of_something_else_is_refused(federation: Federation, name: str) -> None:
    spoken = request()
    outgoing = undelivered(federation, spoken)
    outgoing.entry.stamp = stamp(spoken, federation, **STAMPS[name])
    assert_request_refused(federation, outgoing, leg_of(spoken), "STAMP_MISMATCH")


@pytest.mark.parametrize(
    "spoilt",
    [
        b"\xff\xff",
        b"\x0a\x00",
        bytes(2_000),
        seal_pb2.Stamp(request_id=b"r" * 16, destination="44", hub_position=2**64 - 1).SerializeToString(),
    ],
    ids=["garbage", "empty", "too large", "a number beyond all databases"],
)
def test_a_stamp_that_is_none_is_refused(federation: Federation, spoilt: bytes) -> None:
    spoken = request()
    outgoing = undelivered(federation, spoken)
    outgoing.entry.stamp = spoilt
    assert_request_refused(federation, outgoing, leg_of(spoken), "MALFORMED_STAMP")


def test_a_request_without_a_stamp_is_refused(federation: Federation) -> None:
    spoken = request()
    outgoing = undelivered(federation, spoken)
    outgoing.entry.stamp = b""
    assert_request_refused(federation, outgoing, leg_of(spoken), "STAMP_MISMATCH")


def test_a_stamp_for_a_message_that_was_never_sent_is_alarmed(federation: Federation, open_leg: bytes) -> None:
    asked = federation.asked(SHANGHAI, open_leg)
    for never in (request(), message(pb.PHASE_REQUEST, SHANGHAI, GUANGDONG, leg=open_leg)):
        federation.say(HQ, SHANGHAI, seal_pb2.Entry(stamp=stamp(never, federation)))
    assert "ANSWER_NOT_BOUND" in federation.alarms(SHANGHAI)
    assert federation.asked(SHANGHAI, open_leg) == asked
    assert federation.is_open(SHANGHAI)


# Again, and under other names


def test_an_old_request_sent_again_is_not_carried_out_twice(federation: Federation) -> None:
    old = request()
    federation.say(SHANGHAI, HQ, old)
    assert federation.subscription_status() == "suspended"
    resume = SubmitServiceRequest(
        kind="resume-subscription",
        destinations=(GUANGDONG,),
        body=b"\x0a" + bytes([len(SUBSCRIPTION)]) + SUBSCRIPTION.encode(),
        acting=ActingFor(customer_authentication="SERVICE_PASSWORD"),
    )
    federation.execute(SHANGHAI, resume)
    federation.run()
    assert federation.subscription_status() == "active"
    served = federation.serving(GUANGDONG, leg_of(old))
    for _ in range(3):
        federation.say(HQ, GUANGDONG, relayed(federation, old))
    assert federation.subscription_status() == "active"
    assert federation.serving(GUANGDONG, leg_of(old)) == served


def test_a_private_body_sent_again_under_another_header_is_not_opened(federation: Federation) -> None:
    """The hub asks home, in its own name, with the private body of a province's request."""
    readers = [federation.private_keys[node].reader(node) for node in (GUANGDONG, SHANGHAI)]
    theirs = request(SHANGHAI, GUANGDONG)
    private = encrypt_private_body(b"\x0a\x0513800", theirs.routing_bytes, readers)
    own = request(HQ, GUANGDONG, message_type="quanwang.customers.v1.QueryCustomerProfile", private_body=private)
    federation.say(HQ, GUANGDONG, hub_entry(federation, own))
    served = federation.serving(GUANGDONG, leg_of(own))
    assert (served.state, served.reason_code) == ("rejected", "PRIVATE_REQUEST_UNREADABLE")


def test_a_private_body_taken_away_is_refused(federation: Federation) -> None:
    readers = [federation.private_keys[node].reader(node) for node in (GUANGDONG, SHANGHAI)]
    plain = request(SHANGHAI, GUANGDONG)
    private = encrypt_private_body(b"\x0a\x0513800", plain.routing_bytes, readers)
    spoken = build(pb.Routing.FromString(plain.routing_bytes), plain.body, private, plain.routing_bytes)
    outgoing = undelivered(federation, spoken)
    outgoing.entry.private_body = b""
    assert_request_refused(federation, outgoing, leg_of(spoken), "PRIVATE_BODY_MISSING")


def test_a_private_body_of_anothers_making_is_cut(federation: Federation) -> None:
    readers = [federation.private_keys[node].reader(node) for node in (GUANGDONG, SHANGHAI)]
    plain = request(SHANGHAI, GUANGDONG)
    private = encrypt_private_body(b"\x0a\x0513800", plain.routing_bytes, readers)
    spoken = build(pb.Routing.FromString(plain.routing_bytes), plain.body, private, plain.routing_bytes)
    other = encrypt_private_body(b"\x0a\x0513900", plain.routing_bytes, readers)
    outgoing = undelivered(federation, spoken)
    outgoing.entry.private_body = other
    federation.say(HQ, GUANGDONG, outgoing)
    assert federation.cuts[GUANGDONG, HQ] == reason.ROOT_MISMATCH
    assert federation.serving(GUANGDONG, leg_of(spoken)) is None
    # HQ has sealed what nobody takes: its own link to home stands until HQ's operators have put that right.
    _forget_what_was_held_back(federation, GUANGDONG)

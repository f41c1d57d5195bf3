"""What no row names, said to real nodes: an alarm, the message parked, the leg and everything else as before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from common.alarms.repository import alarms
from common.errors import QuanwangError
from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.ids import HQ, leg_id
from common.messaging.envelope import Envelope
from common.messaging.inbox import leg_of
from common.messaging.outbox import Outgoing
from common.requests.commands import CancelServiceRequest
from common.requests.model import AskedLeg, RequestAlreadyEnded
from common.requests.repository import ASKED_LEGS, REQUESTS, RequestRow, _leg_row
from common.state_table import UnnamedTransition
from hq_node.hub.model import HubLeg
from hq_node.hub.repository import HUB_LEGS, HubLegRow
from province_node.serving.commands import BeginOutsideEffect, FinishLeg, RefuseLeg
from province_node.serving.handlers import ReasonCodeUnfit
from province_node.serving.model import ServingLeg, ServingLegNotFound
from province_node.serving.repository import SERVING_LEGS, ServingLegRow
from tests.support.dishonest import answer, hub_entry, new_id, relayed, request
from tests.support.federation import GUANGDONG, SHANGHAI, ZHEJIANG, Federation, Plant, outgoing_of
from tests.support.stores import Databases

UNNAMED = UnnamedTransition.code
NOT_BOUND = "ANSWER_NOT_BOUND"
ENDS = ("completed", "rejected", "expired", "cancelled")
OUTCOMES = {
    "completed": pb.OUTCOME_COMPLETED,
    "rejected": pb.OUTCOME_REJECTED,
    "expired": pb.OUTCOME_EXPIRED,
    "cancelled": pb.OUTCOME_CANCELLED,
}


@pytest.fixture(scope="module")
def federation(lasting_databases: Databases) -> Iterator[Federation]:
    """One for all tests here: each has a leg of its own."""
    running = Federation(lasting_databases)
    running.connect()
    yield running
    running.assert_honest_traffic()
    running.close()


def asked_request() -> Envelope:
    """The request that a leg of a test began with."""
    return request(SHANGHAI, GUANGDONG)


def assert_parked(federation: Federation, node: str, spoken: Outgoing | Envelope, code: str, leg: bytes) -> None:
    """Said to `node` by its peer: parked and alarmed under `code`; no leg has changed, and nothing was answered."""
    peer = spoken.peer if isinstance(spoken, Outgoing) else HQ
    speaker = HQ if node != HQ else spoken.routing.source  # type: ignore[union-attr]
    before = seen(federation, node, leg)
    parked, raised = federation.parked(node), count(federation, node, code)
    federation.say(speaker, peer, spoken)
    assert sorted(federation.parked(node)) == sorted([*parked, code])
    assert count(federation, node, code) == raised + 1
    assert seen(federation, node, leg) == before
    assert federation.is_open(SHANGHAI if node == HQ else node)


def seen(federation: Federation, node: str, leg: bytes) -> tuple[Any, ...]:
    """The leg at a node, and how much the node has said."""
    said = [federation.link_row(node, peer).sealed_sequence for peer in federation.nodes if peer != node]
    return federation.asked(node, leg), federation.serving(node, leg) if node != HQ else federation.at_hub(leg), said


def count(federation: Federation, node: str, kind: str) -> int:
    statement = sa.select(sa.func.count()).select_from(alarms).where(alarms.c.kind == kind)
    return int(federation.cores[node].connection.execute(statement).scalar() or 0)


# At the hub (A1)


def plant_at_hub(federation: Federation, asked: Envelope, state: str, withdraw: str = "") -> bytes:
    leg = HubLeg(
        leg_of(asked),
        SHANGHAI,
        GUANGDONG,
        state,
        withdraw=withdraw,
        message_id=asked.routing.message_id,
        request_digest=asked.digest,
        admitted_at_us=1,
        forwarded_at_us=0 if state in ("none", "admitted") else 2,
        ended_at_us=3 if state in ENDS else 0,
    )
    row = HubLegRow(*(getattr(leg, name) for name in HubLegRow._fields))
    federation.execute(HQ, Plant(HUB_LEGS, (row,)))
    return leg.leg_id


def hub_event(event: str, asked: Envelope, by: str) -> Envelope:
    """An event of table A1, said by any province."""
    kind, _, outcome = event.partition(" ")
    if kind == "Request":
        return request(by, GUANGDONG, leg=leg_of(asked))
    if kind == "Cancel":
        return answer(pb.PHASE_CANCEL, asked, by, HQ, request_digest=asked.digest if outcome != "other" else b"o" * 32)
    if kind == "Interim":
        return answer(pb.PHASE_INTERIM, asked, by, SHANGHAI)
    return answer(pb.PHASE_FINAL, asked, by, SHANGHAI, outcome=OUTCOMES.get(outcome, pb.OUTCOME_UNSPECIFIED))


PARTIES = {"origin": SHANGHAI, "home": GUANGDONG, "stranger": ZHEJIANG}
ANSWERS = ("Interim", "Final none", "Final completed", "Final rejected", "Final expired", "Final cancelled")
EVENTS = ("Request", "Cancel same", "Cancel other", *ANSWERS)
HUB_NAMED = {
    ("admitted", "Cancel same", "origin"),
    *(("forwarded", event, "home") for event in ("Interim", "Final completed", "Final rejected")),
    ("forwarded", "Cancel same", "origin"),
    *((end, "Cancel same", "origin") for end in ENDS),
    *((end, "Interim", "home") for end in ENDS),
    *((end, f"Final {end}", "home") for end in ENDS),
}
HUB_UNNAMED = [
    (state, event, party)
    for state in ("admitted", "forwarded", *ENDS)
    for event in EVENTS
    for party in PARTIES
    # A Request by another than the origin is about a leg of its own (see attacks/test_claimed_requests.py).
    if (state, event, party) not in HUB_NAMED and (event == "Request") <= (party == "origin")
]


@pytest.mark.parametrize(("state", "event", "party"), HUB_UNNAMED)
def test_the_hub_parks_what_no_row_names(federation: Federation, state: str, event: str, party: str) -> None:
    asked = asked_request()
    leg = plant_at_hub(federation, asked, state)
    assert_parked(federation, HQ, hub_event(event, asked, PARTIES[party]), UNNAMED, leg)


@pytest.mark.parametrize("party", PARTIES)
@pytest.mark.parametrize("event", EVENTS[1:])
def test_the_hub_parks_what_is_said_of_a_leg_that_is_not(federation: Federation, event: str, party: str) -> None:
    asked = asked_request()
    assert_parked(federation, HQ, hub_event(event, asked, PARTIES[party]), UNNAMED, leg_of(asked))


@pytest.mark.parametrize(("withdraw", "said"), [("expired", "cancelled"), ("cancelled", "expired")])
def test_the_hub_parks_a_withdrawal_for_another_reason(federation: Federation, withdraw: str, said: str) -> None:
    asked = asked_request()
    leg = plant_at_hub(federation, asked, "forwarded", withdraw)
    assert_parked(federation, HQ, hub_event(f"Final {said}", asked, GUANGDONG), UNNAMED, leg)


@pytest.mark.parametrize("field", ["in_reply_to", "request_digest"])
def test_the_hub_parks_an_answer_to_another_request(federation: Federation, field: str) -> None:
    asked = asked_request()
    leg = plant_at_hub(federation, asked, "forwarded")
    size = 16 if field == "in_reply_to" else 32
    other = answer(pb.PHASE_FINAL, asked, GUANGDONG, SHANGHAI, outcome=pb.OUTCOME_COMPLETED, **{field: b"o" * size})
    assert_parked(federation, HQ, other, UNNAMED, leg)


def test_the_hub_parks_an_answer_that_is_addressed_to_another_node(federation: Federation) -> None:
    """The origin could not take it: the leg would be ended here and never there."""
    asked = asked_request()
    leg = plant_at_hub(federation, asked, "forwarded")
    other = answer(pb.PHASE_FINAL, asked, GUANGDONG, ZHEJIANG, outcome=pb.OUTCOME_COMPLETED)
    assert_parked(federation, HQ, other, UNNAMED, leg)


@pytest.mark.parametrize("phase", [pb.PHASE_UNSPECIFIED, pb.PHASE_CLAIM, pb.PHASE_NOTICE, 99])
def test_the_hub_parks_phases_that_it_does_not_know(federation: Federation, phase: int) -> None:
    asked = asked_request()
    leg = plant_at_hub(federation, asked, "forwarded")
    assert_parked(federation, HQ, answer(phase, asked, GUANGDONG, SHANGHAI), UNNAMED, leg)  # type: ignore[arg-type]


# At the origin (A2)


def plant_at_origin(federation: Federation, asked: Envelope, state: str) -> bytes:
    leg = AskedLeg.new(asked.routing.request_id, SHANGHAI, GUANGDONG)
    leg.state, leg.message_id, leg.request_digest = state, asked.routing.message_id, asked.digest
    leg.ended_at_us = 3 if state in ENDS else 0
    federation.execute(SHANGHAI, Plant(ASKED_LEGS, (_leg_row(leg),)))
    return leg.leg_id


def from_home(federation: Federation, asked: Envelope, outcome: str, source: str = GUANGDONG) -> Outgoing:
    final = answer(pb.PHASE_FINAL, asked, source, SHANGHAI, outcome=OUTCOMES.get(outcome, pb.OUTCOME_UNSPECIFIED))
    return relayed(federation, final)


def from_hub(federation: Federation, asked: Envelope, phase: pb.Phase, **fields: Any) -> Outgoing:
    return relayed_by_hub(federation, answer(phase, asked, HQ, SHANGHAI, **fields))


def relayed_by_hub(federation: Federation, envelope: Envelope) -> Outgoing:
    return outgoing_of(envelope.routing.destination, hub_entry(federation, envelope))


@pytest.mark.parametrize(("state", "said"), [(state, said) for state in ENDS for said in ENDS if state != said])
def test_the_origin_parks_a_second_end(federation: Federation, state: str, said: str) -> None:
    asked = asked_request()
    leg = plant_at_origin(federation, asked, state)
    assert_parked(federation, SHANGHAI, from_home(federation, asked, said), UNNAMED, leg)


@pytest.mark.parametrize("state", ["submitted", "overdue", *ENDS])
def test_the_origin_parks_a_final_without_an_outcome(federation: Federation, state: str) -> None:
    asked = asked_request()
    leg = plant_at_origin(federation, asked, state)
    assert_parked(federation, SHANGHAI, from_home(federation, asked, "none"), NOT_BOUND, leg)


@pytest.mark.parametrize("state", ["submitted", "overdue", *ENDS])
@pytest.mark.parametrize("outcome", ENDS)
def test_the_origin_parks_a_final_of_a_stranger(federation: Federation, state: str, outcome: str) -> None:
    asked = asked_request()
    leg = plant_at_origin(federation, asked, state)
    assert_parked(federation, SHANGHAI, from_home(federation, asked, outcome, ZHEJIANG), NOT_BOUND, leg)


@pytest.mark.parametrize("state", ["submitted", "overdue", *ENDS])
def test_the_origin_parks_a_completion_in_the_words_of_the_hub(federation: Federation, state: str) -> None:
    asked = asked_request()
    leg = plant_at_origin(federation, asked, state)
    invented = from_hub(federation, asked, pb.PHASE_FINAL, outcome=pb.OUTCOME_COMPLETED)
    assert_parked(federation, SHANGHAI, invented, NOT_BOUND, leg)


@pytest.mark.parametrize("phase", [pb.PHASE_INTERIM, pb.PHASE_FINAL])
def test_the_origin_parks_answers_to_what_it_never_asked(federation: Federation, phase: pb.Phase) -> None:
    asked = asked_request()
    never_asked = from_hub(federation, asked, phase, outcome=pb.OUTCOME_REJECTED)
    assert_parked(federation, SHANGHAI, never_asked, NOT_BOUND, leg_of(asked))


@pytest.mark.parametrize("phase", [pb.PHASE_UNSPECIFIED, pb.PHASE_CLAIM, pb.PHASE_NOTICE, 99])
def test_the_origin_parks_phases_that_it_does_not_know(federation: Federation, phase: int) -> None:
    asked = asked_request()
    leg = plant_at_origin(federation, asked, "submitted")
    spoken = from_hub(federation, asked, phase)  # type: ignore[arg-type]
    assert_parked(federation, SHANGHAI, spoken, "UNKNOWN_MESSAGE", leg)


@pytest.mark.parametrize("state", ENDS)
def test_the_origin_refuses_to_cancel_what_has_ended(federation: Federation, state: str) -> None:
    asked = asked_request()
    leg = plant_at_origin(federation, asked, state)
    row = RequestRow(leg[:16], "query-node-status", 1, "", 1, 60_000, "clerk", SHANGHAI, "counter", "NONE", None, b"")
    federation.execute(SHANGHAI, Plant(REQUESTS, (row,)))
    assert_refused(federation, SHANGHAI, CancelServiceRequest(leg[:16]), RequestAlreadyEnded, leg)


# At home (A3)


def plant_at_home(federation: Federation, asked: Envelope, state: str) -> bytes:
    leg = ServingLeg(
        leg_of(asked),
        SHANGHAI,
        state,
        message_id=asked.routing.message_id,
        request_digest=asked.digest,
        ended_at_us=3 if state in ENDS else 0,
    )
    row = ServingLegRow(*(getattr(leg, name) for name in ServingLegRow._fields))
    federation.execute(GUANGDONG, Plant(SERVING_LEGS, (row,)))
    return leg.leg_id


@pytest.mark.parametrize("state", ["working", "committing"])
def test_home_parks_another_request_for_a_leg_in_work(federation: Federation, state: str) -> None:
    asked = asked_request()
    leg = plant_at_home(federation, asked, state)
    before, parked = seen(federation, GUANGDONG, leg), len(federation.parked(GUANGDONG))
    # The hub of this test knows nothing of the leg, and so passes it on as it should.
    federation.say(SHANGHAI, HQ, request(SHANGHAI, GUANGDONG, leg=leg))
    assert seen(federation, GUANGDONG, leg) == before
    assert len(federation.parked(GUANGDONG)) == parked + 1
    assert UNNAMED in federation.alarms(GUANGDONG)


@pytest.mark.parametrize("state", ["none", "working", "committing", *ENDS])
@pytest.mark.parametrize("outcome", ["none", "completed", "rejected"])
def test_home_parks_a_withdraw_that_names_no_end_of_a_withdrawal(
    federation: Federation, state: str, outcome: str
) -> None:
    asked = asked_request()
    leg = plant_at_home(federation, asked, state) if state != "none" else leg_of(asked)
    value = OUTCOMES.get(outcome, pb.OUTCOME_UNSPECIFIED)
    withdraw = answer(pb.PHASE_CANCEL, asked, HQ, GUANGDONG, outcome=value, reply_to=SHANGHAI)
    assert_parked(federation, GUANGDONG, relayed_by_hub(federation, withdraw), UNNAMED, leg)


@pytest.mark.parametrize("state", ["none", "working", "committing", *ENDS])
@pytest.mark.parametrize("source", [SHANGHAI, ZHEJIANG])
def test_home_parks_a_withdraw_by_anyone_but_the_hub(federation: Federation, state: str, source: str) -> None:
    asked = asked_request()
    leg = plant_at_home(federation, asked, state) if state != "none" else leg_of(asked)
    withdraw = answer(pb.PHASE_CANCEL, asked, source, GUANGDONG, outcome=pb.OUTCOME_CANCELLED, reply_to=SHANGHAI)
    assert_parked(federation, GUANGDONG, relayed(federation, withdraw), "UNKNOWN_MESSAGE", leg)


@pytest.mark.parametrize("state", ["working", "committing", *ENDS])
def test_home_parks_a_withdraw_of_another_request_than_the_leg_has(federation: Federation, state: str) -> None:
    asked = asked_request()
    leg = plant_at_home(federation, asked, state)
    withdraw = answer(
        pb.PHASE_CANCEL, asked, HQ, GUANGDONG, outcome=pb.OUTCOME_EXPIRED, reply_to=SHANGHAI, request_digest=b"o" * 32
    )
    assert_parked(federation, GUANGDONG, relayed_by_hub(federation, withdraw), UNNAMED, leg)


def test_home_parks_what_is_about_the_leg_of_another_node(federation: Federation) -> None:
    asked = asked_request()
    leg = leg_id(new_id(), SHANGHAI, ZHEJIANG)
    withdraw = answer(pb.PHASE_CANCEL, asked, HQ, GUANGDONG, leg=leg, outcome=pb.OUTCOME_EXPIRED, reply_to=SHANGHAI)
    assert_parked(federation, GUANGDONG, relayed_by_hub(federation, withdraw), "LEG_OF_ANOTHER_NODE", leg)
    other = request(SHANGHAI, GUANGDONG, leg=leg)
    assert_parked(federation, GUANGDONG, relayed(federation, other), "LEG_OF_ANOTHER_NODE", leg)


WORK = {
    "begin": lambda leg: BeginOutsideEffect(leg),
    "finish": lambda leg: FinishLeg(leg, b""),
    "refuse": lambda leg: RefuseLeg(leg, "NO"),
}


@pytest.mark.parametrize(
    ("state", "command"), [("committing", "begin"), *((end, command) for end in ENDS for command in WORK)]
)
def test_home_refuses_work_that_no_row_names(federation: Federation, state: str, command: str) -> None:
    leg = plant_at_home(federation, asked_request(), state)
    assert_refused(federation, GUANGDONG, WORK[command](leg), UnnamedTransition, leg)


@pytest.mark.parametrize("command", WORK)
def test_home_refuses_work_on_a_leg_that_is_not(federation: Federation, command: str) -> None:
    leg = leg_of(asked_request())
    assert_refused(federation, GUANGDONG, WORK[command](leg), ServingLegNotFound, leg)


@pytest.mark.parametrize("reason_code", ["", "R" * 65, "because", "NOT\nTHIS"])
def test_home_gives_no_reason_that_would_be_refused_elsewhere(federation: Federation, reason_code: str) -> None:
    leg = plant_at_home(federation, asked_request(), "working")
    assert_refused(federation, GUANGDONG, RefuseLeg(leg, reason_code), ReasonCodeUnfit, leg)


def assert_refused(federation: Federation, node: str, command: Any, error: type[QuanwangError], leg: bytes) -> None:
    before = seen(federation, node, leg)
    with pytest.raises(error):
        federation.execute(node, command)
    assert seen(federation, node, leg) == before

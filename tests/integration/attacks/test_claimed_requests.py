"""A province uses another's request id: each origin has its own leg, and neither feels the other."""

from __future__ import annotations

import pytest

from common.gen.quanwang.subscriptions.v1 import subscriptions_pb2
from common.ids import HQ
from common.messaging.envelope import Envelope
from common.messaging.inbox import leg_of
from tests.support.dishonest import answer, pb, request
from tests.support.federation import GUANGDONG, SHANGHAI, ZHEJIANG, Federation

THIEF = ZHEJIANG
LOOT = "44-loot"


def claim(leg: bytes) -> Envelope:
    """The thief's request under the id of somebody else's, to the same home: about another subscription, so that its
    effect can be told from the honest one's."""
    body = subscriptions_pb2.SuspendSubscriptionRequest(subscription_id=LOOT).SerializeToString()
    return request(THIEF, GUANGDONG, leg=leg, body=body)


@pytest.fixture
def held_back(federation: Federation) -> bytes:
    """A leg from Shanghai to Guangdong whose request has not reached HQ yet."""
    federation.add_subscription(LOOT)
    federation.tamper = lambda sender, _to, frame: () if sender == SHANGHAI else (frame,)
    leg = federation.suspend()
    federation.run()
    assert federation.at_hub(leg) is None
    return leg


def let_through(federation: Federation, *provinces: str) -> None:
    federation.tamper = None
    federation.reconnect(*provinces)


def test_a_claimed_request_id_takes_no_leg_when_the_thief_comes_first(federation: Federation, held_back: bytes) -> None:
    stolen = claim(held_back)
    federation.say(THIEF, HQ, stolen)
    let_through(federation, SHANGHAI)
    assert federation.asked(SHANGHAI, held_back).state == "completed"
    assert federation.at_hub(held_back).origin == SHANGHAI
    assert (federation.subscription_status(), federation.subscription_status(LOOT)) == ("suspended", "suspended")
    assert federation.at_hub(leg_of(stolen)).origin == THIEF
    assert federation.serving(GUANGDONG, leg_of(stolen)).source == THIEF
    assert federation.parked(HQ) == federation.parked(GUANGDONG) == federation.parked(SHANGHAI) == []


def test_a_claimed_request_id_changes_no_leg_when_the_thief_comes_later(federation: Federation) -> None:
    federation.add_subscription(LOOT)
    leg = federation.suspend()
    federation.run()
    before = federation.asked(SHANGHAI, leg), federation.at_hub(leg), federation.serving(GUANGDONG, leg)
    assert before[0].state == "completed"
    stolen = claim(leg)
    federation.say(THIEF, HQ, stolen)
    assert (federation.asked(SHANGHAI, leg), federation.at_hub(leg), federation.serving(GUANGDONG, leg)) == before
    assert federation.at_hub(leg_of(stolen)).state == "completed"
    assert federation.parked(HQ) == federation.parked(GUANGDONG) == federation.parked(SHANGHAI) == []


def test_each_cancels_its_own_leg_alone_when_two_use_one_request_id(federation: Federation) -> None:
    federation.add_subscription(LOOT)
    federation.tamper = lambda _from, to, frame: () if to == GUANGDONG else (frame,)
    leg = federation.suspend()
    federation.run()
    stolen = claim(leg)
    federation.say(THIEF, HQ, stolen)
    federation.say(THIEF, HQ, answer(pb.PHASE_CANCEL, stolen, THIEF, HQ))
    assert (federation.at_hub(leg).withdraw, federation.at_hub(leg_of(stolen)).withdraw) == ("", "cancelled")
    let_through(federation, GUANGDONG)
    assert federation.asked(SHANGHAI, leg).state == "completed"
    # The Withdraw overtook nothing: home had carried out the thief's request when it came.
    assert federation.at_hub(leg_of(stolen)).state == federation.serving(GUANGDONG, leg_of(stolen)).state == "completed"
    assert federation.parked(HQ) == federation.parked(GUANGDONG) == []


def test_home_ends_no_leg_of_another_origin_when_a_claimed_one_is_withdrawn(
    federation: Federation, held_back: bytes
) -> None:
    """The Withdraw of the thief's leg comes to home before any request under that id."""
    stolen = claim(held_back)
    withdraw = answer(pb.PHASE_CANCEL, stolen, HQ, GUANGDONG, outcome=pb.OUTCOME_CANCELLED, reply_to=THIEF)
    federation.say(HQ, GUANGDONG, withdraw)
    assert federation.serving(GUANGDONG, leg_of(stolen)).state == "cancelled"
    let_through(federation, SHANGHAI)
    assert federation.serving(GUANGDONG, held_back).state == federation.asked(SHANGHAI, held_back).state == "completed"
    assert federation.parked(GUANGDONG) == []

"""What a leg says of its own end at the hub."""

from __future__ import annotations

from hq_node.hub.model import Facts, HubLeg


def admitted_leg() -> HubLeg:
    leg = HubLeg(bytes(16) + b"3144", origin="31", home="44", request_digest=bytes(32))
    leg.take_request(Facts(request_digest=bytes(32)), 1)
    return leg


def test_a_leg_that_the_hub_expires_says_so_as_its_reason() -> None:
    leg = admitted_leg()
    leg.pass_time_limit(2)
    assert (leg.state, leg.reason_code, leg.ended_at_us) == ("expired", "EXPIRED", 2)


def test_a_leg_that_is_cancelled_before_it_is_forwarded_says_so_as_its_reason() -> None:
    leg = admitted_leg()
    leg.take_cancel(Facts(outcome="cancelled", request_digest=bytes(32)), 2)
    assert (leg.state, leg.reason_code, leg.ended_at_us) == ("cancelled", "CANCELLED", 2)


def test_a_leg_that_is_not_admitted_keeps_the_reason_of_its_refusal() -> None:
    leg = HubLeg(bytes(16) + b"3144", origin="31", home="44")
    leg.take_request(Facts(refusal="DESTINATION_UNKNOWN"), 1)
    assert (leg.state, leg.reason_code) == ("rejected", "DESTINATION_UNKNOWN")

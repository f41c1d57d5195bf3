"""Which leg a message is about."""

from __future__ import annotations

import pytest

from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.ids import HQ, format_leg, leg_id, split_leg_id
from common.messaging.envelope import Envelope, MalformedEnvelope, build, parse
from common.messaging.inbox import leg_of

REQUEST_ID = bytes.fromhex("01a3185c500070008000000000000002")
LEG = leg_id(REQUEST_ID, "31", "44")


def said(phase: pb.Phase, source: str, destination: str, reply_to: str = "") -> Envelope:
    return build(
        pb.Routing(
            message_id=bytes(16),
            source=source,
            destination=destination,
            leg_destination="44",
            request_id=REQUEST_ID,
            phase=phase,
            reply_to=reply_to,
        )
    )


@pytest.mark.parametrize(
    "envelope",
    [
        said(pb.PHASE_REQUEST, "31", "44"),
        said(pb.PHASE_INTERIM, "44", "31"),
        said(pb.PHASE_INTERIM, HQ, "31"),
        said(pb.PHASE_FINAL, "44", "31"),
        said(pb.PHASE_FINAL, HQ, "31"),
        said(pb.PHASE_CANCEL, "31", HQ),
        said(pb.PHASE_CANCEL, HQ, "44", reply_to="31"),
    ],
)
def test_everything_said_of_a_leg_is_about_it_when_its_origin_is_the_same(envelope: Envelope) -> None:
    assert leg_of(envelope) == LEG


@pytest.mark.parametrize(
    "envelope",
    [
        said(pb.PHASE_REQUEST, "33", "44"),
        said(pb.PHASE_REQUEST, "33", "44", reply_to="31"),
        said(pb.PHASE_FINAL, "44", "33"),
        said(pb.PHASE_CANCEL, "33", HQ),
        said(pb.PHASE_CANCEL, "33", HQ, reply_to="31"),
        said(pb.PHASE_CANCEL, "33", "44", reply_to="31"),
        said(pb.PHASE_CANCEL, HQ, "44", reply_to="33"),
        said(pb.PHASE_NOTICE, "33", HQ, reply_to="31"),
    ],
)
def test_nobody_speaks_of_anothers_leg_when_the_request_id_is_the_same(envelope: Envelope) -> None:
    assert leg_of(envelope) == leg_id(REQUEST_ID, "33", "44")


def test_a_request_of_headquarters_has_a_leg_of_its_own() -> None:
    for envelope in (
        said(pb.PHASE_REQUEST, HQ, "44"),
        said(pb.PHASE_CANCEL, HQ, HQ),
        said(pb.PHASE_FINAL, "44", HQ),
        said(pb.PHASE_CANCEL, HQ, "44", reply_to=HQ),
    ):
        assert leg_of(envelope) == leg_id(REQUEST_ID, HQ, "44")


def test_a_leg_is_written_with_its_origin_and_destination() -> None:
    assert split_leg_id(LEG) == (REQUEST_ID, "31", "44")
    assert format_leg(LEG) == "01a3185c-5000-7000-8000-000000000002/31/44"


@pytest.mark.parametrize("reply_to", ["", "3", "311", "GD", "٣١"])
def test_a_withdrawal_is_malformed_when_it_does_not_say_for_whom_it_is(reply_to: str) -> None:
    withdraw = said(pb.PHASE_CANCEL, HQ, "44", reply_to)
    with pytest.raises(MalformedEnvelope, match="reply_to"):
        parse(withdraw.header, withdraw.body, b"")

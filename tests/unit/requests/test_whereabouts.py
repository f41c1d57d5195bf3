"""Where the asking node says that an open leg is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from common.ids import HQ
from common.requests.commands import CancelServiceRequest
from common.requests.queries import legs_not_cancelled_yet, show_request
from tests.support.federation import GUANGDONG, SHANGHAI, Federation
from tests.support.stores import Databases


@pytest.fixture
def federation(databases: Databases) -> Iterator[Federation]:
    running = Federation(databases)
    yield running
    running.close()


def whereabouts(federation: Federation, leg: bytes) -> Any:
    core = federation.cores[SHANGHAI]
    (shown,) = show_request(core.connection, core.context, leg[:16])["legs"]
    return shown["whereabouts"]


def test_a_leg_waits_in_the_outbox_while_there_is_no_link_and_its_cancellation_behind_it(
    federation: Federation,
) -> None:
    leg = federation.suspend()
    found = whereabouts(federation, leg)
    assert (found["at"], found["since_us"]) == ("outbox", federation.clock.at_us)
    assert not found["cancel_waits"]
    federation.execute(SHANGHAI, CancelServiceRequest(leg[:16]))
    assert whereabouts(federation, leg)["cancel_waits"]
    assert legs_not_cancelled_yet(federation.cores[SHANGHAI].connection, leg[:16]) == [GUANGDONG]


def test_a_leg_is_on_its_way_until_hq_has_confirmed_it(federation: Federation) -> None:
    federation.connect()
    federation.tamper = lambda _from, to, frame: () if to == HQ else (frame,)
    leg = federation.suspend()
    federation.run()
    assert whereabouts(federation, leg)["at"] == "sent"
    assert legs_not_cancelled_yet(federation.cores[SHANGHAI].connection, leg[:16]) == []


def test_a_leg_is_at_hq_when_the_province_does_not_answer_and_tells_when_its_time_is_over(
    federation: Federation,
) -> None:
    federation.connect()
    federation.tamper = lambda _from, to, frame: () if to == GUANGDONG else (frame,)
    leg = federation.suspend()
    federation.run()
    federation.clock.at_us += 1_000_000
    federation.group(HQ)  # A stamp that found no seal to ride on gets one.
    federation.run()
    found = whereabouts(federation, leg)
    assert found["at"] in ("hub", "home")
    assert found["expires_at_us"] == federation.at_hub(leg).expires_at_us


def test_a_leg_that_has_ended_is_nowhere(federation: Federation) -> None:
    federation.connect()
    leg = federation.suspend()
    federation.run()
    assert whereabouts(federation, leg) is None

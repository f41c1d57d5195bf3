"""What HQ's trace tells of a leg."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from common.ids import HQ
from common.requests.commands import CancelServiceRequest
from common.trace import Step
from hq_node.hub.commands import PassTimeLimits
from hq_node.hub.queries import relayed_steps
from tests.support.federation import GUANGDONG, SHANGHAI, Federation
from tests.support.stores import Databases

LATER_US = 7_000_000


@pytest.fixture
def federation(databases: Databases) -> Iterator[Federation]:
    running = Federation(databases)
    running.connect()
    yield running
    running.close()


@pytest.fixture
def forwarded(federation: Federation) -> bytes:
    """A leg that home does not answer: nothing reaches it."""
    federation.tamper = lambda _from, to, frame: () if to == GUANGDONG else (frame,)
    leg = federation.suspend()
    federation.run()
    return leg


def steps_at_hub(federation: Federation, leg: bytes) -> list[Step]:
    found = relayed_steps(federation.cores[HQ].connection, leg[:16])
    assert found is not None
    return [step for step in found[1] if step.at_us]


def cancel(federation: Federation, leg: bytes) -> int:
    """Shanghai cancels, some time later; when that is."""
    federation.clock.at_us += LATER_US
    federation.execute(SHANGHAI, CancelServiceRequest(leg[:16]))
    federation.run()
    return federation.clock.at_us


def test_the_trace_tells_when_a_cancellation_came_when_the_request_had_been_forwarded(
    federation: Federation, forwarded: bytes
) -> None:
    at_us = cancel(federation, forwarded)
    steps = steps_at_hub(federation, forwarded)
    assert [(step.step, step.facts) for step in steps][1:] == [("forwarded", {}), ("withdrawn", {"cause": "cancelled"})]
    assert steps[-1].at_us == at_us


def test_the_time_of_the_cancellation_stays_when_the_time_limit_passes_after_it(
    federation: Federation, forwarded: bytes
) -> None:
    at_us = cancel(federation, forwarded)
    federation.clock.at_us = federation.at_hub(forwarded).expires_at_us + LATER_US
    federation.execute(HQ, PassTimeLimits())
    steps = steps_at_hub(federation, forwarded)
    assert [(step.step, step.at_us) for step in steps][2:] == [
        ("withdrawn", at_us),
        ("overdue", federation.at_hub(forwarded).expires_at_us),
    ]


def test_the_trace_tells_when_home_was_asked_to_give_up_when_the_time_limit_was_noticed_late(
    federation: Federation, forwarded: bytes
) -> None:
    expires_at_us = federation.at_hub(forwarded).expires_at_us
    federation.clock.at_us = expires_at_us + LATER_US
    federation.execute(HQ, PassTimeLimits())
    assert [(step.step, step.at_us, step.facts) for step in steps_at_hub(federation, forwarded)][2:] == [
        ("overdue", expires_at_us, {}),
        ("withdrawn", expires_at_us + LATER_US, {"cause": "expired"}),
    ]

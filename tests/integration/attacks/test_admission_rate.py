"""A province asks for more than its share of the hub."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from common.ids import HQ
from common.requests.queries import show_request
from hq_node.hub.admission_rate import AdmissionRate
from tests.support.federation import SHANGHAI, ZHEJIANG, Federation
from tests.support.stores import Databases

CODE = "ADMISSION_RATE_EXCEEDED"
SECOND_US = 1_000_000


def rated(databases: Databases, rate: AdmissionRate) -> Federation:
    """A federation whose hub has this limit."""
    federation = Federation(databases)
    federation.cores[HQ].close()
    federation.hub_rate = rate
    federation.cores[HQ] = federation.build_core(HQ)
    federation.connect()
    return federation


@pytest.fixture
def federation(databases: Databases) -> Iterator[Federation]:
    """A hub that admits one request of a province in a second, and three at once."""
    running = rated(databases, AdmissionRate(a_second=1, burst=3))
    yield running
    running.close()


def ask(federation: Federation, origin: str, times: int = 1) -> list[Any]:
    """Requests, one after the other; how each ended at its origin."""
    legs = []
    for _ in range(times):
        legs.append(federation.suspend(origin, subscription="44-none"))
        federation.run()
    return [federation.asked(origin, leg) for leg in legs]


def reasons(legs: list[Any]) -> list[str]:
    return [leg.reason_code for leg in legs]


ADMITTED = "SUBSCRIPTION_NOT_FOUND"


def test_a_province_beyond_its_rate_is_refused_and_no_other(federation: Federation) -> None:
    assert reasons(ask(federation, SHANGHAI, 5)) == [ADMITTED] * 3 + [CODE] * 2
    assert reasons(ask(federation, ZHEJIANG)) == [ADMITTED]
    assert federation.parked(HQ) == []


def test_a_refusal_says_when_to_ask_again_and_keeps_its_word(federation: Federation) -> None:
    *_, refused = ask(federation, SHANGHAI, 4)
    core = federation.cores[SHANGHAI]
    (shown,) = show_request(core.connection, core.context, refused.request_id)["legs"]
    assert (shown["reason_code"], shown["retry_after_ms"]) == (CODE, 1_000)
    federation.clock.at_us += SECOND_US - 1_000
    assert reasons(ask(federation, SHANGHAI)) == [CODE]
    federation.clock.at_us += 1_000
    assert reasons(ask(federation, SHANGHAI, 2)) == [ADMITTED, CODE]


def test_what_was_used_up_stays_so_when_the_hub_starts_again(federation: Federation) -> None:
    ask(federation, SHANGHAI, 3)
    federation.cores[HQ].close()
    federation.cores[HQ] = federation.build_core(HQ)
    federation.connect()
    assert reasons(ask(federation, SHANGHAI)) == [CODE]


def test_nobody_is_locked_out_when_the_hubs_clock_is_set_back(federation: Federation) -> None:
    ask(federation, SHANGHAI, 3)
    federation.clock.at_us -= 3_600 * SECOND_US
    assert reasons(ask(federation, SHANGHAI)) == [CODE]
    federation.clock.at_us += SECOND_US
    assert reasons(ask(federation, SHANGHAI)) == [ADMITTED]


def test_all_is_admitted_when_there_is_no_limit(databases: Databases) -> None:
    running = rated(databases, AdmissionRate(a_second=0, burst=1))
    assert reasons(ask(running, SHANGHAI, 5)) == [ADMITTED] * 5
    running.close()

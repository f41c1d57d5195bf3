"""Lists of the legs that HQ relays and that a province carries out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from common.ids import HQ, format_id
from common.requests import leg_pages
from common.requests.leg_pages import MalformedLeg, Wanted
from common.requests.model import UnknownState
from hq_node.hub.queries import list_relayed_legs
from province_node.serving.queries import list_served_legs
from tests.support.federation import GUANGDONG, SHANGHAI, ZHEJIANG, Federation
from tests.support.stores import Databases


@pytest.fixture
def federation(databases: Databases) -> Iterator[Federation]:
    running = Federation(databases)
    running.connect()
    yield running
    running.close()


def at_hub(federation: Federation, state: str = "", limit: int = 50, before: str = "", **columns: str) -> Any:
    core = federation.cores[HQ]
    return list_relayed_legs(core.connection, core.context.kinds, Wanted(columns, state, limit, before))


def served(federation: Federation, state: str = "", **columns: str) -> Any:
    core = federation.cores[GUANGDONG]
    return list_served_legs(core.connection, core.context.kinds, Wanted(columns, state))["items"]


def homes(page: Any) -> list[tuple[str, str]]:
    return [(leg["request_id"], leg["home"]) for leg in page["items"]]


def test_hq_finds_the_request_that_waits_for_a_province_that_is_away(federation: Federation) -> None:
    federation.suspend()
    federation.run()
    federation.tamper = lambda _from, to, frame: () if to == ZHEJIANG else (frame,)
    waiting = federation.suspend(home=ZHEJIANG)
    federation.run()
    assert homes(at_hub(federation, "open")) == [(format_id(waiting[:16]), ZHEJIANG)]
    assert len(at_hub(federation)["items"]) == 2
    assert homes(at_hub(federation, origin=SHANGHAI, home=ZHEJIANG)) == homes(at_hub(federation, "open"))
    (ended,) = at_hub(federation, "completed")["items"]
    assert (ended["kind"], ended["origin"], ended["home"]) == ("suspend-subscription", SHANGHAI, GUANGDONG)


def test_a_province_finds_what_it_refused_and_for_whom(federation: Federation) -> None:
    federation.suspend()
    federation.suspend(origin=ZHEJIANG, subscription="none")
    federation.run()
    (refused,) = served(federation, "rejected")
    assert (refused["origin"], refused["reason_code"]) == (ZHEJIANG, "SUBSCRIPTION_NOT_FOUND")
    assert [leg["state"] for leg in served(federation, source=SHANGHAI)] == ["completed"]


def test_pages_follow_each_other_newest_first_and_end(federation: Federation) -> None:
    asked = []
    for _ in range(3):
        federation.clock.at_us += 10_000
        asked.append(format_id(federation.suspend()[:16]))
        federation.run()
    first = at_hub(federation, limit=2)
    second = at_hub(federation, limit=2, before=first["next"])
    assert [leg for leg, _ in homes(first) + homes(second)] == asked[::-1]
    assert second["next"] is None


def test_a_page_ends_where_enough_was_looked_at_and_goes_on_there(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leg_pages, "LEGS_SCANNED_MAX", 1)
    old = federation.suspend()
    federation.clock.at_us += 10_000
    federation.suspend(subscription="none")
    federation.run()
    first = at_hub(federation, "completed")
    assert first["items"] == []
    assert homes(at_hub(federation, "completed", before=first["next"])) == [(format_id(old[:16]), GUANGDONG)]


def test_what_is_no_state_and_no_leg_is_refused(federation: Federation) -> None:
    with pytest.raises(UnknownState, match="forwarded"):
        at_hub(federation, "working")
    for written in ("x", "0192f0c4-7b1e-7c3a-9d55-2f6f3c1a8b90", "0192f0c4-7b1e-7c3a-9d55-2f6f3c1a8b90/1/44"):
        with pytest.raises(MalformedLeg):
            at_hub(federation, before=written)

"""Parameters for the whole network from outside, over HTTP: published at headquarters, seen at a province."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from common.audit.entry import DONE
from common.event_hub.parameters import DEAD_LETTER_DAYS, PRIVATE_CALLBACKS
from common.ids import HQ
from common.parameters.configuration_api import BASE
from common.personal_data.parameters import REVEALS_AN_HOUR_MAX
from hq_node.publications.commands import DeliverPublications
from tests.support.access import AccessNode
from tests.support.federation import PROVINCES
from tests.support.stores import Databases

DAYS, PRIVATE = DEAD_LETTER_DAYS.name, PRIVATE_CALLBACKS.name
PUBLISHED, HISTORY = f"{BASE}/networkParameter", f"{BASE}/networkParameterVersion"


@pytest.fixture
def hq(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccessNode]:
    made = AccessNode(databases, tmp_path_factory.mktemp("hq"), HQ)
    made.federation.connect()
    yield made
    made.close()


@pytest.fixture
def province(hq: AccessNode, databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccessNode]:
    made = AccessNode(databases, tmp_path_factory.mktemp("province"), federation=hq.federation)
    yield made
    made.node.sign_in.passwords.close()
    made.node.reads.close()


def deliver(hq: AccessNode) -> None:
    """What the timer does, and what becomes of it."""
    hq.federation.execute(HQ, DeliverPublications())
    hq.federation.run()
    hq.federation.execute(HQ, DeliverPublications())


async def publish(client: httpx.AsyncClient, name: str, **wish: Any) -> httpx.Response:
    address = f"{PUBLISHED}/{name}"
    match = {"If-Match": (await client.get(address)).headers["etag"]}
    return await client.patch(address, json={"reason": "directive 9", **wish}, headers=match)


async def test_what_is_published_reaches_provinces_with_its_bounds_and_cuts_their_values(
    hq: AccessNode, province: AccessNode
) -> None:
    an, bo = await hq.signed_in("an", "administrator", HQ), await province.signed_in("bo", "administrator")
    own = f"{BASE}/parameter/{DAYS}"
    match = {"If-Match": (await bo.get(own)).headers["etag"]}
    assert (await bo.patch(own, json={"value": 200, "reason": "ours"}, headers=match)).status_code == 200
    before = await an.get(f"{PUBLISHED}/{DAYS}", headers={"Accept-Language": "zh"})
    assert (before.json()["description"], before.json()["fixed"]) == (DEAD_LETTER_DAYS.zh, False)
    assert "value" not in before.json()
    done = await publish(an, DAYS, value=60, most=90)
    assert done.status_code == 200, done.text
    shown = done.json()
    assert (shown["value"], shown["most"], shown["setBy"], shown["reason"]) == (60, 90, "an", "directive 9")
    assert (await publish(an, PRIVATE, value=True, fixed=True)).json()["fixed"] is True
    assert (await publish(an, REVEALS_AN_HOUR_MAX.name, value=10)).json()["value"] == 10
    waiting = (await an.get(f"{BASE}/parameterDelivery")).json()
    assert (waiting["version"], {each["state"] for each in waiting["province"]}) == (3, {"waiting"})
    deliver(hq)
    held = (await an.get(f"{BASE}/parameterDelivery")).json()
    assert [(each["id"], each["state"], each["heldVersion"]) for each in held["province"]] == [
        (each, "current", 3) for each in sorted(PROVINCES)
    ]
    days = (await bo.get(own)).json()
    assert (days["value"], days["source"], days["cutFrom"]) == (90, "network", 200)
    assert days["network"] == {"value": 60, "most": 90, "fixed": False}
    private = await bo.get(f"{BASE}/parameter/{PRIVATE}")
    assert (private.json()["value"], private.json()["network"]) == (True, {"value": True, "fixed": True})
    wish, match = {"value": False, "reason": "x"}, {"If-Match": private.headers["etag"]}
    refused = await bo.patch(f"{BASE}/parameter/{PRIVATE}", json=wish, headers=match)
    assert (refused.status_code, refused.json()["code"]) == (409, "PARAMETER_FIXED")
    told = (await bo.get(HISTORY, params={"parameter": DAYS})).json()
    assert [(each["value"], each["most"], each["fixed"], each["setBy"]) for each in told] == [(60, 90, False, "an")]
    assert (await bo.delete(f"{HISTORY}/{DAYS}:1")).status_code == 405
    assert (await bo.get(PUBLISHED)).status_code == 404


async def test_what_waits_is_withdrawn_and_what_counts_is_taken_back_by_saying_nothing(hq: AccessNode) -> None:
    an = await hq.signed_in("an", "administrator", HQ)
    stale = {"If-Match": (await an.get(f"{PUBLISHED}/{DAYS}")).headers["etag"]}
    await publish(an, DAYS, value=60)
    late = await an.patch(f"{PUBLISHED}/{DAYS}", json={"value": 61, "reason": "x"}, headers=stale)
    assert (late.status_code, late.json()["code"]) == (412, "ETAG_DIFFERS")
    later = await publish(an, DAYS, value=70, effectiveDate="2099-01-01T00:00:00Z")
    (waits,) = later.json()["scheduled"]
    assert (later.json()["value"], waits["id"], waits["value"]) == (60, f"{DAYS}:2", 70)
    why = {"Reason": "revoked"}
    assert (await an.delete(f"{HISTORY}/{DAYS}:1", headers=why)).json()["code"] == "PARAMETER_IN_FORCE"
    assert (await an.delete(f"{HISTORY}/{DAYS}:2", headers=why)).status_code == 204
    assert (await an.get(f"{PUBLISHED}/{DAYS}")).json()["scheduled"] == []
    ended = await publish(an, DAYS, value=None)
    assert (ended.status_code, "value" in ended.json()) == (200, False)
    told = (await an.get(HISTORY, params={"parameter": DAYS, "sort": "version"})).json()
    assert [each.get("value") for each in told] == [60, 70, None]
    done = [each for each in hq.log(resource="parameter", action="publish") if each["outcome"] == DONE]
    assert [(each["record"], each["reason"]) for each in done] == [
        (DAYS, reason) for reason in ("directive 9", "directive 9", "revoked", "directive 9")
    ]
    assert (await publish(an, DAYS, value=60, least=61)).json()["code"] == "NETWORK_BOUNDS_UNFIT"


async def test_every_parameter_of_every_node_can_be_published(hq: AccessNode) -> None:
    an = await hq.signed_in("an", "administrator", HQ)
    listed = {each["id"] for each in (await an.get(PUBLISHED)).json()}
    assert listed >= {*hq.core.context.parameters.declared, REVEALS_AN_HOUR_MAX.name}

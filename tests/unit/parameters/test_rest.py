"""Parameters from outside, over HTTP: seen in the caller's language, set, scheduled, withdrawn, and their history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from common.approvals.parameters import MACHINE_OWNER_ASKS
from common.audit.entry import DONE
from common.event_hub.parameters import DEAD_LETTER_DAYS
from common.parameters.configuration_api import BASE
from common.parameters.repository import parameter_versions
from tests.support.access import AccessNode
from tests.support.stores import Databases

DAYS = DEAD_LETTER_DAYS.name
PARAMETERS, HISTORY = f"{BASE}/parameter", f"{BASE}/parameterVersion"


@pytest.fixture(scope="module")
def running(lasting_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccessNode]:
    made = AccessNode(lasting_databases, tmp_path_factory.mktemp("node"))
    made.plant_organisations()
    yield made
    made.close()


@pytest.fixture
def node(running: AccessNode) -> AccessNode:
    running.empty()
    connection = running.core.connection
    connection.execute(parameter_versions.delete())
    connection.commit()
    running.core.dispatcher.load()
    connection.rollback()
    return running


def moment(node: AccessNode, minutes: int) -> str:
    """So many minutes from the node's now."""
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=node.clock.now_us())
    return (at + timedelta(minutes=minutes)).isoformat()


async def test_each_parameter_is_listed_with_what_it_is_may_be_and_counts_for_why(node: AccessNode) -> None:
    an = await node.signed_in("an", "administrator")
    listed = await an.get(PARAMETERS, headers={"Accept-Language": "zh-CN"})
    assert listed.status_code == 200, listed.text
    known = node.core.context.parameters.declared
    assert [each["id"] for each in listed.json()] == sorted(known)
    assert listed.headers["x-total-count"] == str(len(known))
    (days,) = [each for each in listed.json() if each["id"] == DAYS]
    assert days == {
        "id": DAYS,
        "href": f"{PARAMETERS}/{DAYS}",
        "description": DEAD_LETTER_DAYS.zh,
        "valueType": {"type": "whole", "least": 1, "most": 365, "unit": "d"},
        "value": DEAD_LETTER_DAYS.default,
        "default": DEAD_LETTER_DAYS.default,
        "source": "default",
        "scheduled": [],
        "scheduledByNetwork": [],
        "@type": "Parameter",
    }
    one = await an.get(f"{PARAMETERS}/{DAYS}", headers={"Accept-Language": "en"})
    assert one.json() == {**days, "description": DEAD_LETTER_DAYS.en}
    again = await an.get(f"{PARAMETERS}/{DAYS}", headers={"If-None-Match": one.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await an.get(f"{PARAMETERS}/no.such")).status_code == 404
    unknown = await an.get(PARAMETERS, params={"sort": "id"})
    assert (unknown.status_code, unknown.json()["code"]) == (400, "UNKNOWN_PARAMETER")


async def test_a_value_is_set_by_whoever_saw_the_last_one_and_stands_in_history_and_audit_log(
    node: AccessNode,
) -> None:
    an = await node.signed_in("an", "administrator")
    address, wish = f"{PARAMETERS}/{DAYS}", {"value": 60, "reason": "ticket 4711"}
    blind = await an.patch(address, json=wish)
    assert (blind.status_code, blind.json()["code"]) == (428, "PRECONDITION_MISSING")
    match = {"If-Match": (await an.get(address)).headers["etag"]}
    done = await an.patch(address, json=wish, headers=match)
    assert done.status_code == 200, done.text
    shown = done.json()
    assert (shown["value"], shown["default"], shown["source"]) == (60, DEAD_LETTER_DAYS.default, "local")
    assert shown["effectiveDate"]
    fresh = await an.get(address)
    assert (fresh.json(), fresh.headers["etag"]) == (shown, done.headers["etag"])
    assert node.core.context.parameters.value(DEAD_LETTER_DAYS, node.clock.now_us()) == 60
    late = await an.patch(address, json={"value": 70, "reason": "again"}, headers=match)
    assert (late.status_code, late.json()["code"]) == (412, "ETAG_DIFFERS")
    reset = await an.patch(address, json={"value": None, "reason": "back"}, headers={"If-Match": fresh.headers["etag"]})
    assert (reset.json()["value"], reset.json()["source"]) == (DEAD_LETTER_DAYS.default, "default")
    history = await an.get(HISTORY, params={"parameter": DAYS, "sort": "version"})
    first, second = history.json()
    assert (first["id"], first["value"], first["setBy"], first["reason"]) == (f"{DAYS}:1", 60, "an", "ticket 4711")
    assert "value" not in second
    (entry, _) = [each for each in node.log(resource="parameter", action="set") if each["outcome"] == DONE]
    assert (entry["record"], entry["actor"], entry["reason"]) == (DAYS, "an", "ticket 4711")


async def test_a_value_of_a_later_day_is_scheduled_and_withdrawn_with_a_reason(node: AccessNode) -> None:
    an = await node.signed_in("an", "administrator")
    address = f"{PARAMETERS}/{DAYS}"
    match = {"If-Match": (await an.get(address)).headers["etag"]}
    header = {**match, "Reason": quote("下月起")}
    later = moment(node, 5)
    scheduled = await an.patch(address, json={"value": 90, "effectiveDate": later}, headers=header)
    assert scheduled.status_code == 200, scheduled.text
    shown = scheduled.json()
    assert shown["value"] == DEAD_LETTER_DAYS.default
    (waits,) = shown["scheduled"]
    assert (waits["id"], waits["value"], waits["setBy"], waits["reason"]) == (f"{DAYS}:1", 90, "an", "下月起")
    version = f"{HISTORY}/{waits['id']}"
    bare = await an.delete(version)
    assert (bare.status_code, bare.json()["code"]) == (409, "PARAMETER_REASON_MISSING")
    gone = await an.delete(version, headers={"Reason": "not needed"})
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await an.get(address)).json()["scheduled"] == []
    assert (await an.get(version)).json()["withdrawalDate"]
    for missing in ("no.such:1", f"{DAYS}:9", f"{DAYS}:", f"{DAYS}:{'9' * 30}", DAYS):
        refused = await an.delete(f"{HISTORY}/{missing}", headers={"Reason": "x"})
        assert (refused.status_code, refused.json()["code"]) == (404, "RESOURCE_NOT_FOUND"), missing
    node.clock.at_us += 6 * 60_000_000
    assert (await an.get(address)).json()["value"] == DEAD_LETTER_DAYS.default


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"value": 0, "reason": "x"}, (409, "PARAMETER_VALUE_UNFIT")),
        ({"value": 60.5, "reason": "x"}, (422, "BODY_UNFIT")),
        ({"value": 60}, (409, "PARAMETER_REASON_MISSING")),
        ({"reason": "x"}, (422, "BODY_UNFIT")),
        ({"value": 60, "reason": "x", "version": 7}, (422, "BODY_UNFIT")),
        ({"value": 60, "reason": "x", "effectiveDate": "tomorrow"}, (422, "BODY_UNFIT")),
    ],
)
async def test_what_does_not_fit_is_refused(node: AccessNode, wish: dict[str, Any], code: tuple[int, str]) -> None:
    an = await node.signed_in("an", "administrator")
    address = f"{PARAMETERS}/{DAYS}"
    match = {"If-Match": (await an.get(address)).headers["etag"]}
    refused = await an.patch(address, json=wish, headers=match)
    assert (refused.status_code, refused.json()["code"]) == code, refused.text
    assert (await an.get(HISTORY)).json() == []


async def test_a_switch_of_approvals_waits_for_a_second_person(node: AccessNode) -> None:
    an, bo = await node.signed_in("an", "administrator"), await node.signed_in("bo", "administrator")
    address = f"{PARAMETERS}/{MACHINE_OWNER_ASKS.name}"
    before = await an.get(address)
    wish = {"value": not before.json()["value"], "reason": "x"}
    asked = await an.patch(address, json=wish, headers={"If-Match": before.headers["etag"]})
    assert asked.status_code == 202, asked.text
    assert (await an.get(address)).json() == before.json()
    done = await bo.post("/api/accessManagement/v1/approve", json={"id": asked.json()["approval"]["id"]})
    assert done.json()["state"] == "carried-out"
    assert (await an.get(address)).json()["value"] == wish["value"]

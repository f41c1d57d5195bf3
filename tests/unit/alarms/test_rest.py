"""Alarms from outside, over HTTP: listed in words, followed, taken care of by name (FED-07)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from common.access_control.rights import Scope
from common.alarms.commands import RaiseAlarm
from common.alarms.rest import read_alarm_id, write_alarm_id
from common.operators.commands import CreateRole
from common.program.operations_api import BASE
from tests.support.access import CITY, AccessNode
from tests.support.federation import SHANGHAI
from tests.support.stores import Databases

ALARMS, ACKNOWLEDGE = f"{BASE}/alarm", f"{BASE}/acknowledgeAlarm"
SUBJECT = "31>00 17/3~x"


@pytest.fixture
def node(databases: Databases, tmp_path: Path) -> Iterator[AccessNode]:
    made = AccessNode(databases, tmp_path)
    made.plant_organisations()
    made.run_alone(RaiseAlarm("MESSAGE_ID_REUSED", SUBJECT, "other bytes"))
    yield made
    made.close()


async def test_an_alarm_is_read_in_words_and_taken_care_of_by_name(node: AccessNode) -> None:
    an = await node.signed_in("an", "administrator")
    answer = await an.get(ALARMS, params={"state": "raised", "sort": "-lastDate"})
    assert answer.status_code == 200, answer.text
    (shown,) = answer.json()
    assert (shown["kind"], shown["subject"], shown["times"]) == ("MESSAGE_ID_REUSED", SUBJECT, 1)
    assert shown["meaning"] != shown["meaningZh"] != ""
    assert shown["remedy"] != shown["remedyZh"] != ""
    assert unquote(shown["href"]) == f"{ALARMS}/{shown['id']}"
    assert (await an.get(shown["href"])).json() == shown
    done = await an.post(ACKNOWLEDGE, json={"id": shown["id"], "note": "asked Shanghai"})
    assert done.json() == {
        "id": shown["id"],
        "state": "acknowledged",
        "acknowledgedBy": "an",
        "note": "asked Shanghai",
    }
    history = (await an.get(f"{shown['href']}/history")).json()["entry"]
    assert [(entry["state"], entry["by"]) for entry in history] == [("acknowledged", "an"), ("raised", "")]
    assert [entry["record"] for entry in node.log(resource="alarm")] == [f"MESSAGE_ID_REUSED:{SUBJECT}"]
    assert (await an.get(ALARMS, params={"state": "raised"})).json() == []


async def test_what_is_no_alarm_is_said_to_be_none(node: AccessNode) -> None:
    an = await node.signed_in("an", "administrator")
    unknown = await an.post(ACKNOWLEDGE, json={"id": "LINK_AWAY:99"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "ALARM_NOT_FOUND")
    malformed = await an.post(ACKNOWLEDGE, json={"id": "LINK_AWAY"})
    assert malformed.json()["code"] == "MALFORMED_ALARM_NAME"
    assert (await an.get(f"{ALARMS}/LINK_AWAY:99")).status_code == 404


async def test_whose_permission_does_not_reach_the_whole_node_neither_sees_nor_acknowledges(node: AccessNode) -> None:
    scopes = dict.fromkeys(("alarm:read", "alarm:acknowledge"), Scope.BELOW.name.lower())
    node.run(CreateRole("city-watch", "City watch", scopes))
    bo = await node.signed_in("bo", "city-watch", CITY)
    assert (await bo.get(ALARMS)).json() == []
    refused = await bo.post(ACKNOWLEDGE, json={"id": write_alarm_id(f"MESSAGE_ID_REUSED:{SUBJECT}")})
    assert (refused.status_code, refused.json()["code"]) == (403, "OUTSIDE_SCOPE")
    assert node.core.node == SHANGHAI


@pytest.mark.parametrize("name", ["A:b", "A:1/2", "A:~1", "A:~/~", "A:~0~1"])
def test_an_id_is_the_name_without_slashes(name: str) -> None:
    assert "/" not in write_alarm_id(name)
    assert read_alarm_id(write_alarm_id(name)) == name

"""Dictionaries from outside, over HTTP: seen in the caller's language, changed, published, and their history."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from common.dictionaries.declared import CHANNEL
from common.ids import HQ
from common.parameters.configuration_api import BASE
from hq_node.publications.commands import DeliverPublications
from tests.support.access import HALL, AccessNode
from tests.support.stores import Databases

CHANNELS = f"{BASE}/dictionary/{CHANNEL.name}"
KIOSK: dict[str, Any] = {"code": "kiosk", "nameZh": "社区服务点", "nameEn": "community kiosk", "place": 25}


@pytest.fixture
def hq(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccessNode]:
    made = AccessNode(databases, tmp_path_factory.mktemp("hq"), HQ)
    made.federation.connect()
    yield made
    made.close()


@pytest.fixture
def province(hq: AccessNode, databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccessNode]:
    made = AccessNode(databases, tmp_path_factory.mktemp("province"), federation=hq.federation)
    made.plant_organisations()
    yield made
    made.node.sign_in.passwords.close()
    made.node.reads.close()


async def test_values_are_set_and_published_and_shown_to_whoever_serves_customers(
    hq: AccessNode, province: AccessNode
) -> None:
    an, bo = await hq.signed_in("an", "administrator", HQ), await province.signed_in("bo", "administrator")
    clerk = await province.signed_in("li", "counter-clerk", HALL)
    before = await clerk.get(CHANNELS, headers={"Accept-Language": "zh"})
    assert (before.json()["description"], before.json()["open"]) == (CHANNEL.zh, True)
    assert before.json()["value"][0] == {
        "code": "counter",
        "name": "营业厅",
        "nameZh": "营业厅",
        "nameEn": "counter",
        "place": 10,
        "active": True,
        "origin": "built-in",
        "usable": True,
    }
    wish = {"dictionary": CHANNEL.name, "value": [KIOSK]}
    done = await bo.post(f"{BASE}/setDictionaryValues", json=wish, headers={"Reason": "ticket 7"})
    assert (done.status_code, done.json()) == (200, {"dictionary": CHANNEL.name, "changed": ["kiosk"]})
    again = await bo.post(f"{BASE}/setDictionaryValues", json={**wish, "reason": "once more"})
    assert again.json()["changed"] == []
    refused = await clerk.post(f"{BASE}/setDictionaryValues", json={**wish, "reason": "mine"})
    assert refused.status_code == 403
    shown = await clerk.get(CHANNELS)
    assert shown.headers["etag"] != before.headers["etag"]
    (kiosk,) = [each for each in shown.json()["value"] if each["code"] == "kiosk"]
    assert (kiosk["name"], kiosk["origin"]) == ("community kiosk", "local")
    closing = {**KIOSK, "code": "web", "nameEn": "web hall", "end": "1969-12-31T00:00:00Z"}
    published = await an.post(
        f"{BASE}/publishDictionaryValues", json={**wish, "value": [closing], "reason": "directive 9"}
    )
    assert published.status_code == 200, published.text
    hq.federation.execute(HQ, DeliverPublications())
    hq.federation.run()
    (web,) = [each for each in (await clerk.get(CHANNELS)).json()["value"] if each["code"] == "web"]
    assert (web["origin"], web["usable"], web["end"]) == ("network", False, "1970-01-01T00:00:00.000001Z")
    told = await bo.get(f"{BASE}/dictionaryValueVersion", params={"sort": "code"})
    assert [(each["id"], each["setBy"], each["reason"]) for each in told.json()] == [
        (f"local:{CHANNEL.name}:kiosk:1", "bo", "ticket 7"),
        (f"network:{CHANNEL.name}:web:1", "an", "directive 9"),
    ]
    asked = {"kind": "query-node-status", "destination": ["44"], "channel": "web"}
    token = {"client": "billing", "organisationId": "31", "role": "call-centre-agent"}
    billing = province.client(Authorization=f"Bearer {(await bo.post(TOKENS, json=token)).json()['token']}")
    for channel, status in (("web", 409), ("kiosk", 201)):
        answer = await billing.post("/api/serviceRequest/v1/serviceRequest", json={**asked, "channel": channel})
        assert answer.status_code == status, answer.text


TOKENS = "/api/accessManagement/v1/apiToken"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({**KIOSK, "code": "counter"}, (409, "DICTIONARY_VALUE_OF_HEADQUARTERS")),
        ({**KIOSK, "code": "a b"}, (409, "DICTIONARY_VALUE_UNFIT")),
        ({**KIOSK, "place": -1}, (422, "BODY_UNFIT")),
        ({"code": "x", "nameEn": "x"}, (422, "BODY_UNFIT")),
    ],
)
async def test_what_cannot_be_is_refused(province: AccessNode, value: dict[str, Any], code: tuple[int, str]) -> None:
    bo = await province.signed_in("bo", "administrator")
    wish = {"dictionary": CHANNEL.name, "value": [value], "reason": "x"}
    refused = await bo.post(f"{BASE}/setDictionaryValues", json=wish)
    assert (refused.status_code, refused.json()["code"]) == code, refused.text

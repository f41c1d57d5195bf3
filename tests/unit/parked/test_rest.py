"""Messages that could not be processed, from outside over HTTP: seen, tried again, ended, many at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from common.program.operations_api import BASE
from tests.support.access import AccessNode
from tests.support.federation import GUANGDONG, SHANGHAI
from tests.support.parked import SwitchAway, fail_with, serve_with
from tests.support.stores import Databases

MESSAGES, RETRY, END = f"{BASE}/parkedMessage", f"{BASE}/retryParkedMessage", f"{BASE}/endParkedMessage"
UNKNOWN = "31-0192f0c4-7b1e-7c3a-9d55-2f6f3c1a8b90"


@pytest.fixture
def node(databases: Databases, tmp_path: Path) -> Iterator[AccessNode]:
    made = AccessNode(databases, tmp_path, GUANGDONG)
    made.federation.connect()
    yield made
    made.close()


async def test_a_message_is_seen_and_tried_again(node: AccessNode) -> None:
    federation = node.federation
    serve_with(federation, fail_with(SwitchAway()))
    leg = federation.suspend()
    federation.run()
    an = await node.signed_in("an", "administrator", GUANGDONG)
    answer = await an.get(MESSAGES, params={"state": "waiting", "problem": "SWITCH_AWAY"})
    assert answer.status_code == 200, answer.text
    (shown,) = answer.json()
    assert (shown["source"], shown["attempts"], shown["link"]) == (SHANGHAI, 1, "00>44")
    assert (await an.get(shown["href"])).json() == shown
    assert (await an.get(MESSAGES, params={"id": shown["id"]})).json() == [shown]
    message = await an.get(f"{shown['href']}/message")
    assert message.json() == {"phase": "request", "messageType": "quanwang.subscriptions.v1.SuspendSubscription"}
    serve_with(federation, None)
    done = await an.post(RETRY, json={"id": [shown["id"], UNKNOWN, "nonsense"]}, headers={"Accept-Language": "zh-CN"})
    first, second, third = done.json()["outcome"]
    assert first == {"id": shown["id"], "state": "waiting", "code": "", "reason": ""}
    assert (second["code"], third["code"]) == ("PARKED_MESSAGE_NOT_FOUND", "MALFORMED_MESSAGE_ID")
    assert second["reason"] == f"本节点没有报文 {UNKNOWN}。"
    federation.group(GUANGDONG)
    # What was said over HTTP was said beside the links of this federation.
    federation.reconnect()
    assert federation.asked(SHANGHAI, leg).state == "completed"
    assert (await an.get(MESSAGES)).json() == []


async def test_several_are_given_up_at_once_with_one_reason(node: AccessNode) -> None:
    federation = node.federation
    serve_with(federation, fail_with(SwitchAway()))
    federation.add_subscription("44-0000000002-01")
    legs = [federation.suspend(), federation.suspend(subscription="44-0000000002-01")]
    federation.run()
    an = await node.signed_in("an", "administrator", GUANGDONG)
    identities = [shown["id"] for shown in (await an.get(MESSAGES, params={"sort": "id"})).json()]
    assert len(identities) == 2
    nothing = await an.post(END, json={"id": identities, "reason": ""})
    assert nothing.status_code == 422
    done = await an.post(END, json={"id": identities, "reason": "the switch was sold"})
    assert [each["state"] for each in done.json()["outcome"]] == ["ended", "ended"]
    federation.reconnect()
    assert {federation.asked(SHANGHAI, leg).reason_code for leg in legs} == {"OPERATOR_ENDED"}
    assert [entry["reason"] for entry in node.log(resource="parked-message")] == ["the switch was sold"] * 2
    again = await an.post(END, json={"id": identities[:1], "reason": "again"})
    assert again.json()["outcome"][0]["code"] == "MESSAGE_NOT_PARKED"


async def test_who_may_try_again_may_not_give_up(node: AccessNode) -> None:
    operator = await node.signed_in("op", "hq-operator", GUANGDONG)
    assert (await operator.post(RETRY, json={"id": [UNKNOWN]})).status_code == 200
    refused = await operator.post(END, json={"id": [UNKNOWN], "reason": "x"})
    assert (refused.status_code, refused.json()["code"]) == (403, "NOT_PERMITTED")

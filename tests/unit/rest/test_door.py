"""The way in: nobody unknown gets further, nobody takes more than his share, and no body may crawl."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.types import Message

from common.rest.access import ByRights
from common.rest.app import build_api
from common.rest.errors import TooManyCalls
from common.rest.rates import Buckets, Rate, address_group
from tests.support.enrolment import HandClock
from tests.support.rest import ADDRESS, NOTE_API, RestNode, named_by_header


@pytest.mark.parametrize("path", [ADDRESS, f"{ADDRESS}/x", "/", "/elsewhere", "/openapi.json", "/docs"])
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE", "OPTIONS", "PUT"])
async def test_nobody_unknown_learns_even_what_is_there(node: RestNode, method: str, path: str) -> None:
    response = await node.client("").request(method, path)
    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
    assert response.json()["code"] == "NOT_SIGNED_IN"


async def test_an_application_that_nobody_gave_callers_is_closed(node: RestNode) -> None:
    node.app = build_api(node.node, (NOTE_API,), node.access)
    assert (await node.client().get(ADDRESS)).status_code == 401


async def test_without_permissions_a_known_caller_may_do_nothing(node: RestNode) -> None:
    node.take_away("clerk")
    for response in (await node.client().get(ADDRESS), await node.client().post(ADDRESS, json={"title": "one"})):
        assert (response.status_code, response.json()["code"]) == (403, "NOT_PERMITTED")


async def test_a_narrower_scope_than_the_province_reaches_no_row_yet(node: RestNode) -> None:
    node.app = build_api(node.node, (NOTE_API,), ByRights("31"), named_by_header)
    note = (await node.client("writer").post(ADDRESS, json={"title": "one"})).json()
    assert (await node.client("reader").get(note["href"])).status_code == 200
    assert (await node.client("local reader").get(note["href"])).status_code == 404
    assert (await node.client("local reader").get(ADDRESS)).json() == []
    assert (await node.client("writer").get(ADDRESS)).status_code == 403


async def test_a_caller_beyond_his_rate_is_told_when_to_come_again(node: RestNode) -> None:
    client, limits = node.client("busy"), node.settings.api
    for _ in range(limits.caller_calls_at_once):
        assert (await client.get(f"{ADDRESS}/x")).status_code == 404
    refused = await client.get(f"{ADDRESS}/x")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert (await node.client("other").get(f"{ADDRESS}/x")).status_code == 404
    node.federation.clock.at_us += 1_000_000
    assert (await client.get(f"{ADDRESS}/x")).status_code == 404


async def test_an_address_beyond_its_rate_is_refused_whoever_it_says_it_is(node: RestNode) -> None:
    statuses = [
        (await node.client("").get(ADDRESS)).status_code for _ in range(node.settings.api.address_calls_at_once + 1)
    ]
    assert statuses[-2:] == [401, 429]
    assert (await node.client("clerk").get(ADDRESS)).status_code == 429


def test_buckets_fill_steadily_and_are_bounded() -> None:
    clock = HandClock()
    buckets = Buckets(Rate(2.0, 3), clock, buckets_max=2)
    for _ in range(3):
        buckets.take("a")
    with pytest.raises(TooManyCalls) as refused:
        buckets.take("a")
    assert refused.value.facts["retry_after"] == 1
    clock.at_us += 500_000
    buckets.take("a")
    for asker in ("b", "c", "d"):
        buckets.take(asker)
    assert len(buckets._buckets) == 2


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_an_address_counts_with_its_network(address: str, group: str) -> None:
    assert address_group(address) == group


async def test_a_body_that_crawls_is_given_up(node: RestNode) -> None:
    impatient = node.settings.api.model_copy(update={"body_seconds_max": 0.05})
    node.node.settings = node.settings.model_copy(update={"api": impatient})
    app = build_api(node.node, (NOTE_API,), node.access, named_by_header)
    node.node.settings = node.settings
    sent: list[Any] = []
    first: list[Message] = [{"type": "http.request", "body": b"{", "more_body": True}]

    async def receive() -> Message:
        if first:
            return first.pop()
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": ADDRESS,
        "query_string": b"",
        "headers": [(b"authorization", b"Bearer clerk"), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1),
    }
    async with asyncio.timeout(10):
        await app(scope, receive, send)
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


async def test_every_answer_says_that_it_is_not_to_be_kept_and_has_a_name(node: RestNode) -> None:
    for response in (await node.client("").get(ADDRESS), await node.client().get(ADDRESS)):
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["x-call"]


async def test_changing_calls_that_reach_no_handler_are_counted(node: RestNode) -> None:
    """They wish nothing that the audit log could note, but somebody tries something."""

    def counted() -> dict[str, float]:
        found = node.node.metrics.registry.get_sample_value
        labels = [("rest", status) for status in ("400", "401", "404", "415", "422")]
        return {
            status: found("quanwang_refused_calls_total", {"interface": interface, "status": status}) or 0
            for interface, status in labels
        }

    before = counted()
    client = node.client()
    await client.post(ADDRESS, content=b"{", headers={"Content-Type": "application/json"})
    await client.post(ADDRESS, content=b"{}", headers={"Content-Type": "text/plain"})
    await client.post(ADDRESS, json={"title": 7})
    await client.post(f"{ADDRESS}/nowhere/at/all", json={})
    await node.client("").post(ADDRESS, json={})
    await client.get(ADDRESS, params={"unknown": "x"})
    after = counted()
    assert {status: after[status] - before[status] for status in after} == dict.fromkeys(after, 1)

"""The hub of an API, from subscribing to the last replay, with a real receiver."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from common.event_hub.callbacks import Callbacks
from common.event_hub.commands import ForgetDeadLetters, NoteDeliveries
from common.event_hub.delivering import SUBSCRIPTION_OFF, Deliverer
from common.event_hub.model import REFUSALS_MAX, SUBSCRIPTIONS_OF_OWNER_MAX
from common.event_hub.repository import hub_deliveries
from common.event_hub.signature import HEADER, is_signed
from common.outbound.addresses import AddressRules
from common.requests.repository import asked_legs, requests
from common.requests.rest import BASE, service_request_api
from tests.support.federation import GUANGDONG, SHANGHAI, ZHEJIANG
from tests.support.receiver import Receiver
from tests.support.rest import RestNode
from tests.support.stores import Databases

ADDRESS, HUB = f"{BASE}/serviceRequest", f"{BASE}/hub"
DAY_US = 86_400_000_000
TYPE = "ServiceRequestStateChangeEvent"


@pytest.fixture(scope="module")
def running(lasting_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestNode]:
    node = RestNode(lasting_databases, lambda node: (service_request_api(node),), tmp_path_factory.mktemp("node"))
    yield node
    node.close()


@pytest.fixture
def node(running: RestNode) -> RestNode:
    running.empty()
    for table in (requests, asked_legs):
        running.core.connection.execute(sa.delete(table))
    running.core.connection.commit()
    return running


def loose_callbacks() -> Callbacks:
    return Callbacks(lambda: AddressRules(private_addresses=True, plain_http=True))


def deliverer(node: RestNode) -> Deliverer:
    return Deliverer(node.node, loose_callbacks())


async def subscribe(client: httpx.AsyncClient, callback: str, query: str = "") -> dict[str, Any]:
    response = await client.post(HUB, json={"callback": callback, "query": query})
    assert response.status_code == 201, response.text
    return dict(response.json())


async def ask(node: RestNode, *destinations: str) -> str:
    """A request that has ended by then; its id."""
    body = {"kind": "query-node-status", "destination": list(destinations or (GUANGDONG,))}
    response = await node.client().post(ADDRESS, json=body)
    assert response.status_code == 201, response.text
    node.federation.connect()
    return str(response.json()["id"])


def waiting(node: RestNode) -> list[tuple[str, int]]:
    table = hub_deliveries.c
    found = node.core.connection.execute(sa.select(table.state, table.tries).order_by(table.position)).all()
    node.core.connection.commit()
    return [(state, tries) for state, tries in found]


async def test_the_end_of_a_request_is_told_once_signed_and_as_it_is_shown(node: RestNode) -> None:
    client = node.client()
    async with Receiver() as receiver:
        hub = await subscribe(client, receiver.callback)
        identity = await ask(node, GUANGDONG, ZHEJIANG)
        assert await deliverer(node).deliver_due() == 1
        (received,) = receiver.received
    event = received.event
    assert received.path == "/crm/listener/serviceRequestStateChangeEvent"
    assert event.keys() == {
        "eventId",
        "eventTime",
        "eventType",
        "domain",
        "title",
        "description",
        "priority",
        "timeOcurred",
        "event",
    }
    assert event["eventType"] == TYPE
    assert event["event"]["serviceRequest"] == (await client.get(f"{ADDRESS}/{identity}")).json()
    secret = base64.b64decode(hub["secret"])
    now_s = node.federation.clock.now_us() // 1_000_000
    assert is_signed(received.headers[HEADER.lower()], secret, received.body, now_s)
    assert await deliverer(node).deliver_due() == 0
    assert waiting(node) == []


async def test_a_subscription_is_answered_as_it_is_and_its_secret_shown_once(node: RestNode) -> None:
    client = node.client()
    hub = await subscribe(client, "https://hooks.example/crm", f"eventType={TYPE}")
    assert (hub["callback"], hub["query"], hub["state"]) == ("https://hooks.example/crm", f"eventType={TYPE}", "on")
    shown = (await client.get(hub["href"])).json()
    assert "secret" not in shown
    assert shown == {name: value for name, value in hub.items() if name != "secret"}
    assert hub["secret"] not in (await client.get(HUB)).text


async def test_without_subscribers_nothing_is_written(node: RestNode) -> None:
    await ask(node)
    assert waiting(node) == []


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (f"eventType={TYPE}", 1),
        ("serviceRequest.state=completed", 1),
        ("event.serviceRequest.leg.destination=44&serviceRequest.kind=query-node-status", 1),
        ("serviceRequest.state=rejected", 0),
        ("serviceRequest.leg.destination=33", 0),
    ],
)
async def test_only_what_is_asked_for_is_told(node: RestNode, query: str, told: int) -> None:
    await subscribe(node.client(), "https://hooks.example/", query)
    await ask(node)
    assert len(waiting(node)) == told


@pytest.mark.parametrize("query", ["eventType=No", "customer.id=1", "serviceRequest.secret=1", "x", "serviceRequest"])
async def test_a_query_that_means_nothing_is_refused(node: RestNode, query: str) -> None:
    response = await node.client().post(HUB, json={"callback": "https://hooks.example/", "query": query})
    assert (response.status_code, response.json()["code"]) == (400, "UNKNOWN_PARAMETER")


@pytest.mark.parametrize("callback", ["ftp://hooks.example/", "https://u:p@hooks.example/", "x", "javascript:alert(1)"])
async def test_a_callback_that_is_none_is_refused(node: RestNode, callback: str) -> None:
    response = await node.client().post(HUB, json={"callback": callback})
    assert (response.status_code, response.json()["code"]) == (422, "MALFORMED_CALLBACK")


async def test_subscriptions_are_there_for_their_owner_alone(node: RestNode) -> None:
    hub = await subscribe(node.client("ann"), "https://hooks.example/")
    bob = node.client("bob")
    assert (await bob.get(HUB)).json() == []
    for response in (
        await bob.get(hub["href"]),
        await bob.get(f"{hub['href']}/deadLetter"),
        await bob.patch(hub["href"], json={"state": "on"}),
        await bob.delete(hub["href"]),
    ):
        assert response.status_code == 404
    assert (await node.client("ann").delete(hub["href"])).status_code == 204
    assert (await node.client("ann").get(HUB)).json() == []


async def test_who_may_not_see_all_requests_may_not_be_told_of_them(node: RestNode) -> None:
    response = await node.client("reader").post(HUB, json={"callback": "https://hooks.example/"})
    assert (response.status_code, response.json()["code"]) == (403, "NOT_PERMITTED")


async def test_one_owner_has_only_so_many_subscriptions(node: RestNode) -> None:
    client = node.client()
    for _ in range(SUBSCRIPTIONS_OF_OWNER_MAX):
        await subscribe(client, "https://hooks.example/")
    response = await client.post(HUB, json={"callback": "https://hooks.example/"})
    assert (response.status_code, response.json()["code"]) == (409, "TOO_MANY_SUBSCRIPTIONS")


@pytest.mark.parametrize("step_us", [0, -1])
async def test_events_keep_their_order_while_the_clock_stands_or_goes_back(node: RestNode, step_us: int) -> None:
    async with Receiver() as receiver:
        await subscribe(node.client(), receiver.callback)
        asked = []
        for _ in range(3):
            asked.append(await ask(node))
            node.federation.clock.at_us += step_us
        node.federation.clock.at_us += 3_000_000
        assert len(waiting(node)) == 3
        await deliverer(node).deliver_due()
        assert [received.event["event"]["serviceRequest"]["id"] for received in receiver.received] == asked


async def test_a_receiver_that_is_away_gets_everything_in_its_order_when_it_is_back(node: RestNode) -> None:
    client = node.client()
    async with Receiver() as receiver:
        hub = await subscribe(client, receiver.callback)
        asked = []
        for _ in range(3):
            asked.append(await ask(node))
            node.federation.clock.at_us += 1_000
        receiver.refuse(503, 503)
        for tries in (1, 2):
            assert await deliverer(node).deliver_due() == 1
            assert await deliverer(node).deliver_due() == 0, "before its time"
            assert waiting(node) == [("waiting", tries), ("waiting", 0), ("waiting", 0)]
            node.federation.clock.at_us += 1_000_000 << (tries - 1)
        assert (await client.get(hub["href"])).json()["lastError"] == "HTTP 503"
        assert await deliverer(node).deliver_due() == 1
        told = [received.event["event"]["serviceRequest"]["id"] for received in receiver.received]
    assert told == [asked[0], asked[0], *asked]
    assert len({received.event["eventId"] for received in receiver.received}) == 3
    assert "failingSince" not in (await client.get(hub["href"])).json()


async def test_an_event_that_is_refused_again_and_again_is_given_up_and_can_be_replayed(node: RestNode) -> None:
    client = node.client()
    async with Receiver() as receiver:
        hub = await subscribe(client, receiver.callback)
        first = await ask(node)
        node.federation.clock.at_us += 1_000
        second = await ask(node)
        receiver.refuse(*[422] * REFUSALS_MAX)
        for _ in range(REFUSALS_MAX + 1):
            await deliverer(node).deliver_due()
            node.federation.clock.at_us += 3_600_000_000 // 60
        assert receiver.received[-1].event["event"]["serviceRequest"]["id"] == second
        letters = (await client.get(f"{hub['href']}/deadLetter")).json()
        assert (letters["count"], letters["deadLetter"][0]["error"]) == (1, "HTTP 422")
        assert letters["deadLetter"][0]["tries"] == REFUSALS_MAX
        assert (await client.patch(hub["href"], json={"state": "on"})).status_code == 200
        await deliverer(node).deliver_due()
        assert receiver.received[-1].event["event"]["serviceRequest"]["id"] == first
    assert (await client.get(f"{hub['href']}/deadLetter")).json() == {"count": 0, "deadLetter": []}


async def test_after_long_failure_a_subscription_is_off_and_on_again_when_its_owner_says_so(node: RestNode) -> None:
    client = node.client()
    async with Receiver() as receiver:
        hub = await subscribe(client, receiver.callback)
        identity = await ask(node)
        receiver.refuse(*[500] * 3)
        for state in ("on", "on", "off"):
            await deliverer(node).deliver_due()
            assert (await client.get(hub["href"])).json()["state"] == state
            node.federation.clock.at_us += 36 * 3_600_000_000
        assert SUBSCRIPTION_OFF in node.federation.alarms(SHANGHAI)
        await ask(node)
        assert await deliverer(node).deliver_due() == 0
        assert len(receiver.received) == 3
        assert (await client.patch(hub["href"], json={"state": "on"})).json()["state"] == "on"
        while await deliverer(node).deliver_due():
            pass
        told = [received.event["event"]["serviceRequest"]["id"] for received in receiver.received[3:]]
    assert (told[0], len(told)) == (identity, 2)


async def test_a_receiver_that_says_gone_is_told_no_more(node: RestNode) -> None:
    async with Receiver() as receiver:
        hub = await subscribe(node.client(), receiver.callback)
        await ask(node)
        receiver.refuse(410)
        await deliverer(node).deliver_due()
        assert (await node.client().get(hub["href"])).json()["state"] == "off"


async def test_what_was_claimed_by_a_process_that_died_is_told_by_another_one_later(node: RestNode) -> None:
    from common.event_hub.commands import ClaimDeliveries

    async with Receiver() as receiver:
        await subscribe(node.client(), receiver.callback)
        await ask(node)
        assert len(await node.node.writer.execute(ClaimDeliveries())) == 1
        assert await deliverer(node).deliver_due() == 0
        node.federation.clock.at_us += 300_000_000
        assert await deliverer(node).deliver_due() == 1
        assert len(receiver.received) == 1


async def test_a_note_on_a_subscription_that_is_gone_changes_nothing(node: RestNode) -> None:
    assert await node.node.writer.execute(NoteDeliveries(b"x" * 16, (1, 2), 3, "late")) == ""
    assert waiting(node) == []


async def test_dead_letters_are_forgotten_after_their_time(node: RestNode) -> None:
    async with Receiver() as receiver:
        await subscribe(node.client(), receiver.callback)
        await ask(node)
        receiver.refuse(410)
        await deliverer(node).deliver_due()
    now_us = node.federation.clock.now_us()
    assert await node.node.writer.execute(ForgetDeadLetters(now_us, 10)) == 0
    assert await node.node.writer.execute(ForgetDeadLetters(now_us + 1, 10)) == 1
    assert waiting(node) == []


async def test_an_event_is_written_if_and_only_if_what_it_tells_is_committed(node: RestNode) -> None:
    await subscribe(node.client(), "https://hooks.example/")
    commit = node.core.dispatcher._commit
    failed: list[int] = []

    def failing(connection: sa.Connection) -> None:
        staged = connection.execute(sa.select(sa.func.count()).select_from(hub_deliveries)).scalar_one()
        if staged and not failed:
            failed.append(staged)
            raise RuntimeError("as if the disk were gone")
        commit(connection)

    node.core.dispatcher._commit = failing
    try:
        await ask(node)
    finally:
        node.core.dispatcher._commit = commit
    assert failed == [1]
    ended = node.core.connection.execute(
        sa.select(sa.func.count()).select_from(asked_legs).where(asked_legs.c.ended_at_us > 0)
    ).scalar_one()
    node.core.connection.commit()
    assert len(waiting(node)) == ended


async def test_the_deliverer_hears_of_what_waits_and_can_be_stopped(node: RestNode) -> None:
    async with Receiver() as receiver, asyncio.timeout(30):
        arrived = asyncio.Event()

        def answer(_received: object) -> Any:
            from starlette.responses import Response

            arrived.set()
            return Response(status_code=204)

        receiver.answer = answer
        # So long that only being told of it can have woken it.
        running = asyncio.create_task(Deliverer(node.node, loose_callbacks(), 3_600.0).run())
        await asyncio.sleep(0)
        await subscribe(node.client(), receiver.callback)
        await ask(node)
        await arrived.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

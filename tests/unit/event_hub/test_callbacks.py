"""Calling callbacks: to the address that was judged and no other, by a name that is proved, following nobody."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
from starlette.responses import RedirectResponse, Response

from common.event_hub.callbacks import Callbacks, Told
from common.event_hub.signature import HEADER, is_signed
from common.outbound.addresses import AddressRules
from tests.support.receiver import Receiver, certificate_of

SECRET, BODY, NOW_US = b"s" * 32, b'{"eventId":"1"}', 1_790_000_000_000_000
TYPE = "ServiceRequestStateChangeEvent"
LOOSE = AddressRules(private_addresses=True, plain_http=True)


class Names:
    """A name service that says each of these in turn, and then the last for good."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append((host, port))
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


async def tell(callbacks: Callbacks, callback: str) -> Told:
    async with asyncio.timeout(30):
        return await callbacks.tell(callback, TYPE, "id-1", SECRET, BODY, NOW_US)


async def test_an_event_arrives_signed_at_its_listener() -> None:
    async with Receiver() as receiver:
        assert await tell(Callbacks(lambda: LOOSE), receiver.callback) == Told()
        (received,) = receiver.received
    assert (received.path, received.body) == ("/crm/listener/serviceRequestStateChangeEvent", BODY)
    assert is_signed(received.headers[HEADER.lower()], SECRET, received.body, NOW_US // 1_000_000)
    assert received.headers["event-id"] == "id-1"


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"], ["169.254.169.254"], ["10.0.0.1"]]
)
async def test_a_name_that_leads_inside_is_not_called(addresses: list[str]) -> None:
    async with Receiver() as receiver:
        callbacks = Callbacks(lambda: AddressRules(plain_http=True), Names(addresses))
        told = await tell(callbacks, f"http://hooks.example:{receiver.port}/crm")
        assert told == Told("MALFORMED_CALLBACK")
        assert receiver.received == []


async def test_a_number_that_is_an_address_of_this_machine_is_not_called() -> None:
    async with Receiver() as receiver:
        for host in ("2130706433", "0x7f000001", "127.1", "localhost"):
            told = await tell(Callbacks(lambda: AddressRules(plain_http=True)), f"http://{host}:{receiver.port}/crm")
            assert told.error != "", host
        assert receiver.received == []


async def test_the_name_is_looked_up_once_and_the_connection_goes_to_what_was_judged() -> None:
    async with Receiver() as receiver:
        # The second answer would lead elsewhere; nobody asks for it.
        names = Names(["127.0.0.1"], ["127.0.0.2"])
        callback = f"http://hooks.example:{receiver.port}/crm"
        assert await tell(Callbacks(lambda: LOOSE, names), callback) == Told()
        assert names.asked == [("hooks.example", receiver.port)]
        assert receiver.received[0].headers["host"] == f"hooks.example:{receiver.port}"


async def test_redirects_are_not_followed() -> None:
    async with Receiver() as receiver, Receiver() as inside:
        receiver.answer = lambda _received: RedirectResponse(f"http://127.0.0.1:{inside.port}/secret", 307)
        assert await tell(Callbacks(lambda: LOOSE), receiver.callback) == Told("HTTP 307")
        assert inside.received == []


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Receiver() as receiver, Receiver() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert await tell(Callbacks(lambda: LOOSE), receiver.callback) == Told()
        assert proxy.received == []


async def test_a_receiver_must_prove_its_name(tmp_path: Path) -> None:
    with certificate_of("hooks.example", tmp_path) as (certificate, key):
        context = ssl.create_default_context(cafile=str(certificate))
        async with Receiver(certificate, key) as receiver:
            callbacks = Callbacks(lambda: AddressRules(private_addresses=True), Names(["127.0.0.1"]), context)
            assert await tell(callbacks, f"https://hooks.example:{receiver.port}/crm") == Told()
            assert (await tell(callbacks, f"https://other.example:{receiver.port}/crm")).error == "ConnectError"
            assert len(receiver.received) == 1


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (200, Told()),
        (404, Told("HTTP 404")),
        (429, Told("HTTP 429")),
        (500, Told("HTTP 500")),
        (400, Told("HTTP 400", refused=True)),
        (422, Told("HTTP 422", refused=True)),
        (410, Told("HTTP 410", refused=True, gone=True)),
    ],
)
async def test_the_answer_says_what_became_of_it(status: int, told: Told) -> None:
    async with Receiver() as receiver:
        receiver.answer = lambda _received: Response("x" * 1_000_000, status)
        assert await tell(Callbacks(lambda: LOOSE), receiver.callback) == told


async def test_a_receiver_that_says_nothing_is_given_up() -> None:
    over = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        over.set()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        told = await tell(Callbacks(lambda: LOOSE, seconds_max=0.2), f"http://127.0.0.1:{port}/")
        await asyncio.wait_for(over.wait(), 30)
    assert told == Told("no answer in time")


async def test_where_nobody_listens_or_no_name_is_known_is_told_without_raising() -> None:
    async def unknown(_host: str, _port: int) -> list[str]:
        raise OSError("unknown")

    async def none(_host: str, _port: int) -> list[str]:
        return []

    async with Receiver() as receiver:
        port = receiver.port
    assert (await tell(Callbacks(lambda: LOOSE), f"http://127.0.0.1:{port}/")).error == "ConnectError"
    for names in (unknown, none):
        assert (await tell(Callbacks(lambda: LOOSE, names), "https://hooks.example/")).error == "OSError"

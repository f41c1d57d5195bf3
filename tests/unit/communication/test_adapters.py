"""The adapters for messages to people: files, and a gateway with the interface TMF681."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from starlette.responses import JSONResponse, Response

from common.communication import file_adapter
from common.communication.file_adapter import DIRECTORY_FULL, FileAdapter
from common.communication.model import APP, EMAIL, SMS, Message, decode_message
from common.communication.rest_adapter import TOKEN_UNREADABLE, RestAdapter
from common.ids import format_id
from common.interfaces.model import Answer, Call, done, failed, refused
from common.outbound.addresses import AddressRules, AddressUnfit
from common.outbound.calling import OutboundCaller
from tests.support.receiver import Receiver

KEY = b"k" * 16
MESSAGES = [
    Message(SMS, "13800138000", "验证码 123456"),
    Message(EMAIL, "li.na@example.com", "Hello", "Subject"),
    Message(APP, "account-1", "Hello"),
]
LOOSE = AddressRules(private_addresses=True, plain_http=True)


def call(message: Message = MESSAGES[0]) -> Call:
    return Call(KEY, "send", message.encode())


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.channel)
def test_a_message_reads_back_and_shows_nothing(message: Message) -> None:
    assert decode_message(message.encode()) == message
    assert message.flaw() is None
    for secret in (message.receiver, message.text):
        assert secret not in repr(message) + message.shown + repr(call(message))


async def test_a_message_becomes_a_file_that_only_the_node_can_read_and_the_same_one_again(tmp_path: Path) -> None:
    adapter = FileAdapter(tmp_path / "messages")
    for _ in range(2):
        assert await adapter.make(call()) == done(f"{format_id(KEY)}.json")
    (path,) = (tmp_path / "messages").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text("utf-8")) == {
        "id": format_id(KEY),
        "channel": "sms",
        "receiver": "13800138000",
        "text": "验证码 123456",
        "subject": "",
    }
    assert await adapter.probe() == done()
    assert list((tmp_path / "messages").iterdir()) == [path]


async def test_a_directory_that_cannot_be_used_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    wide = tmp_path / "wide"
    wide.mkdir(mode=0o755)
    wide.chmod(0o755)
    for place, code in ((tmp_path / "file", "FileExistsError"), (wide, "PERMISSIONS_TOO_WIDE")):
        assert await FileAdapter(place).make(call()) == failed(code)
        assert await FileAdapter(place).probe() == failed(code)
    monkeypatch.setattr(file_adapter, "FILES_MAX", 1)
    full = FileAdapter(tmp_path / "full")
    await full.make(call())
    assert (await full.make(call())).outcome == "done"
    assert await full.make(Call(b"l" * 16, "send", MESSAGES[0].encode())) == failed(DIRECTORY_FULL)
    assert await full.probe() == failed(DIRECTORY_FULL)


def rest(receiver: Receiver, token_file: Path | None = None, rules: AddressRules = LOOSE) -> RestAdapter:
    return RestAdapter(OutboundCaller(lambda: rules), lambda: receiver.callback, lambda: "10000", token_file)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.channel)
async def test_a_message_is_created_as_tmf681_has_it(message: Message, tmp_path: Path) -> None:
    token_file = tmp_path / "token"
    token_file.write_text("secret-token\n")
    token_file.chmod(0o600)
    async with Receiver() as receiver:
        receiver.answer = lambda _received: JSONResponse({"id": "m-1", "state": "inProgress"}, 201)
        assert await rest(receiver, token_file).make(call(message)) == done("m-1")
        (received,) = receiver.received
    kinds = {SMS: "SMS", EMAIL: "Email", APP: "Mobile app push notification"}
    fields = {SMS: "phoneNumber", EMAIL: "email", APP: "appUserId"}
    expected = {
        "messageType": kinds[message.channel],
        "content": message.text,
        "logFlag": False,
        "receiver": [{fields[message.channel]: message.receiver}],
        "sender": {"id": "10000"},
        "characteristic": [{"name": "callId", "value": format_id(KEY)}],
    }
    assert received.event == {**expected, **({"subject": "Subject"} if message.subject else {})}
    assert received.path == "/crm/communicationMessage"
    headers = {name: received.headers[name] for name in ("idempotency-key", "authorization")}
    assert headers == {"idempotency-key": format_id(KEY), "authorization": "Bearer secret-token"}


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        (JSONResponse({"id": "m-1", "state": "completed"}, 201), done("m-1")),
        (Response("no json", 201), done()),
        (JSONResponse([1], 200), done()),
        (JSONResponse({"id": "13800138000 Li Na"}, 201), done()),
        (JSONResponse({"id": "m-1", "state": "failed"}, 201), refused("NOT_SENT")),
        (Response(status_code=422), refused("HTTP 422")),
        (Response(status_code=400), refused("HTTP 400")),
        (Response(status_code=401), failed("HTTP 401")),
        (Response(status_code=429), failed("HTTP 429")),
        (Response(status_code=503), failed("HTTP 503")),
        (Response(status_code=302, headers={"location": "http://127.0.0.1:1/"}), failed("HTTP 302")),
    ],
)
async def test_what_the_gateway_answers_says_what_becomes_of_the_message(response: Response, answer: Answer) -> None:
    async with Receiver() as receiver:
        receiver.answer = lambda _received: response
        assert await rest(receiver).make(call()) == answer


async def test_a_gateway_inside_is_not_called_unless_a_parameter_allows_it() -> None:
    async with Receiver() as receiver:
        strict = rest(receiver, rules=AddressRules(plain_http=True))
        assert await strict.make(call()) == failed(AddressUnfit.code)
        assert await strict.probe() == failed(AddressUnfit.code)
        assert receiver.received == []


async def test_a_probe_reads_and_sends_nothing() -> None:
    async with Receiver() as receiver:
        assert await rest(receiver).probe() == done()
        receiver.answer = lambda _received: Response(status_code=401)
        assert await rest(receiver).probe() == failed("HTTP 401")
        receiver.answer = lambda _received: Response(status_code=405)
        assert await rest(receiver).probe() == done()
        assert {received.body for received in receiver.received} == {b""}


async def test_a_token_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    token_file = tmp_path / "token"
    token_file.write_text("secret-token")
    token_file.chmod(0o644)
    async with Receiver() as receiver:
        for path in (token_file, tmp_path / "missing"):
            assert await rest(receiver, path).make(call()) == failed(TOKEN_UNREADABLE)
        assert receiver.received == []


async def test_without_an_address_the_adapter_says_what_it_lacks() -> None:
    adapter = RestAdapter(OutboundCaller(lambda: LOOSE), lambda: "", lambda: "10000")
    lacking = adapter.lacks()
    assert lacking is not None
    assert all("communication.gateway" in words for words in lacking)

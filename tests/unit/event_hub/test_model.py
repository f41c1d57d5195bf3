"""Where events may be sent, how long to wait, and what proves a delivery."""

from __future__ import annotations

import pytest

from common.event_hub.model import CallbackRules, CallbackUnfit, is_public, listener_address, read_callback, spacing_us
from common.event_hub.signature import is_signed, signature

STRICT, LOOSE = CallbackRules(), CallbackRules(private_addresses=True, plain_http=True)
SECRET, BODY, NOW_S = b"s" * 32, b'{"a":1}', 1_790_000_000


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
def test_addresses_of_the_open_network_may_be_called(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - that is what is refused.
        "255.255.255.255",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "2001:0:7f00:1::",
        "2001:db8::1",
    ],
)
def test_addresses_of_anything_else_may_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "callback",
    [
        "",
        "x",
        "//hooks.example/a",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "gopher://hooks.example/",
        "http://hooks.example/",
        "https://",
        "https:///a",
        "https://user:word@hooks.example/",
        "https://hooks.example/?a=b",
        "https://hooks.example/#a",
        "https://hooks.example:0/",
        "https://hooks.example:99999/",
        "https://hooks.example:x/",
        "https://[::1/",
        "https://hooks example/",
        "https://hooks.example/\r\nX-Injected: 1",
        "https://hööks.example/",
        "https://" + "a" * 600,
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://10.0.0.1:8443/hooks",
    ],
)
def test_a_callback_that_could_lead_astray_is_refused(callback: str) -> None:
    with pytest.raises(CallbackUnfit):
        read_callback(callback, STRICT)


def test_what_a_parameter_allows_is_allowed() -> None:
    assert read_callback("http://127.0.0.1:8080/hooks", LOOSE).port == 8080
    assert read_callback("https://hooks.example/a", STRICT).hostname == "hooks.example"
    with pytest.raises(CallbackUnfit):
        read_callback("ftp://127.0.0.1/", LOOSE)


def test_events_are_sent_to_the_listener_of_their_name() -> None:
    assert (
        listener_address("https://h.example/crm/", "ServiceRequestStateChangeEvent")
        == "https://h.example/crm/listener/serviceRequestStateChangeEvent"
    )


def test_waiting_doubles_up_to_an_hour() -> None:
    assert [spacing_us(tries) // 1_000_000 for tries in (1, 2, 3, 12, 13, 1_000_000)] == [1, 2, 4, 2048, 3600, 3600]


def test_a_signature_proves_time_and_body() -> None:
    header = signature(SECRET, NOW_S, BODY)
    assert is_signed(header, SECRET, BODY, NOW_S + 299)
    for wrong in (
        is_signed(header, b"t" * 32, BODY, NOW_S),
        is_signed(header, SECRET, BODY + b" ", NOW_S),
        is_signed(header, SECRET, BODY, NOW_S + 301),
        is_signed(header.replace(str(NOW_S), str(NOW_S + 1)), SECRET, BODY, NOW_S),
        is_signed("", SECRET, BODY, NOW_S),
        is_signed("t=é,v1=", SECRET, BODY, NOW_S),
    ):
        assert not wrong

"""Where events may be sent, and what proves a delivery."""

from __future__ import annotations

import pytest

from common.event_hub.model import CallbackUnfit, listener_address, read_callback
from common.event_hub.signature import is_signed, signature
from common.outbound.addresses import AddressRules

SECRET, BODY, NOW_S = b"s" * 32, b'{"a":1}', 1_790_000_000


@pytest.mark.parametrize("callback", ["ftp://hooks.example/", "http://hooks.example/", "https://127.0.0.1/"])
def test_a_callback_that_could_lead_astray_is_refused_as_a_callback(callback: str) -> None:
    with pytest.raises(CallbackUnfit):
        read_callback(callback, AddressRules())


def test_events_are_sent_to_the_listener_of_their_name() -> None:
    assert (
        listener_address("https://h.example/crm/", "ServiceRequestStateChangeEvent")
        == "https://h.example/crm/listener/serviceRequestStateChangeEvent"
    )


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

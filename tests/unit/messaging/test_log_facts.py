"""A log line names the request that it is about, and nothing that is somebody's own."""

from __future__ import annotations

from common.ids import format_id
from common.messaging.incoming import Incoming
from common.messaging.log_facts import command_facts, message_facts
from common.requests.commands import CancelServiceRequest, SubmitServiceRequest
from tests.support.link import SHANGHAI


def test_a_command_names_its_request_when_it_is_about_one() -> None:
    request_id = bytes(range(16))
    assert command_facts(CancelServiceRequest(request_id)) == {
        "command": "CancelServiceRequest",
        "request_id": format_id(request_id),
    }


def test_a_command_is_named_without_its_content_when_it_begins_a_request() -> None:
    command = SubmitServiceRequest(kind="k", destinations=("44",), body=b"secret")
    assert command_facts(command) == {"command": "SubmitServiceRequest"}


def test_a_message_is_named_by_its_place_when_it_cannot_be_read() -> None:
    incoming = Incoming(SHANGHAI, "31>00", 3, 7, 12, None, fault="MALFORMED_ENVELOPE")
    assert message_facts(incoming) == {"peer": SHANGHAI, "link": "31>00", "seal_number": 3, "index": 7}

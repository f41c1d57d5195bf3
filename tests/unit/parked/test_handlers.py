"""What an operator does with messages that could not be processed, on real cores."""

from collections.abc import Iterator
from typing import Any

import pytest

from common.directory.signing import open_directory
from common.ids import HQ
from common.messaging.inbox import DONE, ENDED, PARKED, WAITING
from common.parked.commands import EndParked, JudgeParkedAgain, RetryParked
from common.parked.model import (
    DIRECTORY_PROBLEMS,
    MalformedMessageId,
    MessageCannotBeRetried,
    MessageNotParked,
    ParkedMessageNotFound,
    format_message,
    parse_message,
)
from common.parked.queries import list_parked, show_parked
from tests.support.dishonest import request
from tests.support.federation import GUANGDONG, SHANGHAI, Federation
from tests.support.parked import SwitchAway, fail_with, serve_with
from tests.support.stores import Databases

MINUTE_US = 60_000_000


@pytest.fixture
def federation(databases: Databases) -> Iterator[Federation]:
    made = Federation(databases)
    made.connect()
    yield made
    made.close()


def the_one(federation: Federation, node: str, state: str = "all") -> dict[str, Any]:
    """The one message that is listed at the node."""
    (item,) = list_parked(federation.cores[node].connection, state)
    return item


def state_of(federation: Federation, node: str, message: str) -> str:
    return str(show_parked(federation.cores[node].connection, *parse_message(message))["state"])


def test_a_waiting_message_is_tried_at_once_when_it_is_retried(federation: Federation) -> None:
    serve_with(federation, fail_with(SwitchAway()))
    leg = federation.suspend()
    federation.run()
    waiting = the_one(federation, GUANGDONG, WAITING)
    assert (waiting["phase"], waiting["problem"], waiting["attempts"]) == ("request", "SWITCH_AWAY", 1)
    serve_with(federation, None)
    federation.execute(GUANGDONG, RetryParked(*parse_message(waiting["id"])))
    federation.group(GUANGDONG)
    federation.run()
    assert federation.asked(SHANGHAI, leg).state == "completed"
    assert state_of(federation, GUANGDONG, waiting["id"]) == DONE


def test_the_sender_is_refused_when_an_operator_ends_its_request(federation: Federation) -> None:
    serve_with(federation, fail_with(SwitchAway()))
    leg = federation.suspend()
    federation.run()
    waiting = the_one(federation, GUANGDONG)
    federation.execute(GUANGDONG, EndParked(*parse_message(waiting["id"]), "the switch was sold"))
    federation.run()
    asked = federation.asked(SHANGHAI, leg)
    assert (asked.state, asked.reason_code) == ("rejected", "OPERATOR_ENDED")
    shown = show_parked(federation.cores[GUANGDONG].connection, *parse_message(waiting["id"]))
    assert (shown["state"], shown["detail"]) == (ENDED, "the switch was sold")


def test_an_ended_message_is_never_tried_again_and_its_leg_is_free(federation: Federation) -> None:
    serve_with(federation, fail_with(SwitchAway()))
    leg = federation.suspend()
    federation.run()
    waiting = the_one(federation, GUANGDONG)
    federation.execute(GUANGDONG, EndParked(*parse_message(waiting["id"]), "enough"))
    federation.run()
    serve_with(federation, None)
    federation.pass_time(10 * MINUTE_US)
    assert federation.asked(SHANGHAI, leg).state == "rejected"
    assert federation.cores[GUANGDONG].dispatcher.has_work() is False
    federation.assert_honest_traffic()


def test_a_parked_request_that_was_refused_stays_refused_when_it_is_retried(federation: Federation) -> None:
    serve_with(federation, fail_with(RuntimeError("a mistake")))
    leg = federation.suspend()
    federation.run()
    parked = the_one(federation, GUANGDONG, PARKED)
    assert parked["problem"] == "INTERNAL_FAULT"
    serve_with(federation, None)
    federation.execute(GUANGDONG, RetryParked(*parse_message(parked["id"])))
    federation.group(GUANGDONG)
    federation.run()
    assert federation.asked(SHANGHAI, leg).state == "rejected"
    assert federation.subscription_status() == "active"
    assert state_of(federation, GUANGDONG, parked["id"]) == DONE


def test_an_answer_is_taken_when_a_directory_names_its_key_at_last(federation: Federation) -> None:
    leg = federation.suspend()
    context = federation.cores[SHANGHAI].context
    known = context.directory
    context.directory = without(federation, GUANGDONG)
    federation.run()
    assert the_one(federation, SHANGHAI, PARKED)["problem"] == "ORIGIN_UNKNOWN"
    assert federation.asked(SHANGHAI, leg).state == "submitted"
    context.directory = known
    assert federation.execute(SHANGHAI, JudgeParkedAgain(DIRECTORY_PROBLEMS)) == 1
    federation.group(SHANGHAI)
    assert federation.asked(SHANGHAI, leg).state == "completed"
    assert list_parked(federation.cores[SHANGHAI].connection, "all") == []


def without(federation: Federation, node: str) -> Any:
    """A directory as if the node had never joined."""
    entries = [federation.entry(other) for other in federation.nodes if other != node]
    return open_directory(federation.sign_directory(None, entries), federation.root.public_key)


def test_other_bytes_under_a_used_identity_can_only_be_ended(federation: Federation) -> None:
    first = request()
    federation.say(SHANGHAI, HQ, first, request(message_id=first.routing.message_id))
    reused = the_one(federation, HQ, PARKED)
    assert reused["problem"] == "MESSAGE_ID_REUSED"
    with pytest.raises(MessageCannotBeRetried):
        federation.execute(HQ, RetryParked(*parse_message(reused["id"])))
    assert federation.execute(HQ, EndParked(*parse_message(reused["id"]), "seen")) == ENDED


def test_what_is_done_or_unknown_can_neither_be_retried_nor_ended(federation: Federation) -> None:
    federation.suspend()
    federation.run()
    with pytest.raises(ParkedMessageNotFound):
        federation.execute(HQ, RetryParked(SHANGHAI, bytes(16)))
    row = next(iter(federation.cores[HQ].connection.exec_driver_sql("SELECT source, message_id FROM inbox")))
    for command in (RetryParked(row[0], row[1]), EndParked(row[0], row[1], "why")):
        with pytest.raises(MessageNotParked):
            federation.execute(HQ, command)


@pytest.mark.parametrize("text", ["", "31", "31-x", "-0192f0c4-7b1e-7c3a-9d55-2f6f3c1a8b90", "31-" + "0" * 40])
def test_what_names_no_message_is_refused(text: str) -> None:
    with pytest.raises(MalformedMessageId):
        parse_message(text)


def test_a_written_message_names_the_same_message() -> None:
    assert parse_message(format_message("31", bytes(range(16)))) == ("31", bytes(range(16)))

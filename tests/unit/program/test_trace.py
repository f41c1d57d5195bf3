"""The steps of a request's way and the times between them."""

from common.ids import leg_id
from common.trace import Step, describe_steps, leg_names


def test_a_time_between_two_clocks_is_no_duration() -> None:
    steps = describe_steps(
        [
            Step("44", "31", "submitted", 100, "31"),
            Step("44", "00", "admitted", 90, "00"),
            Step("44", "00", "forwarded", 95, "00"),
            Step("44", "44", "received by home", 0, "44"),
            Step("44", "31", "ended", 150, "31"),
        ]
    )
    assert [step["step"] for step in steps] == ["submitted", "admitted", "forwarded", "ended"]
    assert [step["since_previous_us"] for step in steps] == [None, None, 5, None]
    assert [step["since_same_clock_us"] for step in steps] == [None, None, 5, 50]


def test_each_leg_begins_anew() -> None:
    steps = describe_steps([Step("44", "31", "submitted", 100, "31"), Step("33", "31", "submitted", 100, "31")])
    assert [step["since_previous_us"] for step in steps] == [None, None]


def test_legs_are_called_by_their_destination_unless_two_origins_use_one_request_id() -> None:
    first, second = leg_id(bytes(16), "31", "44"), leg_id(bytes(16), "31", "33")
    claimed = leg_id(bytes(16), "33", "44")
    assert leg_names([first, second]) == {first: "44", second: "33"}
    assert leg_names([first, claimed]) == {first: "31/44", claimed: "33/44"}

"""The lives of calls and breakers: every row, and every pair that no row names."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from common.interfaces.call_states import (
    BREAKER,
    BREAKER_STATES,
    CALL,
    ENDS,
    MENDED,
    NODE,
    OK,
    OPERATOR,
    OTHER_SIDE,
    RESTING,
    RESTS,
    STATES,
    TRYING,
)
from common.interfaces.model import CLAIMED_MAX, Breaker
from common.state_table import UnnamedTransition

TRIES_MAX, FAILURES_MAX = 3, 3
CLAIM_US, REST_US = 40_000_000, 30_000_000
BY = {"claim": NODE, "expire": NODE, "lose": NODE, "replay": OPERATOR}


@dataclass
class Tried:
    tries: int = 1


# State, event, tries -> state, whether it ends.
EXPECTED: dict[tuple[str, str, int], tuple[str, bool]] = {
    **{(state, "claim", 1): ("calling", False) for state in ("waiting", "calling")},
    **{(state, "expire", 1): ("expired", True) for state in ("waiting", "calling")},
    **{(state, "lose", 1): ("given-up", True) for state in ("waiting", "calling")},
    **{(state, "done", 1): ("done", True) for state in ("waiting", "calling", "given-up", "expired")},
    **{(state, "done", 1): (state, False) for state in ("done", "refused")},
    **{(state, "refused", 1): ("refused", True) for state in ("waiting", "calling")},
    **{(state, "refused", 1): (state, False) for state in ("done", "refused", "given-up", "expired")},
    ("calling", "failed", 1): ("waiting", False),
    ("calling", "failed", TRIES_MAX): ("given-up", True),
    **{(state, "failed", 1): (state, False) for state in ("waiting", "done", "refused", "given-up", "expired")},
    **{(state, "replay", 1): ("waiting", False) for state in ("refused", "given-up")},
}


@pytest.mark.parametrize("tries", [1, TRIES_MAX])
@pytest.mark.parametrize("event", ["claim", "expire", "lose", "done", "refused", "failed", "replay", "unheard-of"])
@pytest.mark.parametrize("state", STATES)
def test_each_event_in_each_state_does_what_its_row_says_or_nothing(state: str, event: str, tries: int) -> None:
    expected = EXPECTED.get((state, event, tries)) or EXPECTED.get((state, event, 1))
    by = BY.get(event, OTHER_SIDE)
    if expected is None:
        with pytest.raises(UnnamedTransition):
            CALL.row_for(state, event, by, Tried(tries), TRIES_MAX)
    else:
        row = CALL.row_for(state, event, by, Tried(tries), TRIES_MAX)
        assert (row.next_state(state, None), ENDS in row.emits) == expected


@pytest.mark.parametrize(("table", "states"), [(CALL, STATES), (BREAKER, BREAKER_STATES)], ids=["call", "breaker"])
def test_nobody_but_the_named_party_moves_it(table: object, states: tuple[str, ...]) -> None:
    for chosen in (CALL, BREAKER):
        if chosen is not table:
            continue
        for row in chosen.rows:
            for state in row.states:
                for by in {NODE, OTHER_SIDE, OPERATOR, "stranger"} - {row.by}:
                    with pytest.raises(UnnamedTransition):
                        chosen.row_for(state, row.event, by, Breaker(), 1)
        assert {state for row in chosen.rows for state in row.states} == set(states)


def answered(breaker: Breaker, *outcomes: str, now_us: int = 0) -> list[tuple[str, ...]]:
    return [breaker.answered(outcome, FAILURES_MAX, REST_US, now_us) for outcome in outcomes]


def test_a_breaker_rests_after_failures_in_a_row_alone() -> None:
    breaker = Breaker()
    answered(breaker, "failed", "failed", "done", "failed", "failed", "refused", "failed", "failed")
    assert (breaker.state, breaker.failures) == (OK, 2)
    assert breaker.calls_allowed(0, CLAIM_US) == CLAIMED_MAX
    assert answered(breaker, "failed", now_us=5) == [(RESTS,)]
    assert (breaker.state, breaker.next_at_us, breaker.resting) == (RESTING, 5 + REST_US, True)


def test_a_resting_breaker_tries_with_one_call_and_rests_longer_each_time() -> None:
    breaker = Breaker()
    answered(breaker, *["failed"] * 3)
    assert breaker.calls_allowed(REST_US - 1, CLAIM_US) == 0
    assert breaker.calls_allowed(REST_US, CLAIM_US) == 1
    assert (breaker.state, breaker.calls_allowed(REST_US + 1, CLAIM_US)) == (TRYING, 0)
    assert answered(breaker, "failed", now_us=REST_US) == [(RESTS,)]
    assert breaker.next_at_us == REST_US + 2 * REST_US
    assert answered(breaker, "failed", now_us=REST_US + 1) == [()]
    assert breaker.next_at_us == REST_US + 2 * REST_US


def test_who_tried_and_did_not_come_back_is_followed_by_another() -> None:
    breaker = Breaker()
    answered(breaker, *["failed"] * 3)
    assert breaker.calls_allowed(REST_US, CLAIM_US) == 1
    assert breaker.calls_allowed(REST_US + CLAIM_US, CLAIM_US) == 1


@pytest.mark.parametrize("works", ["done", "refused"])
@pytest.mark.parametrize("tried", [True, False])
def test_any_answer_ends_the_rest(works: str, tried: bool) -> None:
    breaker = Breaker()
    answered(breaker, *["failed"] * 3)
    if tried:
        breaker.calls_allowed(REST_US, CLAIM_US)
    assert answered(breaker, works) == [(MENDED,)]
    assert breaker == Breaker()


def test_a_rest_is_never_longer_than_an_hour() -> None:
    breaker = Breaker()
    answered(breaker, *["failed"] * 3)
    for _ in range(100):
        assert breaker.calls_allowed(breaker.next_at_us, CLAIM_US) == 1
        answered(breaker, "failed")
    assert breaker.next_at_us == 3_600_000_000

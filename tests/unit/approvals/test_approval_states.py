"""The life of a request for approval: every row, and every pair that no row names."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from common.approvals.approval_states import (
    ALARM,
    APPROVAL,
    APPROVER,
    ASKER,
    CARRIED_OUT,
    ENDED,
    EXPIRED,
    FAILED,
    NODE,
    NONE,
    OWNER,
    PENDING,
    REFUSED,
    RUN,
    STATES,
    WITHDRAWN,
    Facts,
)
from common.approvals.model import STATES_ZH
from common.state_table import UnnamedTransition

EVENTS = ("ask", "approve", "break-glass", "refuse", "withdraw", "expire")
PARTIES = (ASKER, APPROVER, OWNER, NODE)
UNTIL_US = 1_000


class Request(NamedTuple):
    expires_at_us: int = UNTIL_US


IN_TIME = {
    ("ask", ASKER, NONE): (PENDING, PENDING, ()),
    ("approve", APPROVER, PENDING): (CARRIED_OUT, FAILED, (RUN,)),
    ("break-glass", OWNER, PENDING): (CARRIED_OUT, FAILED, (RUN, ALARM)),
    ("refuse", APPROVER, PENDING): (REFUSED, REFUSED, ()),
    ("withdraw", ASKER, PENDING): (WITHDRAWN, WITHDRAWN, ()),
}
TOO_LATE = {
    ("ask", ASKER, NONE): (PENDING, PENDING, ()),
    ("expire", NODE, PENDING): (EXPIRED, EXPIRED, ()),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("by", PARTIES)
@pytest.mark.parametrize(("now_us", "expected"), [(UNTIL_US - 1, IN_TIME), (UNTIL_US, TOO_LATE)])
def test_each_event_does_what_its_row_says_or_nothing(
    state: str, event: str, by: str, now_us: int, expected: dict[tuple[str, str, str], tuple[str, str, tuple[str, ...]]]
) -> None:
    row = expected.get((event, by, state))
    if row is None:
        with pytest.raises(UnnamedTransition):
            APPROVAL.row_for(state, event, by, Request(), Facts(now_us))
        return
    found = APPROVAL.row_for(state, event, by, Request(), Facts(now_us))
    assert found.next_state(state, Facts(now_us)) == row[0]
    assert found.next_state(state, Facts(now_us, "NOT_PERMITTED")) == row[1]
    assert found.emits == row[2]


def test_what_has_ended_stays_so_and_has_a_name() -> None:
    assert set(ENDED) == set(STATES) - {NONE, PENDING} == STATES_ZH.keys()
    assert not any(set(row.states) & set(ENDED) for row in APPROVAL.rows)

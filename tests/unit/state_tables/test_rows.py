"""Every row of the lives of a leg, taken by the code that a node runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from common.requests.leg_states import ASKED_LEG
from common.requests.leg_states import OPEN as ASKED_OPEN
from common.requests.model import AskedLeg
from common.state_table import Row, StateTable
from hq_node.hub.leg_states import HUB_LEG
from hq_node.hub.model import Facts, HubLeg
from province_node.serving.leg_states import SERVING_LEG
from province_node.serving.model import ServingLeg

NOW_US = 1_800_000_000_000_000
LEG = b"r" * 16 + b"3144"
DIGEST = b"d" * 32
ENDS = ("completed", "rejected", "expired", "cancelled")


@dataclass
class Walk:
    """One way through one row: a leg in a state with marks, an event, and what must have become of both."""

    table: StateTable
    state: str
    take: Callable[[Any], object]
    after: str
    emits: tuple[str, ...] = ()
    marks: dict[str, Any] = field(default_factory=dict)
    marks_after: dict[str, Any] = field(default_factory=dict)
    name: str = ""

    def leg(self) -> Any:
        if self.table is HUB_LEG:
            return HubLeg(LEG, "31", "44", self.state, request_digest=DIGEST, **self.marks)
        if self.table is ASKED_LEG:
            return replace(AskedLeg.new(LEG[:16], "31", "44"), state=self.state, **self.marks)
        return ServingLeg(LEG, "31", self.state, **self.marks)


def hub(state: str, name: str, take: Callable[[HubLeg], object], after: str, *emits: str, **more: Any) -> Walk:
    return Walk(HUB_LEG, state, take, after, emits, name=name, **more)


def origin(state: str, name: str, take: Callable[[AskedLeg], object], after: str, *emits: str, **more: Any) -> Walk:
    return Walk(ASKED_LEG, state, take, after, emits, name=name, **more)


def home(state: str, name: str, take: Callable[[ServingLeg], object], after: str, *emits: str, **more: Any) -> Walk:
    return Walk(SERVING_LEG, state, take, after, emits, name=name, **more)


SAME = Facts(request_digest=DIGEST)
CANCELLED = Facts(outcome="cancelled", request_digest=DIGEST)


def answers(event: str, outcome: str = "") -> Callable[[HubLeg], object]:
    return lambda leg: leg.take_answer(event, Facts(outcome=outcome), NOW_US)


HUB_WALKS = [
    hub("none", "Request", lambda leg: leg.take_request(SAME, NOW_US), "admitted", "Stamp -> origin"),
    hub(
        "none",
        "Request, not good",
        lambda leg: leg.take_request(Facts(refusal="DIRECTORY_STALE"), NOW_US),
        "rejected",
        "Final(rejected) -> origin",
        marks_after={"reason_code": "DIRECTORY_STALE", "ended_at_us": NOW_US},
    ),
    hub(
        "admitted",
        "seal",
        lambda leg: leg.seal(NOW_US),
        "forwarded",
        "Request -> home",
        marks_after={"forwarded_at_us": NOW_US},
    ),
    hub("admitted", "time limit", lambda leg: leg.pass_time_limit(NOW_US), "expired", "Final(expired) -> origin"),
    hub(
        "admitted", "Cancel", lambda leg: leg.take_cancel(CANCELLED, NOW_US), "cancelled", "Final(cancelled) -> origin"
    ),
    *(
        hub(
            "forwarded",
            f"Final {end}, withdrawn: {withdraw or 'no'}",
            answers("Final", end),
            end,
            "Final relayed -> origin",
            marks={"withdraw": withdraw},
            marks_after={"answered_at_us": NOW_US, "due_at_us": 0},
        )
        for end in ("completed", "rejected")
        for withdraw in ("", "expired", "cancelled")
    ),
    hub(
        "forwarded",
        "forced end",
        lambda leg: leg.force_end(Facts(home_revoked=True), NOW_US),
        "rejected",
        "Final(rejected) -> origin",
        marks_after={"reason_code": "HOME_LOST", "ended_at_us": NOW_US, "answered_at_us": 0},
    ),
    hub("forwarded", "Interim", answers("Interim"), "forwarded", "Interim relayed -> origin"),
    hub(
        "forwarded",
        "time limit",
        lambda leg: leg.pass_time_limit(NOW_US),
        "forwarded",
        "Withdraw(expired) -> home",
        "Overdue -> origin",
        marks={"due_at_us": 5},
        marks_after={"withdraw": "expired", "overdue": True, "due_at_us": 0},
    ),
    hub(
        "forwarded",
        "time limit after Cancel",
        lambda leg: leg.pass_time_limit(NOW_US),
        "forwarded",
        "Overdue -> origin",
        marks={"withdraw": "cancelled"},
        marks_after={"withdraw": "cancelled", "overdue": True},
    ),
    hub(
        "forwarded",
        "Cancel",
        lambda leg: leg.take_cancel(CANCELLED, NOW_US),
        "forwarded",
        "Withdraw(cancelled) -> home",
        marks_after={"withdraw": "cancelled", "overdue": False},
    ),
    *(
        hub(
            "forwarded",
            f"Cancel after {withdraw}",
            lambda leg: leg.take_cancel(CANCELLED, NOW_US),
            "forwarded",
            marks={"withdraw": withdraw},
            marks_after={"withdraw": withdraw},
        )
        for withdraw in ("expired", "cancelled")
    ),
    *(
        hub(
            "forwarded",
            f"Withdrawn {end}",
            answers("Withdrawn", end),
            end,
            "Final relayed -> origin",
            marks={"withdraw": end},
        )
        for end in ("expired", "cancelled")
    ),
    *(
        walk
        for end in ENDS
        for walk in (
            hub(end, "Request", lambda leg: leg.take_request(SAME, NOW_US), end, "stored Final -> origin"),
            hub(end, "Cancel", lambda leg: leg.take_cancel(CANCELLED, NOW_US), end, "stored Final -> origin"),
            hub(end, "Final, the same", answers("Final", end), end),
            hub(end, "Withdrawn, the same", answers("Withdrawn", end), end),
            hub(end, "Interim", answers("Interim"), end),
        )
    ),
]

ORIGIN_WALKS = [
    origin("none", "submit", lambda leg: leg.submit(b"m" * 16, DIGEST, NOW_US), "submitted", "Request"),
    *(
        walk
        for state in ASKED_OPEN
        for walk in (
            origin(
                state,
                "cancel",
                lambda leg: leg.ask_cancel(NOW_US),
                state,
                "Cancel",
                marks_after={"cancel_asked_at_us": NOW_US},
            ),
            origin(
                state,
                "cancel again",
                lambda leg: leg.ask_cancel(NOW_US),
                state,
                marks={"cancel_asked_at_us": 1},
                marks_after={"cancel_asked_at_us": 1},
            ),
            origin(
                state, "Interim", lambda leg: leg.note_interim(NOW_US), state, marks_after={"working_at_us": NOW_US}
            ),
            origin(state, "Stamp", lambda leg: ASKED_LEG.row_for(leg.state, "Stamp", "hub", leg), state),
            *(
                origin(
                    state,
                    f"Final {end}",
                    lambda leg, end=end: leg.end(end, "WHY", NOW_US),
                    end,
                    "customer told",
                    marks_after={"reason_code": "WHY", "ended_at_us": NOW_US},
                )
                for end in ENDS
            ),
        )
    ),
    origin("submitted", "Overdue", lambda leg: leg.note_overdue(NOW_US), "overdue"),
    *(
        walk
        for end in ENDS
        for walk in (
            origin(end, "Overdue", lambda leg: leg.note_overdue(NOW_US), end),
            origin(end, "Interim", lambda leg: leg.note_interim(NOW_US), end),
            origin(end, "Stamp", lambda leg: ASKED_LEG.row_for(leg.state, "Stamp", "hub", leg), end),
            origin(
                end,
                "Final, the same",
                lambda leg, end=end: leg.end(end, "AGAIN", NOW_US),
                end,
                marks_after={"reason_code": "", "ended_at_us": 0},
            ),
        )
    ),
]

HOME_WALKS = [
    home(
        "none",
        "Request, done",
        lambda leg: leg.take_request("done", NOW_US),
        "completed",
        "Final",
        marks_after={"ended_at_us": NOW_US},
    ),
    home("none", "Request, refused", lambda leg: leg.take_request("refused", NOW_US), "rejected", "Final"),
    home("none", "Request, long", lambda leg: leg.take_request("working", NOW_US), "working", "Interim"),
    home("working", "begins outside", lambda leg: leg.begin_outside_effect(NOW_US), "committing"),
    home("working", "refused", lambda leg: leg.finish("refused", NOW_US), "rejected", "Final"),
    home("working", "done", lambda leg: leg.finish("done", NOW_US), "completed", "Final"),
    home("committing", "done", lambda leg: leg.finish("done", NOW_US), "completed", "Final"),
    home("committing", "refused", lambda leg: leg.finish("refused", NOW_US), "rejected", "Final"),
    home(
        "committing",
        "no answer",
        lambda leg: SERVING_LEG.row_for(leg.state, "no answer", "outside system", leg),
        "committing",
        "ask again",
    ),
    *(
        home(state, f"Withdraw {end}", lambda leg, end=end: leg.withdraw(end, NOW_US), end, "Withdrawn")
        for state in ("none", "working")
        for end in ("expired", "cancelled")
    ),
    home("committing", "Withdraw", lambda leg: leg.withdraw("expired", NOW_US), "committing"),
    *(
        walk
        for end, stored in zip(ENDS, ("Final", "Final", "Withdrawn", "Withdrawn"), strict=True)
        for walk in (
            home(end, "Withdraw", lambda leg: leg.withdraw("expired", NOW_US), end, f"stored {stored}"),
            home(end, "Request", lambda leg: leg.take_request("", NOW_US), end, f"stored {stored}"),
        )
    ),
]

WALKS = [*HUB_WALKS, *ORIGIN_WALKS, *HOME_WALKS]
Taken = list[tuple[str, str, Row]]


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Taken:
    """The rows that the tables were asked for and gave, in order."""
    rows: Taken = []
    asked = StateTable.row_for

    def row_for(self: StateTable, state: str, *rest: Any) -> Row:
        row = asked(self, state, *rest)
        rows.append((self.name, state, row))
        return row

    monkeypatch.setattr(StateTable, "row_for", row_for)
    return rows


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: f"{walk.table.name}, {walk.state}: {walk.name}")
def test_a_row_leads_where_the_table_says(walk: Walk, taken: Taken) -> None:
    leg = walk.leg()
    walk.take(leg)
    assert leg.state == walk.after
    ((_, _, row),) = taken
    assert row.emits == walk.emits
    assert {mark: getattr(leg, mark) for mark in walk.marks_after} == walk.marks_after


def test_every_row_is_walked_from_each_of_its_states(taken: Taken) -> None:
    for walk in WALKS:
        walk.take(walk.leg())
    walked = {(table, state, id(row)) for table, state, row in taken}
    named = {
        (table.name, state, id(row)): f"{table.name}: {row.event} by {row.by} in {state} ({row.guard_name})"
        for table in (HUB_LEG, ASKED_LEG, SERVING_LEG)
        for row in table.rows
        for state in row.states
    }
    assert not [words for key, words in named.items() if key not in walked]

"""What no row names raises UnnamedTransition and changes nothing: the tables, and the models that run them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from common.requests.leg_states import ASKED_LEG
from common.requests.model import AskedLeg
from common.state_table import StateTable, UnnamedTransition
from hq_node.hub.leg_states import HUB_LEG
from hq_node.hub.model import Facts, HubLeg
from province_node.serving.leg_states import SERVING_LEG
from province_node.serving.model import ServingLeg

NOW_US = 1_800_000_000_000_000
LEG = b"r" * 16 + b"3144"
DIGEST = b"d" * 32
TABLES = (HUB_LEG, ASKED_LEG, SERVING_LEG)


def unnamed(table: StateTable) -> Iterator[tuple[StateTable, str, str, str]]:
    """Every state, event and party of a table that no row brings together."""
    events, parties = {row.event for row in table.rows}, {row.by for row in table.rows} | {"a stranger"}
    named = {(state, row.event, row.by) for row in table.rows for state in row.states}
    for state in table.states:
        for event in sorted(events | {"an unknown event"}):
            for by in sorted(parties):
                if (state, event, by) not in named:
                    yield table, state, event, by


@pytest.mark.parametrize(
    ("table", "state", "event", "by"),
    [case for table in TABLES for case in unnamed(table)],
    ids=lambda part: part.name if isinstance(part, StateTable) else part,
)
def test_a_table_knows_no_row_for_it(table: StateTable, state: str, event: str, by: str) -> None:
    with pytest.raises(UnnamedTransition) as raised:
        table.row_for(state, event, by, HubLeg(LEG, "31", "44"), Facts())
    assert raised.value.facts == {"table": table.name, "state": state, "event": event, "by": by}


Take = Callable[[Any], object]
OTHER = Facts(outcome="cancelled", request_digest=b"o" * 32)


def _answer(event: str, outcome: str = "") -> Take:
    return lambda leg: leg.take_answer(event, Facts(outcome=outcome), NOW_US)


HUB_TAKES: dict[str, Take] = {
    "Request for other bytes": lambda leg: leg.take_request(OTHER, NOW_US),
    "seal": lambda leg: leg.seal(NOW_US),
    "time limit": lambda leg: leg.pass_time_limit(NOW_US),
    "Cancel of other bytes": lambda leg: leg.take_cancel(OTHER, NOW_US),
    "Interim": _answer("Interim"),
    "Final without an outcome": _answer("Final"),
    "Final completed": _answer("Final", "completed"),
    "Final rejected": _answer("Final", "rejected"),
    "Final expired": _answer("Final", "expired"),
    "Withdrawn without an outcome": _answer("Withdrawn"),
    "Withdrawn completed": _answer("Withdrawn", "completed"),
    "Withdrawn expired": _answer("Withdrawn", "expired"),
    "Withdrawn cancelled": _answer("Withdrawn", "cancelled"),
}
HUB_UNNAMED = {
    "none": set(HUB_TAKES) - {"Request for other bytes"},
    "admitted": set(HUB_TAKES) - {"seal", "time limit"},
    "forwarded": set(HUB_TAKES) - {"time limit", "Interim", "Final completed", "Final rejected"},
    "completed": set(HUB_TAKES) - {"Interim", "Final completed", "Withdrawn completed"},
    "rejected": set(HUB_TAKES) - {"Interim", "Final rejected"},
    "expired": set(HUB_TAKES) - {"Interim", "Final expired", "Withdrawn expired"},
    "cancelled": set(HUB_TAKES) - {"Interim", "Withdrawn cancelled"},
}


@pytest.mark.parametrize(
    ("state", "name"), [(state, name) for state in HUB_UNNAMED for name in sorted(HUB_UNNAMED[state])]
)
def test_a_leg_at_the_hub_stays_as_it_was(state: str, name: str) -> None:
    assert_unchanged(HubLeg(LEG, "31", "44", state, request_digest=DIGEST), HUB_TAKES[name])


@pytest.mark.parametrize(
    ("withdraw", "overdue", "name"),
    [
        ("expired", True, "Withdrawn cancelled"),
        ("cancelled", False, "Withdrawn expired"),
        ("expired", True, "Cancel of other bytes"),
        ("expired", True, "time limit"),
        ("cancelled", True, "time limit"),
        ("expired", True, "seal"),
    ],
)
def test_a_leg_that_is_being_withdrawn_stays_as_it_was(withdraw: str, overdue: bool, name: str) -> None:
    leg = HubLeg(LEG, "31", "44", "forwarded", withdraw=withdraw, overdue=overdue, request_digest=DIGEST)
    assert_unchanged(leg, HUB_TAKES[name])


ASKED_TAKES: dict[str, Take] = {
    "submit": lambda leg: leg.submit(b"m" * 16, DIGEST, NOW_US),
    "cancel": lambda leg: leg.ask_cancel(NOW_US),
    "Interim": lambda leg: leg.note_interim(NOW_US),
    "Overdue": lambda leg: leg.note_overdue(NOW_US),
    "Final without an outcome": lambda leg: leg.end("", "", NOW_US),
    "Final of no known outcome": lambda leg: leg.end("submitted", "", NOW_US),
    **{
        f"Final {end}": (lambda leg, end=end: leg.end(end, "", NOW_US))
        for end in ("completed", "rejected", "expired", "cancelled")
    },
}
NO_ENDS = {"Final without an outcome", "Final of no known outcome"}
ASKED_UNNAMED = {
    "none": set(ASKED_TAKES) - {"submit"},
    "submitted": {"submit", *NO_ENDS},
    "overdue": {"submit", "Overdue", *NO_ENDS},
    **{
        end: set(ASKED_TAKES) - {"Interim", "Overdue", f"Final {end}"}
        for end in ("completed", "rejected", "expired", "cancelled")
    },
}


@pytest.mark.parametrize(
    ("state", "name"), [(state, name) for state in ASKED_UNNAMED for name in sorted(ASKED_UNNAMED[state])]
)
def test_a_leg_at_its_origin_stays_as_it_was(state: str, name: str) -> None:
    assert_unchanged(replace(AskedLeg.new(LEG[:16], "31", "44"), state=state), ASKED_TAKES[name])


SERVING_TAKES: dict[str, Take] = {
    "Request, done": lambda leg: leg.take_request("done", NOW_US),
    "Request with no result": lambda leg: leg.take_request("", NOW_US),
    "begin outside effect": lambda leg: leg.begin_outside_effect(NOW_US),
    "finish, done": lambda leg: leg.finish("done", NOW_US),
    "finish, refused": lambda leg: leg.finish("refused", NOW_US),
    "finish, unknown": lambda leg: leg.finish("perhaps", NOW_US),
    **{
        f"Withdraw {reason or 'without a reason'}": (lambda leg, reason=reason: leg.withdraw(reason, NOW_US))
        for reason in ("", "completed", "rejected", "expired", "cancelled", "committing")
    },
}
_FINISHES = {"begin outside effect", "finish, done", "finish, refused", "finish, unknown"}
_NO_REASONS = {"Withdraw without a reason", "Withdraw completed", "Withdraw rejected", "Withdraw committing"}
SERVING_UNNAMED = {
    "none": {"Request with no result", *_FINISHES, *_NO_REASONS},
    "working": {"Request, done", "Request with no result", "finish, unknown", *_NO_REASONS},
    "committing": {
        "Request, done",
        "Request with no result",
        "begin outside effect",
        "finish, unknown",
        *_NO_REASONS,
    },
    **{end: {*_FINISHES, *_NO_REASONS} for end in ("completed", "rejected", "expired", "cancelled")},
}


@pytest.mark.parametrize(
    ("state", "name"), [(state, name) for state in SERVING_UNNAMED for name in sorted(SERVING_UNNAMED[state])]
)
def test_a_leg_at_home_stays_as_it_was(state: str, name: str) -> None:
    assert_unchanged(ServingLeg(LEG, "31", state), SERVING_TAKES[name])


def assert_unchanged(leg: Any, take: Take) -> None:
    before = replace(leg)
    with pytest.raises(UnnamedTransition):
        take(leg)
    assert leg == before

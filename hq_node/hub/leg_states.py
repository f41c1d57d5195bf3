"""The life of a leg as the hub decides it (state tables, A1), as data.

Marks: `withdraw` (none, expired, cancelled) and `overdue` go with `forwarded`. The facts of an event are what its guard
and its new state need: the reason a request is not good, the outcome of a final, the reason of a withdrawal.
"""

from __future__ import annotations

from typing import Any

from common.state_table import UNCHANGED, Row, StateTable

NONE, ADMITTED, FORWARDED = "none", "admitted", "forwarded"
COMPLETED, REJECTED, EXPIRED, CANCELLED = "completed", "rejected", "expired", "cancelled"
TERMINAL = (COMPLETED, REJECTED, EXPIRED, CANCELLED)
STATES = (NONE, ADMITTED, FORWARDED, *TERMINAL)

ORIGIN, HOME, HUB, OPERATOR = "origin", "home", "hub", "operator"

NOT_WITHDRAWN = ""


def _good(_leg: Any, facts: Any) -> bool:
    return not facts.refusal


def _not_good(_leg: Any, facts: Any) -> bool:
    return bool(facts.refusal)


def _not_withdrawn(leg: Any, _facts: Any) -> bool:
    return bool(leg.withdraw == NOT_WITHDRAWN)


def _withdrawn(leg: Any, _facts: Any) -> bool:
    return bool(leg.withdraw != NOT_WITHDRAWN)


def _cancelled_not_overdue(leg: Any, _facts: Any) -> bool:
    return bool(leg.withdraw == CANCELLED and not leg.overdue)


def _as_withdrawn(leg: Any, facts: Any) -> bool:
    return bool(leg.withdraw != NOT_WITHDRAWN and leg.withdraw == facts.outcome)


def _home_decides(_leg: Any, facts: Any) -> bool:
    return facts.outcome in (COMPLETED, REJECTED)


def _says_the_same(leg: Any, facts: Any) -> bool:
    return bool(leg.state == facts.outcome)


def _same_digest(leg: Any, facts: Any) -> bool:
    return bool(leg.request_digest == facts.request_digest)


def _home_revoked(_leg: Any, facts: Any) -> bool:
    return bool(facts.home_revoked)


def _outcome(facts: Any) -> str:
    return str(facts.outcome)


HUB_LEG = StateTable(
    "A1 hub",
    STATES,
    (
        Row((NONE,), "Request", ORIGIN, ADMITTED, ("Stamp -> origin",), _good, "good"),
        Row((NONE,), "Request", ORIGIN, REJECTED, ("Final(rejected) -> origin",), _not_good, "not good"),
        Row((ADMITTED,), "seal", HUB, FORWARDED, ("Request -> home",)),
        Row((ADMITTED,), "time limit", HUB, EXPIRED, ("Final(expired) -> origin",)),
        Row((ADMITTED,), "Cancel", ORIGIN, CANCELLED, ("Final(cancelled) -> origin",), _same_digest, "same digest"),
        Row(
            (FORWARDED,),
            "Final",
            HOME,
            _outcome,
            ("Final relayed -> origin",),
            _home_decides,
            "completed or rejected",
        ),
        # Named by A3 ("may be left out") but by no row of A1 as it came; see ARCHITECTURE.md, "Where we went further".
        Row((FORWARDED,), "Interim", HOME, UNCHANGED, ("Interim relayed -> origin",)),
        Row(TERMINAL, "Interim", HOME, UNCHANGED, ()),
        Row(
            (FORWARDED,),
            "time limit",
            HUB,
            FORWARDED,
            ("Withdraw(expired) -> home", "Overdue -> origin"),
            _not_withdrawn,
            "withdraw = none",
            {"withdraw": EXPIRED, "overdue": True},
        ),
        Row(
            (FORWARDED,),
            "time limit",
            HUB,
            FORWARDED,
            ("Overdue -> origin",),
            _cancelled_not_overdue,
            "withdraw = cancelled, overdue = no",
            {"overdue": True},
        ),
        Row(
            (FORWARDED,),
            "Cancel",
            ORIGIN,
            FORWARDED,
            ("Withdraw(cancelled) -> home",),
            lambda leg, facts: _not_withdrawn(leg, facts) and _same_digest(leg, facts),
            "withdraw = none, same digest",
            {"withdraw": CANCELLED},
        ),
        Row(
            (FORWARDED,),
            "Cancel",
            ORIGIN,
            UNCHANGED,
            (),
            lambda leg, facts: _withdrawn(leg, facts) and _same_digest(leg, facts),
            "withdraw set, same digest",
        ),
        Row(
            (FORWARDED,), "Withdrawn", HOME, _outcome, ("Final relayed -> origin",), _as_withdrawn, "reason = withdraw"
        ),
        # A home that is lost for good: nobody but an operator ends its legs, and not before its keys have ended.
        Row(
            (FORWARDED,),
            "forced end",
            OPERATOR,
            REJECTED,
            ("Final(rejected) -> origin",),
            _home_revoked,
            "home revoked",
        ),
        Row(TERMINAL, "Request", ORIGIN, UNCHANGED, ("stored Final -> origin",), _same_digest, "same digest"),
        Row(TERMINAL, "Cancel", ORIGIN, UNCHANGED, ("stored Final -> origin",), _same_digest, "same digest"),
        Row(TERMINAL, "Final", HOME, UNCHANGED, (), _says_the_same, "says the same"),
        Row(TERMINAL, "Withdrawn", HOME, UNCHANGED, (), _says_the_same, "says the same"),
    ),
)

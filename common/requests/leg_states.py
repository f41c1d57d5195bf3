"""The life of a leg as the asking node sees it (state tables, A2), as data."""

from __future__ import annotations

from typing import Any

from common.state_table import UNCHANGED, Row, StateTable

NONE, SUBMITTED, OVERDUE = "none", "submitted", "overdue"
COMPLETED, REJECTED, EXPIRED, CANCELLED = "completed", "rejected", "expired", "cancelled"
TERMINAL = (COMPLETED, REJECTED, EXPIRED, CANCELLED)
OPEN = (SUBMITTED, OVERDUE)

OPERATOR, HUB = "own operator", "hub"


def _not_asked_before(leg: Any, _facts: Any) -> bool:
    return not leg.cancel_asked_at_us


def _asked_before(leg: Any, _facts: Any) -> bool:
    return bool(leg.cancel_asked_at_us)


def _is_an_end(_leg: Any, outcome: Any) -> bool:
    return outcome in TERMINAL


def _says_the_same(leg: Any, outcome: Any) -> bool:
    return bool(leg.state == outcome)


ASKED_LEG = StateTable(
    "A2 origin",
    (NONE, *OPEN, *TERMINAL),
    (
        Row((NONE,), "submit", OPERATOR, SUBMITTED, ("Request",)),
        Row(OPEN, "cancel", OPERATOR, UNCHANGED, ("Cancel",), _not_asked_before, "not asked before"),
        Row(OPEN, "cancel", OPERATOR, UNCHANGED, (), _asked_before, "asked before"),
        Row(OPEN, "Stamp", HUB, UNCHANGED, ()),
        # Interim is named by A3 but by no row of A1 and A2 as they came; see ARCHITECTURE.md, "Where we went further".
        Row(OPEN, "Interim", HUB, UNCHANGED, ()),
        Row((SUBMITTED,), "Overdue", HUB, OVERDUE, ()),
        Row(OPEN, "Final", HUB, lambda outcome: str(outcome), ("customer told",), _is_an_end, "an outcome"),
        Row(TERMINAL, "Overdue", HUB, UNCHANGED, ()),
        Row(TERMINAL, "Stamp", HUB, UNCHANGED, ()),
        Row(TERMINAL, "Interim", HUB, UNCHANGED, ()),
        Row(TERMINAL, "Final", HUB, UNCHANGED, (), _says_the_same, "says the same"),
    ),
)

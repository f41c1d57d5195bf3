"""The life of an alarm, as data.

Two sorts live by one table. A *condition* (a link is away) holds until it ends, and the alarm clears by itself. An
*occurrence* (a forged signature came) is over as soon as it has happened: it stands until somebody has acknowledged it,
and clears when it was not repeated for a while after that.
"""

from __future__ import annotations

from typing import Any

from common.state_table import UNCHANGED, Row, StateTable

NONE, RAISED, ACKNOWLEDGED, CLEARED = "none", "raised", "acknowledged", "cleared"
STATES = (NONE, RAISED, ACKNOWLEDGED, CLEARED)
STANDING = (RAISED, ACKNOWLEDGED)

NODE, OPERATOR = "node", "operator"

TOLD, NOTED = "told", "noted"
"""What a transition asks for: a line in the log and in the history; a line in the history alone."""


def _graver(alarm: Any, severity: Any) -> bool:
    return bool(alarm.graver_than_before(severity))


def _not_graver(alarm: Any, severity: Any) -> bool:
    return not alarm.graver_than_before(severity)


def _is_condition(alarm: Any, _facts: Any) -> bool:
    return bool(alarm.lasting)


def _is_occurrence(alarm: Any, _facts: Any) -> bool:
    return not alarm.lasting


ALARM = StateTable(
    "alarm",
    STATES,
    (
        Row((NONE, CLEARED), "raise", NODE, RAISED, (TOLD,)),
        Row((RAISED,), "raise", NODE, UNCHANGED, (TOLD,), _graver, "graver"),
        Row((RAISED,), "raise", NODE, UNCHANGED, (), _not_graver, "not graver"),
        Row((ACKNOWLEDGED,), "raise", NODE, RAISED, (TOLD,), _graver, "graver"),
        Row((ACKNOWLEDGED,), "raise", NODE, UNCHANGED, (), _not_graver, "not graver"),
        Row(STANDING, "acknowledge", OPERATOR, ACKNOWLEDGED, (NOTED,)),
        Row(STANDING, "end", NODE, CLEARED, (TOLD,), _is_condition, "condition"),
        Row((ACKNOWLEDGED,), "quiet", NODE, CLEARED, (TOLD,), _is_occurrence, "occurrence"),
    ),
)

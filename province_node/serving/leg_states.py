"""The life of a leg where it is carried out (state tables, A3), as data.

`expired` and `cancelled` are also the tombstones: a request that comes after its withdrawal meets them and does
nothing.
"""

from __future__ import annotations

from typing import Any

from common.state_table import UNCHANGED, Row, StateTable

NONE, WORKING, COMMITTING = "none", "working", "committing"
COMPLETED, REJECTED, EXPIRED, CANCELLED = "completed", "rejected", "expired", "cancelled"
ANSWERED = (COMPLETED, REJECTED)
WITHDRAWN = (EXPIRED, CANCELLED)
TERMINAL = (*ANSWERED, *WITHDRAWN)

HUB, HANDLER, OUTSIDE = "hub", "handler", "outside system"


def _answer_is(kind: str) -> Any:
    def guard(_leg: Any, answer: Any) -> bool:
        return bool(answer == kind)

    return guard


def _is_a_reason(_leg: Any, reason: Any) -> bool:
    return reason in WITHDRAWN


SERVING_LEG = StateTable(
    "A3 home",
    (NONE, WORKING, COMMITTING, *TERMINAL),
    (
        Row((NONE,), "Request", HUB, COMPLETED, ("Final",), _answer_is("done"), "handler succeeds"),
        Row((NONE,), "Request", HUB, REJECTED, ("Final",), _answer_is("refused"), "refused"),
        Row((NONE,), "Request", HUB, WORKING, ("Interim",), _answer_is("working"), "takes long"),
        Row((WORKING,), "begin outside effect", HANDLER, COMMITTING),
        Row((WORKING,), "refused", HANDLER, REJECTED, ("Final",)),
        # The table as it came lets long work end only through `committing`; work without an effect outside has no such
        # step. See ARCHITECTURE.md, "Where we went further".
        Row((WORKING,), "done", HANDLER, COMPLETED, ("Final",)),
        Row((COMMITTING,), "done", OUTSIDE, COMPLETED, ("Final",)),
        Row((COMMITTING,), "refused", OUTSIDE, REJECTED, ("Final",)),
        Row((COMMITTING,), "no answer", OUTSIDE, UNCHANGED, ("ask again",)),
        # Without the guard a hub could name `completed` as its reason, and home would sign an effect that never was.
        Row(
            (NONE, WORKING),
            "Withdraw",
            HUB,
            lambda reason: str(reason),
            ("Withdrawn",),
            _is_a_reason,
            "expired or cancelled",
        ),
        Row((COMMITTING,), "Withdraw", HUB, UNCHANGED, (), _is_a_reason, "expired or cancelled"),
        Row(ANSWERED, "Withdraw", HUB, UNCHANGED, ("stored Final",), _is_a_reason, "expired or cancelled"),
        Row(ANSWERED, "Request", HUB, UNCHANGED, ("stored Final",)),
        Row(WITHDRAWN, "Withdraw", HUB, UNCHANGED, ("stored Withdrawn",), _is_a_reason, "expired or cancelled"),
        Row(WITHDRAWN, "Request", HUB, UNCHANGED, ("stored Withdrawn",)),
    ),
)

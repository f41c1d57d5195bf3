"""The life of a request for approval, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from common.state_table import Row, StateTable

NONE, PENDING = "none", "pending"
CARRIED_OUT, FAILED = "carried-out", "failed"
REFUSED, WITHDRAWN, EXPIRED = "refused", "withdrawn", "expired"
STATES = (NONE, PENDING, CARRIED_OUT, FAILED, REFUSED, WITHDRAWN, EXPIRED)
ENDED = (CARRIED_OUT, FAILED, REFUSED, WITHDRAWN, EXPIRED)

ASKER, APPROVER, OWNER, NODE = "asker", "approver", "owner", "node"
"""The owner is whoever owns the node's data directory."""

RUN, ALARM = "run", "alarm"
"""What a transition asks for: the command is carried out; an alarm tells that nobody agreed."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides a transition. `failed`: the code for which the command could not be carried out; empty: it was."""

    now_us: int
    failed: str = ""


def _in_time(request: Any, facts: Any) -> bool:
    return bool(facts.now_us < request.expires_at_us)


def _overdue(request: Any, facts: Any) -> bool:
    return bool(facts.now_us >= request.expires_at_us)


def _as_it_went(facts: Any) -> str:
    return FAILED if facts.failed else CARRIED_OUT


APPROVAL = StateTable(
    "approval",
    STATES,
    (
        Row((NONE,), "ask", ASKER, PENDING),
        Row((PENDING,), "approve", APPROVER, _as_it_went, (RUN,), _in_time, "in time"),
        Row((PENDING,), "break-glass", OWNER, _as_it_went, (RUN, ALARM), _in_time, "in time"),
        Row((PENDING,), "refuse", APPROVER, REFUSED, (), _in_time, "in time"),
        Row((PENDING,), "withdraw", ASKER, WITHDRAWN, (), _in_time, "in time"),
        Row((PENDING,), "expire", NODE, EXPIRED, (), _overdue, "overdue"),
    ),
)

"""A leg as the hub decides it."""

from __future__ import annotations

from dataclasses import dataclass

from common.errors import Refusal
from common.state_table import Row
from hq_node.hub.leg_states import (
    ADMITTED,
    FORWARDED,
    HOME,
    HUB,
    HUB_LEG,
    NONE,
    NOT_WITHDRAWN,
    OPERATOR,
    ORIGIN,
    REJECTED,
    TERMINAL,
)

HOME_LOST = "HOME_LOST"
"""The reason of every leg that an operator ended because its home was lost: its mark, for good."""


class HomeNotRevoked(Refusal):
    """Legs of a node that may still answer are not ended by force."""

    en = "Node {node} is not revoked: its legs end by its own answers. Revoke it first if it is lost for good."
    zh = "节点 {node} 未被吊销，其业务以该节点的应答为准。如该节点确已无法恢复，请先吊销。"


@dataclass(frozen=True, slots=True)
class Facts:
    """What an event says that guards and new states need."""

    refusal: str = ""
    outcome: str = ""
    request_digest: bytes = b""
    home_revoked: bool = False


NO_FACTS = Facts()


@dataclass(slots=True)
class HubLeg:
    """One request at one destination, as the hub sees it. Times are microseconds of the hub's clock, 0: not yet.

    The final is kept as a place in the journal where it was relayed, and as bytes where the hub made it itself.
    """

    leg_id: bytes
    origin: str
    home: str
    state: str = NONE
    withdraw: str = NOT_WITHDRAWN
    overdue: bool = False
    message_id: bytes = b""
    request_digest: bytes = b""
    kind: str = ""
    message_class: int = 0
    hub_position: int = 0
    business_date: str = ""
    admitted_at_us: int = 0
    expires_at_us: int = 0
    forwarded_at_us: int = 0
    withdrawn_at_us: int = 0
    answered_at_us: int = 0
    ended_at_us: int = 0
    due_at_us: int = 0
    reason_code: str = ""
    final_seal_number: int = 0
    final_index: int = 0
    final: bytes = b""

    def take_request(self, facts: Facts, now_us: int) -> Row:
        """The origin asks: admitted, or rejected with a reason, or (ended already) answered again."""
        row = HUB_LEG.row_for(self.state, "Request", ORIGIN, self, facts)
        self._apply(row, facts, now_us)
        if self.state == REJECTED and not self.reason_code:
            self.reason_code = facts.refusal
        return row

    def seal(self, now_us: int) -> None:
        """The request is being sealed for home, in this transaction."""
        self._apply(HUB_LEG.row_for(self.state, "seal", HUB, self), NO_FACTS, now_us)
        self.forwarded_at_us = now_us

    def pass_time_limit(self, now_us: int) -> Row:
        """The time limit, counted here from admission, has passed."""
        row = HUB_LEG.row_for(self.state, "time limit", HUB, self)
        self._apply(row, NO_FACTS, now_us)
        # Once a time limit has passed on a sealed leg it is overdue: a mark, and there is nothing more to wake up for.
        self.due_at_us = 0
        return row

    def take_cancel(self, facts: Facts, now_us: int) -> Row:
        """The origin asks for the leg to be cancelled."""
        row = HUB_LEG.row_for(self.state, "Cancel", ORIGIN, self, facts)
        self._apply(row, facts, now_us)
        return row

    def take_answer(self, event: str, facts: Facts, now_us: int) -> Row:
        """Home answers: `Interim`, `Final` (completed, rejected) or `Withdrawn` (expired, cancelled)."""
        row = HUB_LEG.row_for(self.state, event, HOME, self, facts)
        self._apply(row, facts, now_us)
        return row

    def force_end(self, facts: Facts, now_us: int) -> Row:
        """An operator ends the leg, since home will never answer."""
        row = HUB_LEG.row_for(self.state, "forced end", OPERATOR, self, facts)
        self._apply(row, facts, now_us)
        self.reason_code, self.answered_at_us = HOME_LOST, 0
        return row

    def _apply(self, row: Row, facts: Facts, now_us: int) -> None:
        before, self.state = self.state, row.next_state(self.state, facts)
        for mark, value in row.marks.items():
            setattr(self, mark, value)
        if "withdraw" in row.marks:
            self.withdrawn_at_us = now_us
        if self.state in TERMINAL and before not in TERMINAL:
            self.ended_at_us, self.due_at_us = now_us, 0
            if before == FORWARDED:
                self.answered_at_us = now_us
            elif before == ADMITTED:
                # The hub's own end, before home ever heard of the leg: there is no other reason than the end itself.
                self.reason_code = self.state.upper()

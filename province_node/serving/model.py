"""A leg as the province sees it that carries it out."""

from __future__ import annotations

from dataclasses import dataclass

from common.errors import Refusal
from common.ids import split_leg_id
from common.state_table import UnnamedTransition
from province_node.serving.leg_states import HANDLER, HUB, NONE, OUTSIDE, SERVING_LEG, TERMINAL, WORKING


class ServingLegNotFound(Refusal):
    """This province carries out no such leg."""

    en = "This province carries out no leg {leg}."
    zh = "本省没有正在执行的分支 {leg}。"


@dataclass(slots=True)
class ServingLeg:
    """One request at this province. Times are microseconds of this node's clock, 0 where it has not happened."""

    leg_id: bytes
    source: str
    state: str = NONE
    message_id: bytes = b""
    request_digest: bytes = b""
    kind: str = ""
    received_at_us: int = 0
    committing_at_us: int = 0
    ended_at_us: int = 0
    reason_code: str = ""
    answer: bytes = b""

    def require_same_request(self, message_id: bytes, digest: bytes, event: str) -> None:
        """What is said of a known leg must be about the very request that it began with. Raises UnnamedTransition."""
        if message_id != self.message_id or digest != self.request_digest:
            raise UnnamedTransition(
                table=SERVING_LEG.name, state=self.state, event=f"{event} of another request", by=HUB
            )

    @property
    def request_id(self) -> bytes:
        return split_leg_id(self.leg_id)[0]

    def take_request(self, answer: str, now_us: int) -> tuple[str, ...]:
        """The request meets its leg; `answer` is done, refused or working. Returns what is to be said."""
        row = SERVING_LEG.row_for(self.state, "Request", HUB, self, answer)
        self._move(row.next_state(self.state, answer), now_us)
        return row.emits

    def withdraw(self, reason: str, now_us: int) -> tuple[str, ...]:
        """The hub withdraws the leg for `reason` (expired, cancelled). Returns what is to be said."""
        row = SERVING_LEG.row_for(self.state, "Withdraw", HUB, self, reason)
        self._move(row.next_state(self.state, reason), now_us)
        return row.emits

    def begin_outside_effect(self, now_us: int) -> None:
        """From here on no withdrawal is granted."""
        row = SERVING_LEG.row_for(self.state, "begin outside effect", HANDLER, self)
        self.state = row.next_state(self.state, None)
        self.committing_at_us = now_us

    def finish(self, result: str, now_us: int) -> None:
        """The work has ended: `done` or `refused`."""
        by = HANDLER if self.state == WORKING else OUTSIDE
        row = SERVING_LEG.row_for(self.state, result, by, self)
        self._move(row.next_state(self.state, None), now_us)

    def take_back(self, state: str, reason_code: str, answer: bytes, at_us: int) -> None:
        """The leg is as it was recorded; `at_us`: when that was."""
        self.state, self.reason_code, self.answer = state, reason_code, answer
        if state in TERMINAL:
            self.ended_at_us = at_us

    def _move(self, state: str, now_us: int) -> None:
        if state != self.state and state in TERMINAL:
            self.ended_at_us = now_us
        self.state = state

"""The other side of a port, simulated: it keeps what it was told, knows a repeated call by its key, refuses wrong
calls, and can answer late, twice or never, as real systems do.

What a call does happens before it is answered; so a call whose answer was lost is repeated, and must change nothing.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Protocol

from common.interfaces.model import Answer, Call, TellAnswer, done, failed, refused

CALLS_KEPT_MAX = 1_000
KEY_REUSED = "KEY_REUSED"


@dataclass(frozen=True, slots=True)
class Faults:
    """How many of a hundred calls are answered late, twice, never, or with a failure."""

    late: int = 0
    twice: int = 0
    never: int = 0
    failing: int = 0


class OtherSide(Protocol):
    """What a port's simulator knows of its business."""

    def take(self, call: Call) -> str:
        """Takes a call. Why it is refused; empty: it is not."""


class Simulator:
    """An adapter of any port. `chance`: a number from 0 to 1, another at each call; `faults`: asked at each call."""

    def __init__(
        self, other_side: OtherSide, faults: Callable[[], Faults], chance: Callable[[], float], tell: TellAnswer
    ) -> None:
        self._other_side = other_side
        self._faults = faults
        self._chance = chance
        self._tell = tell
        self._known: OrderedDict[bytes, tuple[Call, Answer]] = OrderedDict()
        self._telling: set[asyncio.Task[None]] = set()

    def lacks(self) -> None:
        """It needs nothing."""

    async def probe(self) -> Answer:
        """It is always there."""
        return done()

    async def make(self, call: Call) -> Answer:
        """Takes the call, and answers as the faults have it."""
        fault = self._drawn()
        if fault == "failing":
            return failed("SIMULATED_FAILURE")
        answer = self._take(call)
        if fault == "never":
            await asyncio.Event().wait()
        elif fault == "late":
            await self._answer_late(call, answer)
        elif fault == "twice":
            self._tell_apart(call, answer)
        return answer

    async def settle(self) -> None:
        """Until all answers are told that come apart from their calls."""
        while self._telling:
            await asyncio.gather(*self._telling)

    def _drawn(self) -> str:
        """The fault that befalls this call, mostly none."""
        faults, drawn = asdict(self._faults()), self._chance() * 100
        for fault, percent in faults.items():
            if drawn < percent:
                return fault
            drawn -= percent
        return ""

    def _take(self, call: Call) -> Answer:
        known = self._known.get(call.call_id)
        if known is not None:
            return known[1] if known[0] == call else refused(KEY_REUSED)
        reason = self._other_side.take(call)
        answer = refused(reason) if reason else done(f"simulated-{len(self._known) + 1}")
        self._known[call.call_id] = (call, answer)
        if len(self._known) > CALLS_KEPT_MAX:
            self._known.popitem(last=False)
        return answer

    async def _answer_late(self, call: Call, answer: Answer) -> None:
        """Waits until nobody waits for it any more, and answers then."""
        try:
            await asyncio.Event().wait()
        finally:
            self._tell_apart(call, answer)

    def _tell_apart(self, call: Call, answer: Answer) -> None:
        task = asyncio.ensure_future(self._tell(call.call_id, answer))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

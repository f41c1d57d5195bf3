"""A system outside the node, and the long work at a province that calls it: begun, repeated after crashes, answered."""

from __future__ import annotations

import sqlite3
from collections import Counter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from google.protobuf.wrappers_pb2 import StringValue

from common.errors import Refusal, TemporaryFault
from common.ids import HQ, format_leg
from common.state_table import UnnamedTransition
from province_node.serving.commands import BeginOutsideEffect, FinishLeg, RefuseLeg
from province_node.serving.events import LegBegun
from province_node.serving.leg_states import COMMITTING, WORKING
from province_node.serving.repository import serving_legs
from tests.simulation.kinds import Plan
from tests.simulation.nodes import NodeDown, SimulatedNode

if TYPE_CHECKING:
    from tests.simulation.world import World

REFUSED_OUTSIDE = "OUTSIDE_REFUSED"


class OutsideSystem:
    """Does what it is asked under a key once, and says so again when asked again. It survives all crashes."""

    def __init__(self) -> None:
        self.asked: Counter[bytes] = Counter()
        self.done: set[bytes] = set()

    def call(self, key: bytes, refuses: bool) -> bool:
        """Whether it is done; certainly not done otherwise."""
        self.asked[key] += 1
        if not refuses:
            self.done.add(key)
        return not refuses


class LongWork:
    """The workers of one province's long legs. They remember nothing: after a start they ask the database."""

    def __init__(self, world: World, node: SimulatedNode) -> None:
        self.world, self.node, self.life = world, node, node.life
        assert node.core is not None
        node.core.dispatcher.subscribe(LegBegun, self._begun)
        self._taken: set[bytes] = set()
        statement = sa.select(serving_legs.c.leg_id, serving_legs.c.state).where(
            serving_legs.c.state.in_((WORKING, COMMITTING))
        )
        for leg_id, state in node.core.connection.execute(statement).all():
            self._go_on(leg_id, state)

    def _begun(self, event: LegBegun) -> None:
        self._go_on(event.leg_id, WORKING)

    def _go_on(self, leg_id: bytes, state: str) -> None:
        if leg_id in self._taken:
            return
        self._taken.add(leg_id)
        if state == COMMITTING:
            self._later(self._call, leg_id)
        elif self._plan(leg_id).outside:
            self._later(self._begin, leg_id)
        else:
            self._later(self._finish, leg_id, True)

    def _plan(self, leg_id: bytes) -> Plan:
        return self.world.behaviour.plans[leg_id]

    def _later(self, step: Any, *arguments: Any) -> None:
        self.world.schedule.after(self.world.random.randrange(50_000, 5_000_000), self._alive, step, arguments)

    def _alive(self, step: Any, arguments: tuple[Any, ...]) -> None:
        if self.node.life == self.life and self.node.is_up:
            step(*arguments)

    def _begin(self, leg_id: bytes) -> None:
        self._execute(BeginOutsideEffect(leg_id), lambda: self._later(self._call, leg_id), self._begin, leg_id)

    def _call(self, leg_id: bytes) -> None:
        """The call itself; the process may be gone before it, or before its answer is heard."""
        faults = self.world.faults
        self._find_if_answered(leg_id)
        if faults.strikes("outside_call_crashes"):
            if faults.random.random() < 0.5:
                self.world.outside.call(leg_id, self._plan(leg_id).outside_refuses)
            self.node.crash("around the outside call")
            return
        done = self.world.outside.call(leg_id, self._plan(leg_id).outside_refuses)
        self.node.trace(f"outside call {format_leg(leg_id)} {'done' if done else 'not done'}")
        self._finish(leg_id, done)

    def _find_if_answered(self, leg_id: bytes) -> None:
        """Nobody is asked again outside for what HQ has the answer to; but for a machine that is not the node any more,
        and does not know it."""
        if self.node in self.world.former:
            return
        hub = sqlite3.connect(self.world.nodes[HQ].path)
        row = hub.execute("SELECT answered_at_us FROM hub_legs WHERE leg_id = ?", (leg_id,)).fetchone()
        hub.close()
        if row is not None and row[0]:
            self.world.find("outside-once", f"{self.node.name} asks again outside for {format_leg(leg_id)}")

    def _finish(self, leg_id: bytes, done: bool) -> None:
        body = StringValue(value="done").SerializeToString()
        command = FinishLeg(leg_id, body) if done else RefuseLeg(leg_id, REFUSED_OUTSIDE)
        self._execute(command, lambda: None, self._finish, leg_id, done)

    def _execute(self, command: Any, then: Any, again: Any, *arguments: Any) -> None:
        def told(_result: Any, error: BaseException | None) -> None:
            if error is None:
                then()
            elif isinstance(error, TemporaryFault):
                self._later(again, *arguments)
            elif not isinstance(error, UnnamedTransition | Refusal):
                self.world.find("long-work", f"{type(command).__name__} failed: {error!r}")

        try:
            self.node.execute(command, told)
        except NodeDown:
            return

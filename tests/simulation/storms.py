"""Faults that come at a time of their own and last a while: drawn ahead, and over when the work is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from common.ids import HQ
from tests.simulation.schedule import SECOND_US

if TYPE_CHECKING:
    from tests.simulation.nodes import SimulatedNode
    from tests.simulation.world import World

JUMP_S_MAX = 30.0


class Storms:
    """Arranges a run's lasting faults."""

    def __init__(self, world: World, seconds: float) -> None:
        self.world, self.random = world, world.faults.random
        arranged: tuple[tuple[str, Callable[[], None]], ...] = (
            ("connection_torn_per_s", self._tear),
            ("partition_per_s", self._partition),
            ("node_crash_per_s", self._crash),
            ("slow_node_per_s", self._slow_node),
            ("slow_link_per_s", self._slow_link),
            ("disk_full_per_s", self._fill_disk),
            ("clock_jump_per_s", self._jump),
            ("left_half_open_per_s", self._leave_half_open),
        )
        for name, storm in arranged:
            rate = getattr(world.faults.rates, name)
            at_s = self.random.expovariate(rate) if rate else seconds
            while at_s < seconds:
                world.schedule.after(int(at_s * SECOND_US), self._strike, name.removesuffix("_per_s"), storm)
                at_s += self.random.expovariate(rate)

    def end(self) -> None:
        """Nothing goes wrong from now on. Connections are made anew: what a corrupted Hello agreed on is void."""
        world = self.world
        world.faults.over = True
        for province in world.provinces:
            world.network.heal(province)
            world.network.tear(province)
        world.network.slow_until_us.clear()
        for node in world.processes:
            node.slow_until_us = 0
            if node.disk_full:
                node.set_disk_full(False)

    def _strike(self, name: str, storm: Callable[[], None]) -> None:
        if not self.world.faults.over:
            self.world.faults.happened(name)
            storm()

    def _province(self) -> str:
        return self.random.choice(self.world.provinces)

    def _process(self) -> SimulatedNode:
        return self.world.process_of(self.random.choice((HQ, *self.world.provinces)))

    def _lasting_us(self) -> int:
        return int(self.random.choice((0.3, 2, 8)) * self.random.random() * SECOND_US)

    def _tear(self) -> None:
        self.world.network.tear(self._province())

    def _leave_half_open(self) -> None:
        self.world.network.leave_half_open(self._province())

    def _tear_of(self, province: str) -> Callable[[], None]:
        return lambda: self.world.network.tear(province)

    def _partition(self) -> None:
        province = self._province()
        self.world.trace(province, "partitioned")
        self.world.network.partition(province)
        self.world.schedule.after(self._lasting_us(), self.world.network.heal, province)

    def _crash(self) -> None:
        self._process().crash()

    def _slow_node(self) -> None:
        """While batches wait for a slow node, its connection may be torn, and they be sent again on the next one."""
        node, lasting_us = self._process(), self._lasting_us()
        node.slow_until_us = self.world.schedule.now_us + lasting_us
        if self.random.random() < 0.6:
            torn = node.node if node.node != HQ else self._province()
            self.world.schedule.after(
                self.random.randrange(1 + lasting_us), self._strike, "connection_torn", self._tear_of(torn)
            )

    def _slow_link(self) -> None:
        until_us = self.world.schedule.now_us + self._lasting_us()
        self.world.network.slow_until_us[self._province()] = until_us

    def _fill_disk(self) -> None:
        node = self._process()
        if not node.disk_full:
            node.set_disk_full(True)
            self.world.schedule.after(self._lasting_us(), self._empty_disk, node)

    def _empty_disk(self, node: SimulatedNode) -> None:
        if node.disk_full:
            node.set_disk_full(False)

    def _jump(self) -> None:
        node = self._process()
        jump_us = int(self.random.uniform(-1, 1) * JUMP_S_MAX * SECOND_US)
        node.clock.skew_us += jump_us
        self.world.set_back_us[node.node] += max(0, -jump_us)
        node.trace(f"clock jumps {jump_us / 1e6:+.3f} s")
